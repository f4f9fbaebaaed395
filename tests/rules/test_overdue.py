"""When it can be said that an answer never came."""

from conformance.contract.dialects import DIALECTS
from conformance.rules.engine.overdue import last_loose_error, overdue
from conformance.trace.trace import Direction, End, EndKind, Entry, Handshake, Trace
from conformance.trace.views import View

CREATE = {"type": "conversation.item.create", "event_id": "c1", "item": {"id": "i1"}}
UPDATE = {"type": "session.update", "event_id": "c2"}
UPDATED = {"type": "session.updated"}
LOOSE = {"type": "error", "error": {"event_id": None}}


def late(*events, end=None, gap=False):
    clients = ("conversation.item.create", "session.update")
    entries = tuple(
        Entry(index, Direction.CLIENT if event["type"] in clients else Direction.SERVER, event=event, gap=gap)
        for index, event in enumerate(events)
    )
    view = View(Trace(entries, "ga", Handshake("wss://example.test/v1/realtime", status=101), end), DIALECTS["ga"])
    return [exchange.sent.index for exchange in overdue(view, "conversation.item.create")]


def test_an_answer_to_a_later_question_makes_the_earlier_overdue():
    assert late(CREATE, UPDATE, UPDATED) == [0]


def test_a_recording_that_just_stops_proves_nothing():
    assert late(CREATE, UPDATE) == []


def test_waiting_in_vain_for_that_very_answer_does():
    awaited = End(EndKind.TIMEOUT, Direction.CLIENT, awaiting="conversation.item.added or error")

    assert late(CREATE, end=awaited) == [0]


def test_waiting_in_vain_for_something_else_does_not():
    assert late(CREATE, end=End(EndKind.TIMEOUT, Direction.CLIENT, awaiting="response.done")) == []


def test_an_error_that_names_nobody_may_have_been_the_answer():
    assert late(CREATE, LOOSE, UPDATE, UPDATED) == []


def test_an_error_before_the_question_was_not():
    assert late(LOOSE, CREATE, UPDATE, UPDATED) == [1]


def test_nothing_is_overdue_where_events_are_missing():
    assert late(CREATE, UPDATE, UPDATED, gap=True) == []


def test_an_error_that_names_its_event_is_not_loose():
    named = {"type": "error", "error": {"event_id": "c1"}}
    entries = (Entry(0, Direction.CLIENT, event=CREATE), Entry(1, Direction.SERVER, event=named))

    assert last_loose_error(View(Trace(entries, "ga"), DIALECTS["ga"])) == -1
