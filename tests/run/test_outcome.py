from pathlib import Path

import pytest

from conformance.run.outcome import Ending, ExitStatus, RunOutcome, status_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "exit-statuses.md"
FINISHED, NOBODY = Ending(), Ending(unreachable="no session")


@pytest.mark.parametrize(
    ("outcome", "ending", "status"),
    [
        (RunOutcome.CONFORMANT, FINISHED, ExitStatus.CLEAN),
        (RunOutcome.NO_REGRESSION, FINISHED, ExitStatus.CLEAN),
        (RunOutcome.NOT_CONFORMANT, FINISHED, ExitStatus.BROKEN),
        (RunOutcome.NOT_PROVED, FINISHED, ExitStatus.BROKEN),
        (RunOutcome.NOTHING_JUDGED, FINISHED, ExitStatus.NOTHING),
        (RunOutcome.INCOMPLETE, Ending(selection=True), ExitStatus.CLEAN),
        (RunOutcome.INCOMPLETE, Ending(exhausted="--max-time=1"), ExitStatus.BUDGET),
        (RunOutcome.NOTHING_JUDGED, Ending(exhausted="--max-time=1"), ExitStatus.BUDGET),
        (RunOutcome.NOT_CONFORMANT, Ending(exhausted="--max-time=1"), ExitStatus.BROKEN),
        (RunOutcome.NOT_CONFORMANT, Ending(crashed=True), ExitStatus.INTERNAL),
        (RunOutcome.NOT_CONFORMANT, Ending(misused=True, interrupted=True), ExitStatus.MISUSED),
        (RunOutcome.INCOMPLETE, Ending(interrupted=True, crashed=True), ExitStatus.INTERRUPTED),
        (RunOutcome.NOTHING_JUDGED, NOBODY, ExitStatus.UNREACHABLE),
        (RunOutcome.CONFORMANT, Ending(others_failed=True), ExitStatus.BROKEN),
        (RunOutcome.NOT_CONFORMANT, Ending(internal=True), ExitStatus.INTERNAL),
    ],
)
def test_of_several_reasons_the_most_urgent_gives_the_status(outcome, ending, status):
    assert status_of(outcome, ending) is status


def test_every_outcome_has_a_status():
    assert {status_of(outcome, FINISHED) for outcome in RunOutcome} <= set(ExitStatus)


ENDINGS = {
    "ended by itself": Ending(),
    "a selection": Ending(selection=True),
    "interrupted": Ending(interrupted=True),
    "a budget": Ending(exhausted="--max-time=1"),
    "a broken scenario": Ending(misused=True),
}


def rows():
    """Return the table of outcomes by endings in the document: (outcome, ending, statuses)."""
    table = [line.strip("| ").split(" | ") for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if "|" in line]
    header = next(row for row in table if row[1:2] == ["ended by itself"])
    for row in table[table.index(header) + 2 :]:
        for ending, cell in zip(header[1:], row[1:], strict=True):
            if cell != "-":
                yield row[0], ending, cell


@pytest.mark.parametrize(("outcome", "ending", "told"), [*rows()])
def test_the_document_says_which_status_an_outcome_has_however_the_run_ended(outcome, ending, told):
    assert str(int(status_of(RunOutcome(outcome), ENDINGS[ending]))) in told
