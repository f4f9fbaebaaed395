from datetime import UTC, datetime

from click.testing import CliRunner

from conformance.commands.cli import command
from conformance.report import history
from conformance.report.history import NAME, rates_of, remember

WHEN = datetime(2026, 9, 1, tzinfo=UTC)
LATE, RULE = "delta-follows-its-response", "ordering.response-done-is-last"


def test_what_fails_in_one_run_of_two_comes_and_goes(run):
    for mutant in (None, LATE):
        result = run(mutant)
        remember(result, WHEN)

    (first, *_) = rates_of(result.settings.reports)

    assert (first.name, first.failed, first.runs, first.flaky) == (RULE, 1, 2, True)


def test_what_always_fails_does_not_come_and_go(run):
    for _ in range(3):
        result = run(LATE)
        remember(result, WHEN)

    assert [each for each in rates_of(result.settings.reports) if each.flaky] == []


def test_the_command_tells_the_rates(run):
    for mutant in (None, LATE):
        result = run(mutant)
        remember(result, WHEN)

    done = CliRunner().invoke(command, ["report", "--flaky", str(result.settings.reports)])

    assert done.exit_code == 0
    assert f"   50%  1/2  response/text_turn: {RULE}" in done.output


def test_a_folder_without_history_has_nothing_to_tell(tmp_path):
    assert rates_of(tmp_path) == []
    assert CliRunner().invoke(command, ["report", "--flaky", str(tmp_path)]).output.startswith("0 runs in the history:")


def test_one_run_cannot_be_flaky_and_two_that_are_alike_are_not(run):
    said = []
    for _ in range(2):
        result = run()
        remember(result, WHEN)
        said.append(CliRunner().invoke(command, ["report", "--flaky", str(result.settings.reports)]).output)

    assert said[0].startswith("1 run in the history: what is flaky shows from the second one")
    assert said[1] == "Nothing is flaky in 2 runs.\n"


def test_the_oldest_runs_are_forgotten(run, monkeypatch):
    monkeypatch.setattr(history, "MOST_RUNS", 3)
    for _ in range(5):
        result = run(scenarios=("session/merges",))
        remember(result, WHEN)

    assert len((result.settings.reports / NAME).read_text().splitlines()) == 3


def test_a_line_that_was_cut_is_passed_over(run):
    result = run(scenarios=("session/merges",))
    remember(result, WHEN)
    with (result.settings.reports / NAME).open("a") as file:
        file.write('{"conversations": {"a"')

    assert rates_of(result.settings.reports) == []
