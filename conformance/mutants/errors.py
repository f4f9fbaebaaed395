"""Endpoints that treat the client's mistakes wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.mutants.edits import put, stamp, without
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_after, changing, dropping, ignoring, repeating
from conformance.trace.trace import Event

faults = FaultTable()

DUMP = "1 validation error for SessionUpdate\nsession.type\n  Field required [type=missing, input_value={}]"
STRAY = {
    "type": "invalid_request_error",
    "code": "conversation_already_has_active_response",
    "message": "Conversation already has an active response in progress.",
    "param": None,
    "event_id": None,
}
UNKNOWN = "conversation.item.frobnicate"


def _ending_after(code: str, close: int) -> Fault:
    """Close after the `error` of this code."""

    def ends(event: Event) -> tuple[int, str] | None:
        error = event.get("error") if event.get("type") == "error" else None
        return (close, "") if isinstance(error, dict) and error.get("code") == code else None

    return Fault(ends=ends)


@faults.mutant(killed_by="errors.show-no-internals", during="errors/unknown_type", like="internal-detail-in-error")
def an_error_shows_the_upstream(_dialect: Dialect) -> Fault:
    """The message holds the address of the upstream."""
    message = "dial failed to wss://upstream.internal:8443/v1/realtime"
    return changing(("error",), lambda event: put(event, ("error", "message"), message))


@faults.mutant(killed_by="errors.a-refused-event-has-no-effect", during="items/insert_after_unknown")
def a_refused_item_comes_all_the_same(dialect: Dialect) -> Fault:
    """An item is refused, and announced."""
    stamped = stamp()
    asked: list[Event] = []
    last: list[str] = []

    def receives(event: Event) -> Iterable[Event]:
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

    return Fault(sends=sends, receives=receives)


def _ending_responses(**how: Any) -> Fault:
    """Let an error end the response that is running: `response.done` shows what *how* says."""
    wrong = [False]

    def sends(event: Event) -> Iterable[Event]:
        wrong[0] = wrong[0] or event["type"] == "error"
        if event["type"] == "response.done" and wrong[0]:
            event = {**event, "response": {**event["response"], **how}}
        yield event

    return Fault(sends=sends)


FAILED = {
    "type": "failed",
    "error": {"type": "invalid_request_error", "code": "invalid_value", "message": "Failed."},
}
CANCELLED = {"type": "cancelled", "reason": "client_cancelled"}

# fmt: off
faults.rows(
    ("a-mistake-ends-the-response", "errors.do-not-end-a-response", "errors/during_a_response", "",
     "An error about another event makes the running response fail.",
     lambda _: _ending_responses(status="failed", status_details=FAILED)),
    ("a-mistake-cancels-the-response", "errors.do-not-end-a-response", "errors/during_a_response", "",
     "An error about another event cancels the running response.",
     lambda _: _ending_responses(status="cancelled", status_details=CANCELLED)),
    ("a-refused-second-response-ends-the-first", "response_create.collision-spares-the-running-response",
     "response/collision", "second-response-kills-first-silently",
     "A second `response.create` is refused, and the running response fails.",
     lambda _: _ending_responses(status="failed", status_details=FAILED)),
    ("errors-of-a-kind-of-its-own", "errors.types-are-documented", "errors/unknown_type", "error-type-vendor-specific",
     "Errors are of a kind that nobody documents.",
     lambda _: changing(("error",), lambda event: put(event, ("error", "type"), "oops"))),
    ("a-validators-dump", "errors.messages-are-in-words", "errors/unknown_type", "internal-detail-in-error",
     "The message of an error is what a validator printed.",
     lambda _: changing(("error",), lambda event: put(event, ("error", "message"), DUMP))),
    ("a-stray-error", "errors.are-about-what-was-sent", "response/text_turn", "proxy-injects-response-create",
     "After a response an error speaks of a second one that nobody asked for.",
     lambda _: adding_after("response.done", lambda _event: [{"type": "error", "error": STRAY}])),
    ("an-error-is-a-string", "errors.are-objects-with-a-message", "errors/unknown_type", "error-not-object",
     "`error` is a plain string with a code beside it.",
     lambda _: changing(("error",), lambda event: {**event, "error": "Invalid value.", "code": "invalid_value"})),
    ("an-error-has-no-message", "errors.are-objects-with-a-message", "errors/unknown_type", "",
     "An error has a code and no message.",
     lambda _: changing(("error",), lambda event: without(event, ("error", "message")))),
    ("an-error-names-no-event", "errors.name-the-event-they-refuse", "errors/unknown_type", "error-event-id-not-linked",
     "`error.event_id` is always null.",
     lambda _: changing(("error",), lambda event: put(event, ("error", "event_id"), None))),
    ("a-mistake-ends-the-session", "errors.the-session-goes-on", "errors/unknown_type", "error-fatal-or-not",
     "After the `error` about an unknown type the connection is closed.",
     lambda _: _ending_after("invalid_value", 1011)),
    ("unknown-types-are-passed-over", "errors.unknown-types-are-refused", "errors/unknown_type", "unknown-event-silent",
     "Nothing answers an event of an unknown type.",
     lambda _: ignoring(UNKNOWN)),
    ("events-without-a-type-are-passed-over", "errors.a-missing-type-is-refused", "errors/missing_type", "",
     "Nothing answers an event without a type.",
     lambda _: Fault(receives=lambda event: (event,) if "type" in event else ())),
    ("the-code-is-the-vendors-own", "errors.wrong-types-have-their-codes", "errors/unknown_type", "",
     "An unknown type gets a code that no document knows.",
     lambda _: changing(("error",), lambda event: put(event, ("error", "code"), "unknown_event"))),
    ("malformed-frames-are-passed-over", "errors.garbage-is-refused", "errors/bad_json", "",
     "Nothing answers a frame that is no JSON.",
     lambda _: dropping("error")),
    ("a-malformed-frame-ends-the-session", "errors.garbage-leaves-the-session-open", "errors/bad_json",
     "invalid-json-kills-session",
     "A frame that is no JSON costs the client its session.", lambda _: _ending_after("invalid_json", 1007)),
    ("errors-come-twice", "errors.come-once", "errors/unknown_type", "",
     "Every `error` is sent by two layers.", lambda _: repeating("error")),
)
