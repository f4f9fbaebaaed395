from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
from click.testing import CliRunner

from conformance.commands.cli import command
from conformance.errors import UsageError
from conformance.relay.side import Side, with_side
from conformance.report.comparison import compare, spoken
from conformance.report.files import write_files
from conformance.report.markdown import comparison_markdown, plain
from conformance.report.matrix import matrix_html, matrix_markdown, matrix_of
from conformance.report.saved_report import read_report
from conformance.trace.jsonl import dump
from conformance.trace.trace import Direction, Entry, Trace
from tests.report.hostile_text import HOSTILE, active_in, mangled

LATE, RULE = "delta-follows-its-response", "ordering.response-done-is-last"
WHEN = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def saved(run, tmp_path):
    """Return `saved(name, mutant) -> the report as it lies on the disk`."""

    def make(name, mutant=None, **how):
        result = run(mutant, **how)
        write_files(result, WHEN)
        folder = tmp_path / name
        result.settings.reports.rename(folder)
        return read_report(folder)

    return make


def test_a_fault_that_is_new_is_a_regression(saved):
    found = compare(saved("before"), saved("after", LATE))

    assert [each.name for each in found.broken] == [RULE]
    assert found.regression


def test_a_fault_where_the_first_run_did_not_look_is_told_and_not_called_worse(saved):
    before, after = saved("before", scenarios=("session/merges",)), saved("after", LATE)
    found = compare(before, after)

    assert (found.broken, [each.name for each in found.met]) == ((), [RULE])
    assert found.regression
    told = comparison_markdown(before, after, found)
    assert "### Nothing got worse, 1 broken that the first run did not judge, 0 fixed" in told
    assert "#### Broken, and not judged before" in told


def test_a_fault_that_is_gone_is_none(saved):
    found = compare(saved("before", LATE), saved("after"))

    assert [each.name for each in found.fixed] == [RULE]
    assert not found.regression


def test_two_plays_of_one_endpoint_do_not_differ(saved):
    found = compare(saved("before"), saved("after"))

    assert (found.broken, found.unproven, found.stopped, found.order, found.tokens) == ((), (), (), (), ())


def test_another_order_of_events_is_told_though_no_rule_speaks_of_it(saved):
    found = compare(saved("before"), saved("after", LATE))

    assert found.order[0].name == "response/text_turn"
    assert "response.output_text.delta after response.done" in found.order[0].after


def test_a_conversation_that_stops_is_a_regression(saved):
    found = compare(saved("before"), saved("after", "create-is-ignored"))

    assert found.stopped
    assert found.regression


def changed(report, **told):
    """Return a saved report that says something else."""
    return replace(report, data={**report.data, **told})


def with_outcome(report, outcome, message):
    """Return a saved report of whose conversations the first came to something else."""
    first, *others = report.data["conversations"]
    return changed(report, conversations=[{**first, "outcome": outcome, "message": message}, *others])


@pytest.mark.parametrize("outcome", ["environment", "not run", "inconclusive", "error"])
def test_a_conversation_that_was_not_judged_this_time_is_told_and_blames_nobody(saved, outcome):
    before = saved("before")
    after = with_outcome(before, outcome, "HTTP 429")
    found = compare(before, after)
    text = comparison_markdown(before, after, found)

    assert not found.regression
    assert "#### Not judged this time" in text
    assert f"| `response/text_turn` | played | {outcome}: HTTP 429 |" in text


def test_a_rule_that_a_part_of_the_suite_does_not_exercise_is_no_worse(saved):
    before = saved("before")
    gone = [{**each, "verdict": "not run"} for each in before.data["rules"]]

    assert compare(before, changed(before, rules=gone, partial=False)).regression
    assert not compare(before, changed(before, rules=gone, partial=True)).regression


def test_a_run_that_judged_nothing_cannot_be_compared_and_is_no_success(saved):
    before = saved("before")
    after = changed(before, outcome="nothing judged", rules=[], conversations=[])
    found = compare(before, after)

    assert found.regression
    assert comparison_markdown(before, after, found).startswith(
        "### Nothing can be compared: the second run judged nothing"
    )


def test_conversations_that_differ_in_the_same_way_are_one_row(saved):
    before, after = saved("before"), saved("after", LATE)
    rows = comparison_markdown(before, after, compare(before, after)).partition("#### Different events")[2]

    assert rows.count("session.updated after response.done | response.output") == 1


def test_ids_words_and_numbers_of_deltas_are_no_order():
    def said(*kinds):
        return Trace(tuple(Entry(at, Direction.SERVER, event={"type": kind}) for at, kind in enumerate(kinds)))

    delta = "response.output_text.delta"
    assert spoken(said("a", delta, "rate_limits.updated", delta, "b")) == spoken(said("a", delta, "b"))


