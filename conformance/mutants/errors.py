"""Endpoints that treat the client's mistakes wrongly."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.contract.dialect import Dialect, Event
from conformance.mutants.changes import changing, repeating, stamp
from conformance.mutants.edits import put, without
from conformance.mutants.mutant import Fault, FaultTable

faults = FaultTable()

UNKNOWN = "conversation.item.frobnicate"


def _ending_after(code: str, close: int) -> Fault:
    """Close after the `error` of this code."""

    def ends(event: Event) -> tuple[int, str] | None:
        error = event.get("error") if event.get("type") == "error" else None
        return (close, "") if isinstance(error, dict) and error.get("code") == code else None

    return Fault(ends=ends)


@faults.mutant(killed_by="errors.are-objects-with-a-message", during="errors/unknown_type", like="error-not-object")
def an_error_is_a_string(_dialect: Dialect) -> Fault:
    """`error` is a plain string with a code beside it."""
    return changing(("error",), lambda event: {**event, "error": "Invalid value.", "code": "invalid_value"})


@faults.mutant(killed_by="errors.are-objects-with-a-message", during="errors/unknown_type")
def an_error_has_no_message(_dialect: Dialect) -> Fault:
    """An error has a code and no message."""
    return changing(("error",), lambda event: without(event, ("error", "message")))


@faults.mutant(killed_by="errors.show-no-internals", during="errors/unknown_type", like="internal-detail-in-error")
def an_error_shows_the_upstream(_dialect: Dialect) -> Fault:
    """The message holds the address of the upstream."""
    message = "dial failed to wss://upstream.internal:8443/v1/realtime"
    return changing(("error",), lambda event: put(event, ("error", "message"), message))


@faults.mutant(
    killed_by="errors.name-the-event-they-refuse",
    during="errors/unknown_type",
    like="error-event-id-not-linked",
)
def an_error_names_no_event(_dialect: Dialect) -> Fault:
    """`error.event_id` is always null."""
    return changing(("error",), lambda event: put(event, ("error", "event_id"), None))


@faults.mutant(killed_by="errors.the-session-goes-on", during="errors/unknown_type", like="error-fatal-or-not")
def a_mistake_ends_the_session(_dialect: Dialect) -> Fault:
    """After the `error` about an unknown type the connection is closed."""
    return _ending_after("invalid_value", 1011)


@faults.mutant(killed_by="errors.unknown-types-are-refused", during="errors/unknown_type", like="unknown-event-silent")
def unknown_types_are_passed_over(_dialect: Dialect) -> Fault:
    """Nothing answers an event of an unknown type."""
    return Fault(hears=lambda event: () if event.get("type") == UNKNOWN else (event,))


@faults.mutant(killed_by="errors.a-missing-type-is-refused", during="errors/missing_type")
def events_without_a_type_are_passed_over(_dialect: Dialect) -> Fault:
    """Nothing answers an event without a type."""
    return Fault(hears=lambda event: (event,) if "type" in event else ())


@faults.mutant(killed_by="errors.wrong-types-have-their-codes", during="errors/unknown_type")
def the_code_is_the_vendors_own(_dialect: Dialect) -> Fault:
    """An unknown type gets a code that no document knows."""
    return changing(("error",), lambda event: put(event, ("error", "code"), "unknown_event"))


@faults.mutant(killed_by="errors.garbage-is-refused", during="errors/bad_json")
def malformed_frames_are_passed_over(_dialect: Dialect) -> Fault:
    """Nothing answers a frame that is no JSON."""
    return Fault(sends=lambda event: () if event["type"] == "error" else (event,))


@faults.mutant(
    killed_by="errors.garbage-leaves-the-session-open",
    during="errors/bad_json",
    like="invalid-json-kills-session",
)
def a_malformed_frame_ends_the_session(_dialect: Dialect) -> Fault:
    """A frame that is no JSON costs the client its session."""
    return _ending_after("invalid_json", 1007)


@faults.mutant(killed_by="errors.a-refused-event-has-no-effect", during="items/insert_after_unknown")
def a_refused_item_comes_all_the_same(dialect: Dialect) -> Fault:
    """An item is refused, and announced."""
    stamped = stamp()
    asked: list[Event] = []
    last: list[str] = []

    def hears(event: Event) -> Iterable[Event]:
        asked[:] = [event]
        yield event

    def sends(event: Event) -> Iterable[Event]:
        yield event
        if event["type"] == "conversation.item.added":
            last[:] = [event["item"]["id"]]
        if event["type"] == "error" and asked and isinstance(asked[0].get("item"), dict):
            item = {**asked[0]["item"], "status": "completed"}
            kinds = {"conversation.item.added", "conversation.item.done"} & dialect.canonical_server_events
            for kind in sorted(kinds):
                yield stamped({"type": kind, "previous_item_id": last[0] if last else None, "item": item})

    return Fault(sends=sends, hears=hears)


@faults.mutant(killed_by="errors.come-once", during="errors/unknown_type")
def errors_come_twice(_dialect: Dialect) -> Fault:
    """Every `error` is sent by two layers."""
    return repeating("error")


@faults.mutant(killed_by="errors.do-not-end-a-response", during="errors/during_a_response")
def a_mistake_ends_the_response(_dialect: Dialect) -> Fault:
    """An error about another event makes the running response fail."""
    wrong = [False]
    error = {"type": "server_error", "code": "server_error", "message": "Failed."}

    def sends(event: Event) -> Iterable[Event]:
        wrong[0] = wrong[0] or event["type"] == "error"
        if event["type"] == "response.done" and wrong[0]:
            details = {"type": "failed", "error": error}
            event = {
                **event,
                "response": {**event["response"], "status": "failed", "status_details": details},
            }
        yield event

    return Fault(sends=sends)
