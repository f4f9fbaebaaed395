"""The user's audio.

Clips: `hello`, `question`, `silence`, `noise`, `tone`, and `NAME.wav` (16-bit mono, 24 kHz), `.ulaw` or `.alaw` beside
the script.  Audio is appended in the input format of the session.
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING

from conformance.contract.documented_fields import Schema
from conformance.scenario.audio import chunks, silence
from conformance.scenario.commands import Script, Send
from conformance.scenario.cost import ClipReader, Cost, Spending
from conformance.scenario.steps.asking import ask
from conformance.scenario.steps.declaration import ACKNOWLEDGED, TEXT, shape, shorthand, step

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step

#: The chunk that vendors recommend, in milliseconds.
CHUNK = 100
#: A speaker pauses: so many seconds of a clip may hold a turn of their own.
SHORTEST_TURN = 2.0
WHOLE: Schema = {"type": "integer", "minimum": 1}
PIECE: Schema = {**WHOLE, "description": f"Milliseconds of each chunk; default {CHUNK}."}


def _append(context: ScriptContext, audio: bytes, chunk: int) -> Script:
    kind = "session.input_audio_buffer.append" if context.intent == "translation" else "input_audio_buffer.append"
    for piece in chunks(audio, chunk, context.input_format):
        audio64 = base64.b64encode(piece).decode()
        yield Send({"type": kind, "event_id": context.event_id("append"), "audio": audio64})
    return None


def _speaking(here: Spending, written: Step, clip: ClipReader) -> Cost:
    length = here.seconds(clip, str(written.under("clip").get("clip")))
    turns = math.ceil(length / SHORTEST_TURN)
    heard = here.hear(length, turns)
    return heard + here.responses(turns) if here.detects and here.answers else heard


@step(
    shorthand(TEXT, shape({"clip": TEXT, "chunk": PIECE}, ("clip",))),
    clip=lambda written: written.under("clip").get("clip"),
    costs=_speaking,
    example="""
- speak: hello
- speak: {clip: question, chunk: 20}
""",
)
def speak(context: ScriptContext, written: Step) -> Script:
    """Append a clip to the input audio buffer."""
    given = written.under("clip")
    return (yield from _append(context, context.clip(given["clip"], context.input_format), given.get("chunk", CHUNK)))


def _pausing(here: Spending, written: Step, _clip: ClipReader) -> Cost:
    return here.hear(float(written.under("milliseconds").get("milliseconds", 0)) / 1000)


@step(
    shorthand(WHOLE, shape({"milliseconds": WHOLE, "chunk": PIECE}, ("milliseconds",))),
    costs=_pausing,
    example="""
- pause: 1500
- pause: {milliseconds: 1000, chunk: 1000}
""",
)
def pause(context: ScriptContext, written: Step) -> Script:
    """Append that many milliseconds of silence; it does not wait."""
    given = written.under("milliseconds")
    quiet = silence(int(given["milliseconds"]), context.input_format)
    return (yield from _append(context, quiet, given.get("chunk", CHUNK)))


@step(
    answers=ACKNOWLEDGED,
    example="""
- configure: {turn_detection: null}
- speak: hello
- commit
- commit:
  answer: error
""",
)
def commit(context: ScriptContext, written: Step) -> Script:
    """Commit the input audio buffer."""
    return (yield from ask(context, written, {"type": "input_audio_buffer.commit"}, "input_audio_buffer.committed"))


@step(answers=ACKNOWLEDGED, example="- clear")
def clear(context: ScriptContext, written: Step) -> Script:
    """Clear the input audio buffer."""
    return (yield from ask(context, written, {"type": "input_audio_buffer.clear"}, "input_audio_buffer.cleared"))
