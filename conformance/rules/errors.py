"""Errors: what they look like, whom they blame, and that the session goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.rules.engine.overdue import is_due, last_loose_error
from conformance.rules.engine.rule import (
    END_BY_SERVER,
    GUIDE,
    HELD,
    SERVER_EVENTS,
    STRANGE_EVENT,
    Chapter,
    Finding,
    Judged,
)
from conformance.rules.input_audio.append_commit import hung_up_on_too_much
from conformance.trace.exchanges import Exchange
from conformance.trace.frames import Frame, quoted, string
from conformance.trace.lens import gathered, lens
from conformance.trace.trace import Direction, EndKind, FrameKind
from conformance.trace.views import View

rules = Chapter("errors")

SPEC = SERVER_EVENTS + "error"
GUIDE_ERRORS = GUIDE + "realtime-conversations#handling-errors"
#: Errors after which no session can go on.
FATAL = frozenset(
    {
        "session_expired",
        "beta_api_shape_disabled",
        "invalid_api_key",
        "invalid_model",
        "missing_model",
        "model_not_found",
        "insufficient_quota",
        "rate_limit_exceeded",
    }
)
#: What an error's message must not show: addresses inside a network, paths, stack traces.
INTERNALS = re.compile(
    r"wss?://|Traceback \(most recent|site-packages|/(?:usr|home|var|root|opt|app)/[\w./-]+"
    r"|\.py\b.{0,12}line \d"
    r"|\blocalhost\b|\b(?:10|127)\.\d+\.\d+\.\d+\b|\b192\.168\.\d+\.\d+\b|goroutine \d+"
)
#: How many of the last frames an `error` may be among to explain the close after them.
LAST_WORDS = 4


def _error(frame: Frame) -> Any:
    return frame.event.get("error")


def _code(frame: Frame) -> str:
    return string(frame.part("error").get("code")) or ""


@rules.must("errors.are-objects-with-a-message", about={"error"}, covers=("ERR-01",), spec=SPEC)
def are_objects_with_a_message(view: View) -> Judged:
    """An `error` holds an object with the strings `type` and `message`; the rest are strings or null."""
    for frame in view.server("error"):
        if not frame.whole:
            continue
        error, wrong = _error(frame), _wrong_field(_error(frame))
        if wrong is None:
            yield HELD
        else:
            actual = quoted(error.get(wrong or "", "absent") if isinstance(error, dict) else error, 80)
            message = f"The error's `{wrong}` is not as documented." if wrong else "The error is no object."
            yield Finding(frame.index, message, "a string", actual, f"/error/{wrong}" if wrong else "/error")


def _wrong_field(error: Any) -> str | None:
    """Name the first field that is wrong; empty for the object itself, None if all is well."""
    if not isinstance(error, dict):
        return ""
    for name in ("type", "message"):
        if not isinstance(error.get(name), str) or not error[name]:
            return name
    for name in ("code", "param", "event_id"):
        if not isinstance(error.get(name), str | None):
            return name
    return None


@rules.should("errors.show-no-internals", about={"error"}, covers=("ERR-01",), spec=GUIDE + "error-codes")
def show_no_internals(view: View) -> Judged:
    """An error's message is for the client: no stack trace, no path and no address inside the network."""
    for frame in view.server("error"):
        message = string(frame.part("error").get("message"))
        if message is None:
            continue
        leak = INTERNALS.search(message)
        if leak is None:
            yield HELD
        else:
            yield Finding(
                frame.index, "The message shows internals.", "a message for people", leak[0], "/error/message"
            )


