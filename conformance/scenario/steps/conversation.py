"""The conversation."""

from __future__ import annotations

import base64
import math
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.scenario.audio import FORMATS
from conformance.scenario.commands import Command, ModelDidNot, Reply, Script, Spoken
from conformance.scenario.cost import ASKING, HEARD, ClipReader, Cost, Spending, Tokens, asking
from conformance.scenario.steps.asking import ask
from conformance.scenario.steps.declaration import ACKNOWLEDGED, TEXT, shape, shorthand, step
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step

#: Milliseconds of the assistant's audio of which a share can be cut.
ENOUGH_AUDIO = 400
#: Tokens of an image.
IMAGE = 1_500


def _saying(here: Spending, written: Step, clip: ClipReader) -> Cost:
    given = written.under("text")
    here.say(given)
    if not isinstance(given.get("clip"), str):
        return asking(here, written, clip)
    length = here.seconds(clip, given["clip"])
    here.said += Tokens(audio_in=math.ceil(length * HEARD))
    return Cost(heard=length, expected=ASKING)


def _text_beside_clip(written: Step) -> Iterator[tuple[str, str]]:
    if {"clip", "text"} <= written.under("text").keys():
        yield "the `text` of `say` has no effect beside a `clip`", "Keep one of the two."


@step(
    shorthand(
        TEXT,
        shape(
            {
                "text": {"type": "string"},
                "clip": {**TEXT, "description": "An audio clip, instead of the text."},
                "role": {
                    "enum": ["user", "assistant", "system"],
                    "description": "Role of the message; default `user`.",
                },
                "id": {**TEXT, "description": "The id of the item."},
                "after": {**TEXT, "description": "The item after which it is inserted; `root`: at the beginning."},
            },
            minProperties=1,
        ),
    ),
    answers=ACKNOWLEDGED,
    clip=lambda written: written.under("text").get("clip"),
    contradictions=_text_beside_clip,
    costs=_saying,
    example="""
- say: Hello.
- say: {role: system, text: Answer in one word.}
- say: {id: item_1, text: One.}
- say: {id: item_0, text: Zero., after: root}
- say: {clip: hello}
""",
)
def say(context: ScriptContext, written: Step) -> Script:
    """Add a message to the conversation."""
    given = written.under("text")
    role = given.get("role", "user")
    kind = context.dialect.content_type("output_text") if role == "assistant" else "input_text"
    part: Event = {"type": kind, "text": given.get("text", "")}
    if "clip" in given:
        sound = context.clip(given["clip"], context.input_format)
        part = {"type": "input_audio", "audio": base64.b64encode(sound).decode()}
    message: Event = {"type": "message", "role": role, "content": [part]}
    if "id" in given:
        message["id"] = given["id"]
    return (yield from _create(context, written, message, given))


def _adding(here: Spending, written: Step, clip: ClipReader) -> Cost:
    here.say(_without_data(written.argument))
    here.said += Tokens(text_in=str(written.argument).count("input_image") * IMAGE)
    return asking(here, written, clip)


def _without_data(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_data(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_data(each) for each in value]
    return "" if isinstance(value, str) and value.startswith("data:") else value


@step(
    {
        "type": "object",
        "required": ["type"],
        "properties": {
            "after": {**TEXT, "description": "The item after which it is inserted; `root`: at the beginning."}
        },
    },
    answers=ACKNOWLEDGED,
    costs=_adding,
    example='- item: {type: function_call, name: get_time, call_id: call_1, arguments: "{}"}',
)
def item(context: ScriptContext, written: Step) -> Script:
    """Add an item exactly as written."""
    given = dict(written.argument)
    after = {key: given.pop(key) for key in ("after",) if key in given}
    return (yield from _create(context, written, given, after))


@step(
    shape({"call_id": TEXT, "output": {"type": "string"}, "id": TEXT}, ("call_id", "output")),
    answers=ACKNOWLEDGED,
    costs=_adding,
    example='- answer_call: {call_id: call_1, output: "12:00"}',
)
def answer_call(context: ScriptContext, written: Step) -> Script:
    """Add the output of a function call."""
    given = {"type": "function_call_output", **written.argument}
    return (yield from _create(context, written, given, {}))


def _create(context: ScriptContext, written: Step, made: Event, given: Mapping[str, Any]) -> Script:
    event: Event = {"type": "conversation.item.create", "item": made}
    if "after" in given:
        event["previous_item_id"] = given["after"]
    told: Event = {key: made[key] for key in ("type", "role", "call_id") if key in made}
    if made.get("content"):
        # An item of the same role may be on its way from the audio buffer: its content is of another type.
        # One of the model's begins with none.
        wanted = [{"$null": True}, {"$has": {"type": made["content"][0]["type"]}}]
        told["content"] = {"$in": wanted if made.get("role") == "assistant" else [{"$empty": True}, *wanted]}
    # Who is given an id is known by it, whatever else is wrong; an endpoint that gives ids of its own keeps the rest.
    fits = {"$in": [{"id": made["id"]}, told]} if "id" in made else told
    return (yield from ask(context, written, event, "conversation.item.added", {"item": fits}))


@step(
    TEXT,
    answers=ACKNOWLEDGED,
    example="""
- delete: item_1
- delete: item_1
  answer: error
""",
)
def delete(context: ScriptContext, written: Step) -> Script:
    """Delete an item by its id."""
    event = {"type": "conversation.item.delete", "item_id": written.argument}
    return (yield from ask(context, written, event, "conversation.item.deleted"))


@step(TEXT, answers=ACKNOWLEDGED, example="- retrieve: item_1")
def retrieve(context: ScriptContext, written: Step) -> Script:
    """Ask for an item by its id."""
    event = {"type": "conversation.item.retrieve", "item_id": written.argument}
    return (yield from ask(context, written, event, "conversation.item.retrieved"))


@step(
    shape(
        {
            "item": TEXT,
            "at": {"type": "integer", "description": "Milliseconds to keep."},
            "share": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "description": "Instead of `at`: the share of the received audio to keep.",
            },
            "content_index": {"type": "integer", "description": "Which part of the item; default 0."},
        },
        ("item",),
        oneOf=[{"required": ["at"]}, {"required": ["share"]}],
    ),
    answers=ACKNOWLEDGED,
    example="""
- truncate: {item: "${spoken.item.id}", share: 0.5}
- truncate: {item: "${spoken.item.id}", at: 200}
""",
)
def truncate(context: ScriptContext, written: Step) -> Script:
    """Cut the assistant's audio of an item."""
    given = written.argument
    heard = yield from _heard(context, given["item"])
    if "at" not in given and heard < ENOUGH_AUDIO:
        raise ModelDidNot(f"needs {ENOUGH_AUDIO} ms of the assistant's audio; {heard:.0f} ms came of {given['item']}")
    if given.get("at", 0) > heard and not written.answer:
        raise ModelDidNot(f"needs {given['at']} ms of the assistant's audio; {heard:.0f} ms came of {given['item']}")
    at = given["at"] if "at" in given else int(heard * given["share"])
    event = {
        "type": "conversation.item.truncate",
        "item_id": given["item"],
        "content_index": given.get("content_index", 0),
        "audio_end_ms": at,
    }
    return (yield from ask(context, written, event, "conversation.item.truncated"))


def _heard(context: ScriptContext, item: str) -> Generator[Command, Reply, float]:
    """Return how many milliseconds of an item's audio have come."""
    reply: Reply = yield Spoken(item)
    return float(reply.event["bytes"] * 1000 / FORMATS[context.output_format][0])
