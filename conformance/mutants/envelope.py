"""Endpoints whose frames are wrong, whatever they say."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from conformance.contract.dialect import Dialect, Event
from conformance.mutants.changes import adding_after, adding_before, changing, setting
from conformance.mutants.edits import lacking, putting
from conformance.mutants.mutant import Fault, FaultTable

faults = FaultTable()

LIMITS = "rate_limits.updated"


def _framing(kind: str, frame: str | bytes) -> Fault:
    """Put *frame* in the place of every event of this type."""
    return Fault(frames=lambda event: frame if event.get("type") == kind else orjson.dumps(event).decode())


@faults.mutant(killed_by="envelope.frames-are-text", during="response/two_turns")
def a_frame_is_binary(_dialect: Dialect) -> Fault:
    """One event comes as a binary frame."""
    return _framing(LIMITS, b"\x00\x01")


@faults.mutant(killed_by="envelope.frames-hold-one-object", during="response/two_turns")
def a_frame_holds_an_array(_dialect: Dialect) -> Fault:
    """One event comes wrapped in an array."""
    return _framing(LIMITS, '[{"type": "rate_limits.updated"}]')


@faults.mutant(killed_by="envelope.events-have-a-type", during="response/two_turns")
def a_type_is_missing(_dialect: Dialect) -> Fault:
    """One event comes without its type."""
    return _framing(LIMITS, '{"event_id": "event_untyped", "rate_limits": []}')


@faults.mutant(killed_by="envelope.events-have-an-id", during="session/defaults", like="event-id-missing")
def events_have_no_id(_dialect: Dialect) -> Fault:
    """No event carries an id."""

    def sends(event: Event) -> Iterable[Event]:
        yield {key: value for key, value in event.items() if key != "event_id"}

    return Fault(sends=sends)


@faults.mutant(killed_by="envelope.errors-have-an-id", during="errors/unknown_type")
def errors_have_no_id(_dialect: Dialect) -> Fault:
    """The id of an `error` is null, as seen at Azure."""
    return setting("error", event_id=None)


@faults.mutant(killed_by="envelope.event-ids-are-unique", during="session/defaults", like="event-id-constant")
def every_event_has_the_same_id(_dialect: Dialect) -> Fault:
    """A literal is left in the code where an id should be made."""
    return Fault(sends=lambda event: ({**event, "event_id": "event_TODO"},))


@faults.mutant(killed_by="envelope.event-ids-are-its-own", during="items/keeps_ids", like="event-id-echoes-client")
def an_acknowledgement_takes_the_clients_id(_dialect: Dialect) -> Fault:
    """The announcement of an item carries the event id of the client's request."""
    last = [""]

    def hears(event: Event) -> Iterable[Event]:
        last[0] = event.get("event_id") or ""
        yield event

    def sends(event: Event) -> Iterable[Event]:
        yield {**event, "event_id": last[0]} if event["type"] == "conversation.item.added" else event

    return Fault(sends=sends, hears=hears)


@faults.mutant(killed_by="envelope.fits-its-schema", during="session/defaults", like="session-created-flat")
def the_session_is_missing(_dialect: Dialect) -> Fault:
    """`session.created` has an id and a date, and no session."""
    return changing(
        ("session.created",),
        lambda event: {"type": event["type"], "event_id": event["event_id"], "id": "sess_1", "created": 1},
    )


@faults.mutant(killed_by="envelope.fits-its-schema", during="items/keeps_ids", like="item-status-invalid-enum")
def an_item_has_an_unknown_status(_dialect: Dialect) -> Fault:
    """An item is announced with a status that no document knows."""
    return putting("conversation.item.added", ("item", "status"), "cancelled")


@faults.mutant(killed_by="envelope.fits-its-schema", during="response/two_turns")
def a_rate_limit_has_an_unknown_name(_dialect: Dialect) -> Fault:
    """The rate limits are named as the vendor likes."""
    return setting(LIMITS, rate_limits=[{"name": "bytes", "limit": 5, "remaining": 5, "reset_seconds": 0}])


@faults.mutant(
    killed_by="envelope.has-the-fields-clients-need",
    during="response/text_turn",
    like="response-missing-status-details",
)
def a_response_begins_without_its_details(_dialect: Dialect) -> Fault:
    """`response.created` leaves out `status_details`, which silences a whole bot framework."""
    return lacking(("response.created",), ("response", "status_details"))


@faults.mutant(killed_by="envelope.speaks-one-revision", during="items/keeps_ids", like="legacy-event-alongside-ga")
def the_other_revisions_event_comes_as_well(dialect: Dialect) -> Fault:
    """An item is announced in the words of both revisions."""
    own = dialect.wire_name("conversation.item.added")
    other = "conversation.item.created" if own == "conversation.item.added" else "conversation.item.done"
    return adding_after("conversation.item.added", lambda event: [{**event, "type": other}])


@faults.mutant(killed_by="envelope.types-are-documented", during="session/defaults", like="wire-name-not-in-spec")
def a_vendors_event_comes_as_well(_dialect: Dialect) -> Fault:
    """The vendor pings in the application."""
    return adding_before("session.updated", lambda _event: [{"type": "ping"}])


@faults.mutant(killed_by="envelope.ids-begin-as-usual", during="session/defaults", like="id-prefix-wrong")
def ids_have_no_prefix(_dialect: Dialect) -> Fault:
    """Event ids are bare."""
    return Fault(sends=lambda event: ({**event, "event_id": event["event_id"].removeprefix("event_")},))
