"""The steps of conversation items: say, item, answer_call, delete, retrieve, truncate."""

from __future__ import annotations

import base64
from collections.abc import Generator, Mapping
from typing import Any

from conformance.scenario.audio import FORMATS
from conformance.scenario.commands import Command, Event, ModelDidNot, Reply, Script, Spoken
from conformance.scenario.context import ScriptContext
from conformance.scenario.model import Step
from conformance.scenario.steps import ask, step

#: Milliseconds of the assistant's audio of which a share can be cut.
ENOUGH_AUDIO = 400


@step
def say(talk: ScriptContext, line: Step) -> Script:
    """Add a message: `say: text`, or `{text, role, id, after}`; `clip: NAME` instead of the text says it in audio."""
    given = line.argument if isinstance(line.argument, dict) else {"text": line.argument}
    role = given.get("role", "user")
    kind = talk.dialect.content_type("output_text") if role == "assistant" else "input_text"
    part: Event = {"type": kind, "text": given.get("text", "")}
    if "clip" in given:
        sound = talk.clip(given["clip"], talk.input_format)
        part = {"type": "input_audio", "audio": base64.b64encode(sound).decode()}
    message: Event = {"type": "message", "role": role, "content": [part]}
    if "id" in given:
        message["id"] = given["id"]
    return (yield from _create(talk, line, message, given))


@step
def item(talk: ScriptContext, line: Step) -> Script:
    """Add an item as it is written; `after: ID` inserts behind another one, `after: root` at the beginning."""
    given = dict(line.argument)
    after = {key: given.pop(key) for key in ("after",) if key in given}
    return (yield from _create(talk, line, given, after))


@step
def answer_call(talk: ScriptContext, line: Step) -> Script:
    """Yield the output of a function call: `{call_id, output}`."""
    given = {"type": "function_call_output", **line.argument}
    return (yield from _create(talk, line, given, {}))


def _create(talk: ScriptContext, line: Step, made: Event, given: Mapping[str, Any]) -> Script:
    event: Event = {"type": "conversation.item.create", "item": made}
    if "after" in given:
        event["previous_item_id"] = given["after"]
    told: Event = {key: made[key] for key in ("type", "role", "call_id") if key in made}
    if made.get("content"):
        # An item of the same role may be on its way from the audio buffer: its content is of another type.
        # One of the model's begins with none.
        wanted = [{"$null": True}, {"$has": {"type": made["content"][0]["type"]}}]
        told["content"] = {"$in": wanted if made.get("role") == "assistant" else [{"$empty": True}, *wanted]}
    return (yield from ask(talk, line, event, "conversation.item.added", {"item": told}))


@step
def delete(talk: ScriptContext, line: Step) -> Script:
    """Delete an item by id."""
    event = {"type": "conversation.item.delete", "item_id": line.argument}
    return (yield from ask(talk, line, event, "conversation.item.deleted"))


@step
def retrieve(talk: ScriptContext, line: Step) -> Script:
    """Ask for an item by id."""
    event = {"type": "conversation.item.retrieve", "item_id": line.argument}
    return (yield from ask(talk, line, event, "conversation.item.retrieved"))


@step
def truncate(talk: ScriptContext, line: Step) -> Script:
    """Cut an assistant's audio: `{item, at}` (milliseconds), or `{item, share}` of what has come of it."""
    given = line.argument
    at = given["at"] if "at" in given else int((yield from _heard(talk, given["item"])) * given["share"])
    event = {
        "type": "conversation.item.truncate",
        "item_id": given["item"],
        "content_index": given.get("content_index", 0),
        "audio_end_ms": at,
    }
    return (yield from ask(talk, line, event, "conversation.item.truncated"))


def _heard(talk: ScriptContext, item: str) -> Generator[Command, Reply, float]:
    """Return how many milliseconds of an item's audio have come."""
    reply: Reply = yield Spoken(item)
    milliseconds = float(reply.event["bytes"] * 1000 / FORMATS[talk.output_format][0])
    if milliseconds < ENOUGH_AUDIO:
        raise ModelDidNot(f"needs {ENOUGH_AUDIO} ms of the assistant's audio; {milliseconds:.0f} ms came of {item}")
    return milliseconds
