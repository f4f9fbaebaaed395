"""Endpoints that translate wrongly, or end their sessions wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_after, adding_before, changing, dropping, ignoring
from conformance.reference.server.admission import Admitted

if TYPE_CHECKING:
    from conformance.contract.dialect import Dialect
    from conformance.trace.trace import Event

faults = FaultTable()

GA = ("ga",)
SESSION, CLOSED = "translation/session", "session.closed"
CONVERSATION = {"type": "conversation.created", "conversation": {"id": "conv_1", "object": "realtime.conversation"}}
SOUND, WORDS = "session.output_audio.delta", "session.output_transcript.delta"


@faults.mutant(killed_by="translation.opens-a-session-that-translates", during=SESSION, dialects=GA)
def translations_are_conversations(_dialect: Dialect) -> Fault:
    """A connection for translations opens an ordinary session."""

    def admits(made: Any) -> Any:
        return replace(made, intent="conversation") if isinstance(made, Admitted) else made

    return Fault(admits=admits)


@faults.mutant(killed_by="translation.time-does-not-run-back", during=SESSION, dialects=GA)
def time_is_counted_down(_dialect: Dialect) -> Fault:
    """The time of the sound is what is left of it."""

    def change(event: Event) -> Event:
        return {**event, "elapsed_ms": 10_000 - event["elapsed_ms"]}

    return changing((SOUND,), change)


def _half(event: Event) -> Event:
    return {**event, "delta": event["delta"][:-2]}


# fmt: off
faults.rows(
    ("a-translation-has-a-conversation", "translation.has-no-conversation", SESSION, "",
     "A translation belongs to a conversation.",
     lambda _: adding_before(CLOSED, lambda _event: [CONVERSATION])),
    ("a-closed-session-says-nothing", "translation.a-close-is-answered", SESSION, "",
     "The connection ends, and the session was never closed.", lambda _: dropping(CLOSED)),
    ("a-closed-session-goes-on", "translation.closed-comes-last", SESSION, "",
     "A word comes after the end of the session.",
     lambda _: adding_after(CLOSED, lambda _event: [{"type": WORDS, "delta": "More."}])),
    ("a-translation-is-no-base64", "translation.audio-is-base64", SESSION, "",
     "The sound is cut in the middle of its base64.", lambda _: changing((SOUND,), _half)),
    ("the-source-is-written-unasked", "translation.the-source-is-written-when-asked-for", SESSION, "",
     "What was said is written down although nobody asked for it.",
     lambda _: adding_before(CLOSED, lambda _event: [{"type": "session.input_transcript.delta", "delta": "Word."}])),
    ("a-close-is-ignored", "session.a-close-is-heeded", "connection/session_close", "",
     "`session.close` is neither refused nor heeded.", lambda _: ignoring("session.close")),
    dialects=GA,
)
