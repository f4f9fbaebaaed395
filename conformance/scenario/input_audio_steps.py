"""The steps of the input audio buffer: speak, stay silent, commit, clear."""

from __future__ import annotations

import base64

from conformance.scenario.audio import chunks, silence
from conformance.scenario.commands import Script, Send
from conformance.scenario.context import ScriptContext
from conformance.scenario.model import Step
from conformance.scenario.steps import ask, step

#: The chunk that vendors recommend, in milliseconds.
CHUNK = 100


def _append(talk: ScriptContext, audio: bytes, chunk: int) -> Script:
    for piece in chunks(audio, chunk, talk.input_format):
        audio64 = base64.b64encode(piece).decode()
        yield Send({"type": "input_audio_buffer.append", "event_id": talk.event_id("append"), "audio": audio64})
    return None


@step
def speak(talk: ScriptContext, line: Step) -> Script:
    """Append a clip in the session's input format: `speak: NAME`, or `{clip, chunk}` (milliseconds)."""
    given = line.argument if isinstance(line.argument, dict) else {"clip": line.argument}
    return (yield from _append(talk, talk.clip(given["clip"], talk.input_format), given.get("chunk", CHUNK)))


@step
def pause(talk: ScriptContext, line: Step) -> Script:
    """Append that many milliseconds of silence, or `{milliseconds, chunk}`: audio time, not waiting."""
    given = line.argument if isinstance(line.argument, dict) else {"milliseconds": line.argument}
    quiet = silence(int(given["milliseconds"]), talk.input_format)
    return (yield from _append(talk, quiet, given.get("chunk", CHUNK)))


@step
def commit(talk: ScriptContext, line: Step) -> Script:
    """Commit the input audio buffer."""
    event = {"type": "input_audio_buffer.commit"}
    return (yield from ask(talk, line, event, "input_audio_buffer.committed"))


@step
def clear(talk: ScriptContext, line: Step) -> Script:
    """Clear the input audio buffer."""
    event = {"type": "input_audio_buffer.clear"}
    return (yield from ask(talk, line, event, "input_audio_buffer.cleared"))