@rules.should(
    "errors.name-the-event-they-refuse",
    about={"error"},
    covers=("ERR-02",),
    spec=SPEC,
    relaxed="Official endpoints refuse a deletion without naming it: that is not judged.",
)
def name_the_event_they_refuse(view: View) -> Judged:
    """`error.event_id` is the `event_id` of the client's event that is refused; null only if it had none."""
    if view.partial or view.one_sided:
        return
    sent = {name for frame in view.said if (name := frame.text("event_id"))}
    unblamed = iter([each.sent for each in view.exchanges if _may_be_blamed(each)])
    suspect = next(unblamed, None)
    for frame in view.server("error"):
        if not frame.whole or not isinstance(_error(frame), dict):
            continue
        named = frame.part("error").get("event_id")
        if frame.index in view.blamed:
            yield HELD
        elif isinstance(named, str):
            why = "was answered before" if named in sent else "the client never sent"
            message = f"The error names {named or 'an empty id'}, which {why}."
            yield Finding(frame.index, message, "an event_id of the client", named, "/error/event_id")
        elif frame.index in view.attributed and not _may_be_blamed(view.attributed[frame.index]):
            continue
        elif named is None and suspect is not None and suspect.index < frame.index and _code(frame) not in FATAL:
            what = f"`{suspect.entry.type}`" if suspect.entry.type else "an event without a type,"
            message = f"The error after {what} {suspect.text('event_id')} names no event."
            yield Finding(frame.index, message, suspect.text("event_id") or "", "null", "/error/event_id")
            suspect = next(unblamed, None)


def _may_be_blamed(exchange: Exchange) -> bool:
    """Return whether the client sent it wrong on purpose, under an id, and no error names it."""
    sent = exchange.sent
    named = sent.entry.deliberate and sent.text("event_id") is not None and sent.type != "conversation.item.delete"
    return named and not exchange.errors and exchange.answer is None


@rules.must("errors.the-session-goes-on", about={"error"}, covers=("ERR-03",), spec=GUIDE_ERRORS)
def the_session_goes_on(view: View) -> Judged:
    """After an error that a client's event caused, the session goes on: the next valid event is answered."""
    errors = [each for each in view.server("error") if _code(each) not in FATAL]
    if not errors or not view.admitted:
        return
    answered = any(each.answer is not None and each.sent.index > errors[0].index for each in view.exchanges)
    last = errors[-1]
    end = view.end
    if end is not None and end.by is Direction.SERVER and end.kind in (EndKind.CLOSED, EndKind.DROPPED):
        if view.heard[-1] is last and not (_garbage_is_pending(view) or hung_up_on_too_much(view)):
            message = f"The connection ended after the error {_code(last) or 'without a code'}."
            yield Finding(len(view.frames), message, "an open session", f"{end.kind} {end.code or ''}".strip())
    elif answered:
        yield HELD


def _garbage_is_pending(view: View) -> bool:
    """Return whether nothing was answered since the client sent a frame that is no JSON object."""
    garbage = _garbage(view)
    return bool(garbage) and view.settled < garbage[-1].index


@gathered
def _wrong_types(view: View) -> Iterator[tuple[Exchange, str]]:
    """Yield the exchanges that a wrong or missing `type` began, with the code that is known for it."""
    for exchange in view.exchanges:
        sent = exchange.sent
        if not sent.entry.deliberate or sent.entry.event is None or not sent.whole:
            continue
        if "type" not in sent.event:
            yield exchange, "invalid_event"
        elif isinstance(sent.event["type"], str) and sent.entry.type not in view.dialect.client_events:
            yield exchange, "invalid_value"


def _judge_refusal(view: View, exchange: Exchange, what: str) -> Judged:
    if exchange.refused:
        yield HELD
    elif last_loose_error(view) < exchange.sent.index and is_due(view, exchange):
        yield Finding(exchange.sent.index, f"{what} was passed over in silence.", "error", "nothing")


@rules.must("errors.unknown-types-are-refused", about=STRANGE_EVENT, covers=("ERR-04",), spec=GUIDE_ERRORS)
def unknown_types_are_refused(view: View) -> Judged:
    """A client event of an unknown type is answered by an `error`."""
    for exchange, code in _wrong_types(view):
        if code == "invalid_value":
            yield from _judge_refusal(view, exchange, f"The unknown type {exchange.sent.entry.type}")


