"""How a client asks for the end of its session."""

from __future__ import annotations

from conformance.rules.engine.rule import HELD, Chapter, Finding, Judged
from conformance.trace.views import View

rules = Chapter("session")

SPEC = "https://developers.openai.com/api/reference/resources/realtime/translation-client-events"
CLOSE = "session.close"


@rules.should("session.a-close-is-heeded", about={CLOSE}, covers=("SES-22",), spec=SPEC)
def a_close_is_heeded(view: View) -> Judged:
    """`session.close` is refused, or ends the session."""
    for exchange in view.exchanges_with(CLOSE):
        if view.translation_session or view.partial:
            continue
        if exchange.refused or exchange.answer is not None or view.ended_by_server:
            yield HELD
        elif view.settled > exchange.sent.index:
            message = f"The session goes on after the `session.close` in entry {exchange.sent.index}."
            yield Finding(exchange.sent.index, message, "an error, or the end", "neither")
