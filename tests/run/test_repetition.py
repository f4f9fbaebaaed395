"""A run does not repeat what only costs patience."""

import pytest

from conformance.play.player import Conversation, Outcome
from conformance.play.target import Patience
from conformance.run.repetition import ENOUGH, Repetition
from conformance.scenario.model import Scenario
from conformance.trace.trace import Direction, End, EndKind, Entry, Trace

SCENARIO = Scenario(id="x", title="x", steps=())
ANSWERED = Trace(
    (
        Entry(0, Direction.SERVER, event={"type": "session.created"}),
        Entry(1, Direction.CLIENT, event={"type": "session.update"}),
        Entry(2, Direction.SERVER, event={"type": "session.updated"}),
    )
)
OPENED = Trace(ANSWERED.entries[:1])
TIMED_OUT = Trace(OPENED.entries, end=End(EndKind.TIMEOUT, Direction.CLIENT))

SILENT = Conversation(SCENARIO, "", (OPENED,), Outcome.INCONCLUSIVE, silent=True)
PLAYED = Conversation(SCENARIO, "", (ANSWERED,), Outcome.PLAYED)
REFUSED = Conversation(SCENARIO, "", (OPENED,), Outcome.PLAYED)
LATE = Conversation(SCENARIO, "", (TIMED_OUT,), Outcome.STOPPED, "session.updated never came")
OTHER = Conversation(SCENARIO, "", (TIMED_OUT,), Outcome.STOPPED, "response.done never came")


def after(*conversations):
    repetition = Repetition()
    for each in conversations:
        repetition.note(each)
    return repetition.reason


@pytest.mark.parametrize("stop", [SILENT, LATE])
def test_enough_of_the_same_wait_in_a_row_ends_it(stop):
    assert after(*[stop] * (ENOUGH - 1)) == ""
    assert f"{ENOUGH} conversations in a row" in after(*[stop] * ENOUGH)


def test_an_answer_in_between_begins_the_row_anew():
    assert after(*[SILENT] * (ENOUGH - 1), PLAYED, SILENT) == ""


def test_a_conversation_that_asked_for_nothing_says_nothing():
    assert after(*[SILENT] * (ENOUGH - 1), REFUSED, SILENT) != ""


def test_different_waits_are_no_row():
    assert after(*[LATE, OTHER] * ENOUGH) == ""


def test_patience_grows_with_what_was_seen_and_not_without_bounds():
    usual = Patience(answer=20.0, conversation=180.0)

    assert usual.grown(8.0) == usual
    assert usual.grown(25.0).answer == 50.0
    assert usual.grown(25.0).conversation == 450.0
    assert usual.grown(500.0).answer == 120.0
    assert Patience(answer=20.0, chosen=True).grown(25.0).answer == 20.0


def flood(told):
    return Conversation(SCENARIO, "", (ANSWERED,), Outcome.ENVIRONMENT, told, beyond=True)


MUCH = flood("the endpoint sent more than 8,388,608 bytes (--max-received)")
MUCH_AT_ONCE = flood("the endpoint sent more than 33,554,432 bytes on all open connections (--sessions=N)")


def test_a_flood_that_ends_at_a_bound_again_and_again_ends_it():
    assert after(*[MUCH] * (ENOUGH - 1), PLAYED, MUCH) == ""
    assert "--max-received" in after(*[MUCH] * ENOUGH)


def test_it_is_one_flood_whichever_bound_it_meets_first():
    assert "--max-received" in after(*[MUCH_AT_ONCE, MUCH] * (ENOUGH // 2))
