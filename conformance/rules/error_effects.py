"""What an `error` does to everything else: a refused event has no effect, and a running response goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.rules.engine.rule import GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.anonymous_errors import kinds_pointed_to
from conformance.trace.frames import string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trace.exchanges import Exchange
    from conformance.trace.frames import Frame
    from conformance.trace.views import View

rules = Chapter("errors")

SPEC = SERVER_EVENTS + "error"
GUIDE_ERRORS = GUIDE + "realtime-conversations#handling-errors"
STARTED = "input_audio_buffer.speech_started"


@rules.must("errors.a-refused-event-has-no-effect", about={"error"}, covers=("ERR-07",), spec=SPEC)
def a_refused_event_has_no_effect(view: View) -> Judged:
    """An event that is refused is not acknowledged as well, and its item does not come into being."""
    if view.partial:
        return
    for exchange in view.exchanges:
        if not exchange.refused or exchange.sent.type in ("session.update", "transcription_session.update"):
            continue
        effect = exchange.answer or _created_anyway(view, exchange)
        if effect is None:
            yield HELD
        else:
            message = f"`{exchange.sent.entry.type}` {exchange.sent.text('event_id')} was refused, and took effect."
            yield Finding(effect.index, message, "the error alone", effect.entry.type)


def _created_anyway(view: View, exchange: Exchange) -> Frame | None:
    """Return the announcement of the item that was refused, unless another event asked for an item of that id."""
    name = string(exchange.sent.part("item").get("id"))
    added = view.announced.get(name) if name is not None and exchange.sent.type == "conversation.item.create" else None
    if added is None or added.frame.index < exchange.sent.index:
        return None
    others = (each for each in view.exchanges_with("conversation.item.create") if not each.refused)
    asked = any(each.sent.index < added.frame.index and each.sent.part("item").get("id") == name for each in others)
    return None if asked else added.frame


@rules.must(
    "errors.do-not-end-a-response",
    about={"error"},
    covers=("ERR-09",),
    spec=GUIDE_ERRORS,
    relaxed="What the refusal of a second response ends is told in `response_create`.",
)
def do_not_end_a_response(view: View) -> Judged:
    """An error about another event does not end the response that is running."""
    causes = [each.index for each in (*view.client("response.cancel"), *view.server(STARTED))]
    creates = [each.index for each in view.client("response.create")]
    for response in view.responses:
        if response.created is None or response.open or response.gapped or response.failed_by_the_service:
            continue
        inside = [each for each in view.server("error") if response.created.index < each.index < response.last]
        others = [each for each in inside if _is_about_another(view.attributed, each, response.cause)]
        if not others or any(at < response.last for at in causes) or response.failed_unlike(others):
            continue
        if any(response.created.index < at < response.last for at in creates):
            continue
        if response.status in ("failed", "cancelled"):
            if any(_is_surely_about_another(view, each, response.cause) for each in others):
                message = f"The response {response.id} ended after an error about another event."
                yield Finding(response.last, message, "it goes on", response.status, "/response/status")
        elif response.status:
            yield HELD


def _is_about_another(causes: Mapping[int, Exchange], error: Frame, cause: Frame | None) -> bool:
    exchange = causes.get(error.index)
    return exchange is not None and exchange.sent is not cause


def _is_surely_about_another(view: View, error: Frame, cause: Frame | None) -> bool:
    """Return whether an error names another event than *cause*, or points to the only open one of its kind."""
    exchange = view.attributed[error.index]
    named = error.index in view.blamed or exchange.sent.type in kinds_pointed_to(error)
    return named and exchange.sent is not cause
