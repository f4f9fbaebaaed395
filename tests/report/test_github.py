from pathlib import Path

from conformance.report.github import SUMMARY, annotations_of, summary_of, write_summary
from conformance.report.sentence import sentence_of
from tests.records import record, result

LATE, RULE = "delta-follows-its-response", "ordering.response-done-is-last"


def test_the_summary_begins_with_the_verdict_and_has_a_row_for_a_broken_rule(run):
    result = run(LATE)
    text = summary_of(result)

    assert text.startswith(f"### {sentence_of(result)}".replace("_", r"\_"))
    assert text.count("❌") == 1
    assert f"`{RULE}`" in text
    assert "](https://platform.openai.com/" in text
    assert "reports/again" in text


def test_a_run_without_fault_has_a_summary_without_a_table(run):
    assert "|" not in summary_of(run())


def test_the_summary_is_written_where_github_looks_for_it(run, tmp_path):
    target = tmp_path / "summary.md"

    assert write_summary(run(LATE), {SUMMARY: str(target)})
    assert not write_summary(run(), {})
    assert target.read_text().startswith("### NOT conformant")


def test_an_annotation_stands_at_the_scenario_where_that_lies_in_the_repository(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios/response").mkdir(parents=True)
    (tmp_path / "scenarios/response/two_turns.yaml").touch()

    (line,) = annotations_of(run(LATE), Path("scenarios"))

    assert line.startswith("::error file=scenarios/response/two_turns.yaml,line=1,title=MUST ")
    assert RULE in line


def test_a_should_is_a_warning_unless_that_counts(run):
    def kinds(**how):
        return {
            line.split(" ")[0] for line in annotations_of(run("usage-before-the-response-began", **how), Path("no"))
        }

    assert kinds() == {"::warning"}
    assert kinds(strict=True) == {"::error"}


def test_a_conversation_that_stopped_and_a_promise_that_was_not_kept_have_a_row_each(tmp_path):
    told = result(
        record("a/stops", outcome="stopped", message="Nothing came."),
        record("a/silent", {RULE: "unproven"}, promises=(RULE,)),
    )
    text = summary_of(told)

    assert "| ❌ | `a/stops` did not get through its script | Nothing came. | 1 |" in text
    assert "❔ MUST" in text
    line, _ = annotations_of(told, tmp_path)
    assert line == "::error title=a/stops did not get through its script::Nothing came."


def test_a_table_of_very_many_rows_says_where_the_rest_is(monkeypatch):
    monkeypatch.setattr("conformance.report.github.MOST_ROWS", 1)
    stops = [record(f"a/{number}", outcome="stopped", message=f"Number {number}.") for number in range(3)]

    assert "2 more in report.json" in summary_of(result(*stops))


def test_a_promise_that_was_not_kept_is_an_annotation_of_its_own():
    told = result(record("a/silent", {RULE: "unproven"}, promises=(RULE,)))

    (line,) = annotations_of(told, Path("no"))

    assert line.startswith("::error title=MUST ")
    assert line.endswith("::unproven: no conversation exercised it")