@rules.must("errors.a-missing-type-is-refused", about=STRANGE_EVENT, covers=("ERR-05",), spec=SPEC)
def a_missing_type_is_refused(view: View) -> Judged:
    """A client event without a type is answered by an `error`."""
    for exchange, code in _wrong_types(view):
        if code == "invalid_event":
            yield from _judge_refusal(view, exchange, "An event without a type")


@rules.should("errors.wrong-types-have-their-codes", about={"error"}, covers=("ERR-04", "ERR-05"), spec=GUIDE_ERRORS)
def wrong_types_have_their_codes(view: View) -> Judged:
    """The error for an unknown type has the code `invalid_value`, that for a missing one `invalid_event`."""
    for exchange, code in _wrong_types(view):
        for error in exchange.refusals[:1]:
            if not error.whole or not isinstance(_error(error), dict):
                continue
            if _code(error) == code:
                yield HELD
            else:
                yield Finding(error.index, "The code is another one.", code, _code(error) or "null", "/error/code")


@lens
def _garbage(view: View) -> list[Frame]:
    """Return the client's frames that hold no JSON object."""
    return [frame for frame in view.said if frame.entry.event is None and frame.whole]


@rules.should("errors.garbage-is-refused", about=STRANGE_EVENT, covers=("ERR-06",), spec=SPEC)
def garbage_is_refused(view: View) -> Judged:
    """A text frame that holds no JSON object is answered by an `error`."""
    if not view.admitted:
        return
    last = last_loose_error(view)
    refused = {each.sent.index for each in view.exchanges if each.refused}
    for frame in _garbage(view):
        if frame.entry.kind is FrameKind.BINARY:
            continue  # what a binary frame is to an endpoint, nothing says
        end = view.end
        waited = end is not None and end.kind is EndKind.TIMEOUT and "error" in end.awaiting
        if frame.index in refused or frame.index < last:
            yield HELD
        elif frame.index < view.settled or waited:
            yield Finding(frame.index, "A malformed frame was passed over in silence.", "error", "nothing")


@rules.should("errors.garbage-leaves-the-session-open", about=STRANGE_EVENT, covers=("ERR-06",), spec=SPEC)
def garbage_leaves_the_session_open(view: View) -> Judged:
    """A frame that holds no JSON object does not cost the client its session."""
    garbage = _garbage(view)
    if not garbage or not view.admitted:
        return
    end = view.end
    if end is not None and end.by is Direction.SERVER and end.kind in (EndKind.CLOSED, EndKind.DROPPED):
        if _garbage_is_pending(view):
            actual = f"{end.kind} {end.code or ''}".strip()
            yield Finding(len(view.frames), "The connection ended after a malformed frame.", "an open session", actual)
    elif view.settled > garbage[0].index:
        yield HELD


@rules.should("errors.come-once", about={"error"}, covers=("ERR-08",), spec=SPEC)
def come_once(view: View) -> Judged:
    """One event of the client gets one error."""
    for exchange in view.exchanges:
        for error in exchange.errors[1:]:
            message = f"A second error names `{exchange.sent.entry.type}` {exchange.sent.text('event_id')}."
            yield Finding(error.index, message, "one error", _code(error) or "one more")
        if len(exchange.refusals) == 1:
            yield HELD


@rules.should("errors.precede-a-failing-close", about=END_BY_SERVER, covers=("ERR-10",), spec=SPEC)
def precede_a_failing_close(view: View) -> Judged:
    """A server that closes a session with the code of a failure says first, in an `error`, what failed."""
    end = view.end
    if end is None or end.kind is not EndKind.CLOSED or end.by is not Direction.SERVER or not view.admitted:
        return
    if end.code in (None, 1000, 1001, 1005) or _garbage_is_pending(view):
        return
    if hung_up_on_too_much(view):  # that has a rule of its own
        return
    if any(frame.type == "error" for frame in view.heard[-LAST_WORDS:]):
        yield HELD
    else:
        yield Finding(len(view.frames), f"The server closed with {end.code} without an `error`.", "error", "nothing")
