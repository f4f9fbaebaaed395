"""Sending what is wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.scenario.audio import FORMATS
from conformance.scenario.commands import Script, Send
from conformance.scenario.cost import ASKING, ClipReader, Cost, Spending, Tokens, size
from conformance.scenario.steps.declaration import step

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step


def _sending(here: Spending, written: Step, _clip: ClipReader) -> Cost:
    here.said += Tokens(text_in=size(written.argument))
    length = _appended(written.argument) / FORMATS[here.audio_format][0]
    return here.responses(str(written.argument).count("response.create")) + Cost(heard=length, expected=ASKING)


def _appended(event: Any) -> float:
    """Count the bytes of audio in an append that is written out."""
    audio = event.get("audio") if isinstance(event, dict) else None
    return math.ceil(len(audio) / 4) * 3 if isinstance(audio, str) else 0


@step(
    {"type": "object"},
    costs=_sending,
    example="""
- send: {type: conversation.item.frobnicate, event_id: wrong_1}
- send: {text: "{not json"}
- send: {binary: not an event}
- barrier
""",
)
def send(_context: ScriptContext, written: Step) -> Script:
    """Send a frame as it is written, and wait for nothing; the trace marks it as meant.

    `text` and `binary` send what is no event at all.  A `barrier` behind it hears what comes of it.
    """
    given = written.argument
    if isinstance(given, dict) and given.keys() == {"text"}:
        yield Send(str(given["text"]), deliberate=True)
    elif isinstance(given, dict) and given.keys() == {"binary"}:
        yield Send(str(given["binary"]).encode(), deliberate=True)
    else:
        yield Send(given, deliberate=True)
    return None
