"""`response.cancel`: what it ends, what it spares, and when it is refused.

A cancel may cross the end of its response on the way.  An endpoint that answers such a cancel with an error,
and one that completes the response first, are both right; what no race explains is judged here.
A cancel sent before `response.created` may come too early for the response it means: nothing is said of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.rules.engine.overdue import is_due, overdue
from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, Chapter, Finding, Judged
from conformance.rules.response.create import active_at
from conformance.trace.anonymous_errors import kinds_pointed_to
from conformance.trace.frames import string
from conformance.trace.responses import id_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.exchanges import Exchange
    from conformance.trace.frames import Frame
    from conformance.trace.responses import Response
    from conformance.trace.views import View

rules = Chapter("cancel")

CANCEL = CLIENT_EVENTS + "response/cancel"
NOT_ACTIVE = "response_cancel_not_active"


def _hit(view: View) -> Iterator[tuple[Exchange, Response]]:
    """Yield each cancel that was not refused, with the only running response it can mean."""
    for exchange in view.exchanges_with("response.cancel"):
        name = exchange.sent.text("response_id")
        running = active_at(view, exchange.sent.index)
        meant = [each for each in running if each.id == name or (name is None and not each.out_of_band)]
        if len(meant) == 1 and not exchange.refused:
            yield exchange, meant[0]


def _idle(view: View) -> Iterator[Exchange]:
    """Yield each cancel that was sent while nothing ran and nothing had been asked for."""
    if view.turns or view.partial or any(id_of(frame) is None for frame in view.server("response.created")):
        return  # whether a response without an id still runs, nobody can tell
    for exchange in view.exchanges_with("response.cancel"):
        sent = exchange.sent.index
        asked = [each for each in view.exchanges_with("response.create") if each.sent.index < sent and not each.refused]
        begun = all(each.answer is not None and each.answer.index < sent for each in asked)
        if begun and not active_at(view, sent):
            yield exchange


@rules.must(
    "cancel.ends-the-response",
    about={"response.cancel"},
    covers=("RSP-15",),
    spec=CANCEL,
    relaxed="Silent where an error answers the cancel, or may still come: the response ended while it was on its way.",
)
def ends_the_response(view: View) -> Judged:
    """A `response.cancel` that is not refused ends the running response as cancelled."""
    for exchange, response in _hit(view):
        if response.done is None or view.gap_between(exchange.sent.index, response.last):
            continue
        if any(each.index > exchange.sent.index and _may_refuse_a_cancel(view, each) for each in view.server("error")):
            continue
        if response.status == "cancelled":
            yield HELD
        elif response.status == "completed" and is_due(view, exchange) and not _may_mean_a_later_one(view, exchange):
            message = f"{response.id} was cancelled at entry {exchange.sent.index}, and completed."
            yield Finding(response.done.index, message, "cancelled", "completed", "/response/status")


def _may_mean_a_later_one(view: View, cancel: Exchange) -> bool:
    """Return whether a response was cancelled that began after *cancel*, for an unknown reason: it may be that one's.

    Where speech is answered while a request is under way, nobody can tell which `response.created` is for which.
    """
    begun = {frame.index for frame in view.unasked_responses if frame.index > cancel.sent.index}
    return any(
        each.created is not None and each.created.index in begun and each.status == "cancelled"
        for each in view.responses
    )


def _may_refuse_a_cancel(view: View, error: Frame) -> bool:
    """Return whether an error names no event, and points to none but perhaps a cancel: whose it is nobody can tell."""
    return error.index not in view.blamed and kinds_pointed_to(error) <= {"response.cancel"}


@rules.must("cancel.reason-is-the-client", about={"response.cancel"}, covers=("RSP-15", "RSP-08"), spec=CANCEL)
def reason_is_the_client(view: View) -> Judged:
    """A response that only the client can have cancelled says `client_cancelled`."""
    for _, response in _hit(view):
        details = response.final.get("status_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        if response.status != "cancelled" or response.done is None or not isinstance(reason, str):
            continue
        started = view.server("input_audio_buffer.speech_started")
        if reason == "client_cancelled":
            yield HELD
        elif reason == "turn_detected" and not any(each.index < response.last for each in started):
            message = f"{response.id} was cancelled by the client; no speech was detected."
            yield Finding(response.done.index, message, "client_cancelled", reason, "/response/status_details/reason")


@rules.must("cancel.with-nothing-active-is-refused", about={"response.cancel"}, covers=("RSP-16",), spec=CANCEL)
def with_nothing_active_is_refused(view: View) -> Judged:
    """A `response.cancel` while nothing runs is answered by an error."""
    late = {exchange.sent.index for exchange in overdue(view, "response.cancel")}
    for exchange in _idle(view):
        if exchange.refused:
            yield HELD
        elif exchange.sent.index in late:
            yield Finding(
                exchange.sent.index, "A response.cancel with nothing to cancel got no error.", "error", "nothing"
            )


@rules.should("cancel.with-nothing-active-has-its-code", about={"response.cancel"}, covers=("RSP-16",), spec=CANCEL)
def with_nothing_active_has_its_code(view: View) -> Judged:
    """The refusal of a `response.cancel` while nothing runs says `response_cancel_not_active`."""
    for exchange in _idle(view):
        for error in exchange.refusals[:1]:
            code = string(error.part("error").get("code"))
            if code == NOT_ACTIVE:
                yield HELD
            else:
                message = "The refusal of a needless cancel has another code."
                yield Finding(error.index, message, NOT_ACTIVE, str(code), "/error/code")


@rules.must(
    "cancel.of-an-unknown-response-is-refused", about={"response.cancel"}, covers=("RSP-16", "RSP-17"), spec=CANCEL
)
def of_an_unknown_response_is_refused(view: View) -> Judged:
    """A `response.cancel` of a response that there never was is answered by an error, whatever else runs."""
    if view.partial:
        return
    late = {exchange.sent.index for exchange in overdue(view, "response.cancel")}
    for exchange in view.exchanges_with("response.cancel"):
        name, sent = exchange.sent.text("response_id"), exchange.sent.index
        if name is None or name in view.response_by_id or not active_at(view, sent):
            continue
        if exchange.refused:
            yield HELD
        elif sent in late and not any(each.status == "cancelled" for each in active_at(view, sent)):
            message = f"The response.cancel of {name}, which never was, got no error."
            yield Finding(sent, message, "error", "nothing")


@rules.must("cancel.by-id-spares-the-others", about={"response.cancel"}, covers=("RSP-17",), spec=CANCEL)
def by_id_spares_the_others(view: View) -> Judged:
    """A `response.cancel` with a `response_id` ends no other response."""
    cancels = view.client("response.cancel")
    named = {frame.text("response_id") for frame in cancels}
    if None in named or view.turns:
        return
    for frame in cancels:
        for response in active_at(view, frame.index):
            if response.id in named or response.done is None:
                continue
            if response.status == "cancelled":
                message = f"{response.id} was cancelled; the client named {frame.text('response_id')}."
                yield Finding(response.done.index, message, "not cancelled", "cancelled", "/response/status")
            else:
                yield HELD
