"""Endpoints whose frames are wrong, whatever they say."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from conformance.contract.dialect import Dialect
from conformance.mutants.edits import picked
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_after, adding_before, changing, lacking, putting, setting
from conformance.trace.trace import Event

faults = FaultTable()

LIMITS = "rate_limits.updated"


def _framing(kind: str, frame: str | bytes) -> Fault:
    """Put *frame* in the place of every event of this type."""
    return Fault(frames=lambda event: frame if event.get("type") == kind else orjson.dumps(event).decode())


@faults.mutant(killed_by="envelope.events-have-an-id", during="session/defaults", like="event-id-missing")
def events_have_no_id(_dialect: Dialect) -> Fault:
    """No event carries an id."""

    def sends(event: Event) -> Iterable[Event]:
        yield {key: value for key, value in event.items() if key != "event_id"}

    return Fault(sends=sends)


@faults.mutant(killed_by="envelope.event-ids-are-its-own", during="items/keeps_ids", like="event-id-echoes-client")
def an_acknowledgement_takes_the_clients_id(_dialect: Dialect) -> Fault:
    """The announcement of an item carries the event id of the client's request."""
    last = [""]

    def receives(event: Event) -> Iterable[Event]:
        last[0] = event.get("event_id") or ""
        yield event

    def sends(event: Event) -> Iterable[Event]:
        yield {**event, "event_id": last[0]} if event["type"] == "conversation.item.added" else event

    return Fault(sends=sends, receives=receives)


@faults.mutant(killed_by="envelope.speaks-one-revision", during="items/keeps_ids", like="legacy-event-alongside-ga")
def the_other_revisions_event_comes_as_well(dialect: Dialect) -> Fault:
    """An item is announced in the words of both revisions."""
    own = dialect.wire_name("conversation.item.added")
    other = "conversation.item.created" if own == "conversation.item.added" else "conversation.item.done"
    return adding_after("conversation.item.added", lambda event: [{**event, "type": other}])


# fmt: off
faults.rows(
    ("a-frame-is-binary", "envelope.frames-are-text", "response/two_turns", "",
     "One event comes as a binary frame.", lambda _: _framing(LIMITS, b"\x00\x01")),
    ("a-frame-holds-an-array", "envelope.frames-hold-one-object", "response/two_turns", "",
     "One event comes wrapped in an array.", lambda _: _framing(LIMITS, '[{"type": "rate_limits.updated"}]')),
    ("a-type-is-missing", "envelope.events-have-a-type", "response/two_turns", "",
     "One event comes without its type.",
     lambda _: _framing(LIMITS, '{"event_id": "event_untyped", "rate_limits": []}')),
    ("errors-have-no-id", "envelope.errors-have-an-id", "errors/unknown_type", "",
     "The id of an `error` is null, as seen at Azure.", lambda _: setting("error", event_id=None)),
    ("every-event-has-the-same-id", "envelope.event-ids-are-unique", "session/defaults", "event-id-constant",
     "A literal is left in the code where an id should be made.",
     lambda _: Fault(sends=lambda event: ({**event, "event_id": "event_TODO"},))),
    ("the-session-is-missing", "envelope.fits-its-schema", "session/defaults", "session-created-flat",
     "`session.created` has an id and a date, and no session.",
     lambda _: changing(("session.created",), lambda event: {**picked(event, "type", "event_id"), "id": "sess_1"})),
    ("an-item-has-an-unknown-status", "envelope.fits-its-schema", "items/keeps_ids", "item-status-invalid-enum",
     "An item is announced with a status that no document knows.",
     lambda _: putting("conversation.item.added", ("item", "status"), "cancelled")),
    ("an-optional-field-is-null", "envelope.optional-fields-are-not-null", "items/keeps_ids", "",
     "An item is announced with null where its status would stand.",
     lambda _: putting("conversation.item.added", ("item", "status"), None)),
    ("a-rate-limit-has-an-unknown-name", "envelope.fits-its-schema", "response/two_turns", "",
     "The rate limits are named as the vendor likes.",
     lambda _: setting(LIMITS, rate_limits=[{"name": "bytes", "limit": 5, "remaining": 5, "reset_seconds": 0}])),
    ("a-response-begins-without-its-details", "envelope.has-the-fields-clients-need", "response/text_turn",
     "response-missing-status-details",
     "`response.created` leaves out `status_details`, which silences a whole bot framework.",
     lambda _: lacking(("response.created",), ("response", "status_details"))),
    ("a-vendors-event-comes-as-well", "envelope.types-are-documented", "session/defaults", "wire-name-not-in-spec",
     "The vendor pings in the application.",
     lambda _: adding_before("session.updated", lambda _event: [{"type": "ping"}])),
    ("ids-have-no-prefix", "envelope.ids-begin-as-usual", "session/defaults", "id-prefix-wrong",
     "Event ids are bare.",
     lambda _: Fault(sends=lambda event: ({**event, "event_id": event["event_id"].removeprefix("event_")},))),
)
