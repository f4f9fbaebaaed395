from conformance.contract.dialects import DIALECTS
from conformance.trace.trace import Direction, Entry, Trace
from conformance.trace.views import View

CREATE, ADDED = "conversation.item.create", "conversation.item.added"


def exchanges(*told):
    """Give {event_id: exchange} of a conversation told as (sent, event)."""
    entries = (
        Entry(number, Direction.CLIENT if sent else Direction.SERVER, 0.0, event, deliberate=event.pop("wrong", False))
        for number, (sent, event) in enumerate(told)
    )
    return {each.sent.text("event_id"): each for each in View(Trace(tuple(entries)), DIALECTS["ga"]).exchanges}


def test_a_nameless_error_is_laid_to_what_was_wrong_on_purpose_and_not_to_what_follows():
    found = exchanges(
        (True, {"type": CREATE, "event_id": "bad", "wrong": True}),
        (True, {"type": CREATE, "event_id": "good"}),
        (False, {"type": "error", "error": {"message": "no item"}}),
        (False, {"type": ADDED, "item": {"id": "i1"}}),
    )

    assert found["bad"].answer is None
    assert found["good"].answer.type == ADDED


def test_what_a_nameless_error_is_suspected_of_may_have_been_accepted_all_the_same():
    found = exchanges(
        (True, {"type": CREATE, "event_id": "bad", "wrong": True}),
        (False, {"type": "error", "error": {"message": "something"}}),
        (False, {"type": ADDED, "item": {"id": "i1"}}),
    )

    assert found["bad"].answer.type == ADDED