def test_the_command_prints_markdown_and_fails_on_a_regression(saved, tmp_path):
    saved("before"), saved("after", LATE)

    worse = CliRunner().invoke(command, ["compare", str(tmp_path / "before"), str(tmp_path / "after")])
    better = CliRunner().invoke(command, ["compare", str(tmp_path / "after/report.json"), str(tmp_path / "before")])

    assert (worse.exit_code, better.exit_code) == (1, 0)
    assert "#### Newly broken" in worse.output
    assert f"| `{RULE}` | pass | fail |" in worse.output
    assert "### Nothing got worse, 1 fixed" in better.output


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "x", "version": 1}', "null"])
def test_what_is_no_report_is_said_so(tmp_path, text):
    (tmp_path / "report.json").write_text(text)

    with pytest.raises(UsageError, match=r"report\.json|its format is x 1"):
        read_report(tmp_path)


def test_a_matrix_has_a_row_for_each_endpoint_and_leads_to_the_evidence(saved, tmp_path):
    reports = [saved("good"), saved("bad", LATE)]

    page, text = matrix_html(reports, tmp_path), matrix_markdown(reports, tmp_path)

    assert 'href="good/index.html"' in page
    assert 'href="bad/index.html"' in page
    assert "(bad/index.html)" in text
    assert "❌" in text.splitlines()[3]
    assert "❌" not in text.splitlines()[2]
    assert "this version" in text


def test_a_sign_and_the_numbers_beside_it_agree_and_are_explained(saved, tmp_path):
    report = saved("gone", "items-are-renamed", scenarios=("response/text_turn",))
    cells = matrix_of([report], tmp_path)[1][0].cells.values()
    text, page = matrix_markdown([report], tmp_path), matrix_html([report], tmp_path)

    for cell in cells:
        proved, _, told = cell.words.partition("/")
        assert (cell.verdict in ("pass", "")) == (proved == told or cell.words == "–"), cell
    assert "the sign is of the gravest: ❌ a MUST is broken" in text
    assert "✗ a MUST is broken" in page


def test_the_matrix_command_writes_a_page(saved, tmp_path):
    saved("good")

    done = CliRunner().invoke(command, ["matrix", str(tmp_path / "good"), "-o", str(tmp_path / "matrix.html")])

    assert done.exit_code == 0
    assert (tmp_path / "matrix.html").read_text().startswith("<!doctype html>")


def test_an_older_version_is_told_as_such(saved, tmp_path):
    report = saved("old")
    data = orjson.loads((tmp_path / "old/report.json").read_bytes())
    data["tool"] |= {"version": "0.0.1", "rules": "sha256:0"}
    (tmp_path / "old/report.json").write_bytes(orjson.dumps(data))

    assert "version 0.0.1" in matrix_markdown([read_report(report.path)], tmp_path)


def test_nothing_hostile_acts_in_markdown_or_matrix(saved, tmp_path):
    before, after = saved("before"), saved("after", mangle=mangled, message=HOSTILE)

    assert active_in(comparison_markdown(before, after, compare(before, after))) == []
    assert active_in(matrix_html([after], tmp_path)) == []
    assert active_in(matrix_markdown([after], tmp_path)) == []


def test_text_cannot_leave_its_cell():
    assert plain("a|b\nc`d`<x>") == r"a\|b c\`d\`&lt;x&gt;"


def relayed(saved, name, delay, kinds=()):
    """Return a saved report with one conversation through a gateway that was late by *delay* seconds."""
    report = saved(name)
    said = [Entry(0, Direction.CLIENT, at=0.0, event={"type": "session.update"})]
    said += [Entry(len(said) + n, Direction.CLIENT, at=0.0, event={"type": kind}) for n, kind in enumerate(kinds)]
    late = [
        Entry(n, Direction.SERVER, at=n / 10, event={"type": "response.output_text.delta", "event_id": f"e{n}"})
        for n in range(9)
    ]
    upstream = with_side(Trace((*said, *(replace(each, index=each.index + len(said)) for each in late))), PACED)
    client = with_side(Trace(tuple(replace(each, at=each.at + delay) for each in late)), Side(opened=0.0))
    (report.path / "traces" / "relay").mkdir()
    names = [f"traces/relay/text_turn{side}.jsonl" for side in ("", ".upstream")]
    for path, trace in zip(names, (client, upstream), strict=True):
        dump(trace, report.path / path)
    told = {**report.data["conversations"][0], "conversation": "relay/text_turn"}
    told |= {"traces": names[:1], "upstream_traces": names[1:]}
    return replace(report, data={**report.data, "conversations": [told]})


PACED = Side(opened=0.0, paced=0.1)


def test_what_a_gateway_adds_and_what_it_says_upstream_is_compared(saved):
    before = relayed(saved, "before", 0.01)
    after = relayed(saved, "after", 0.21, ["response.create"])

    found = compare(before, after)

    assert [each.name for each in found.latency][:1] == ["added by the gateway p50"]
    assert found.latency[0].after.startswith("210 ms")
    assert [(each.name, each.after) for each in found.order] == [
        ("relay/text_turn at the upstream", "response.create after session.update")
    ]
