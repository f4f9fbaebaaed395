"""The life of one response, from its first output to its last.

The life of a response is a plan: a generator that says its events in order and waits between them.  It looks
at `halted` before each delta; whoever cancels a response sets that and runs the plan to its end, so that what
was opened is closed by the same lines that close a finished answer (RSP-19).  What the plan is about to say
is true before it is said: after any event the conversation, the usage and the active response agree with the
wire.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.reference.counting import ASSISTANT_TOKEN_MS, Tokens, text_tokens, usage
from conformance.reference.ids import Ids
from conformance.reference.items import Conversation, Item, Sound
from conformance.reference.manners import Manner
from conformance.reference.model import Act, Call, Fail, Prompt, Say, answer, words
from conformance.reference.pace import Pace
from conformance.reference.refusals import Event
from conformance.reference.schedule import Steps
from conformance.reference.settings import Settings, copied
from conformance.reference.sound import FORMATS, tone_text

#: Sound of one spoken piece of text, and of one audio delta: two tokens in two deltas.
WORD_MS, DELTA_MS = 100, 50
#: Characters of one piece of streamed arguments.
ARGUMENT_PIECE = 8


@dataclass(frozen=True)
class Halt:
    """Why a response ends early."""

    status: str
    details: Event


@dataclass(frozen=True)
class Request:
    """What one response was asked for: the session's settings under its own."""

    id: str
    modalities: list[str]
    voice: Any
    output_format: Any
    temperature: float | None
    max_output_tokens: int | str
    metadata: Event | None
    instructions: str
    prompt: Prompt
    context: list[Item]
    tools: list[Event]
    in_conversation: bool
    earlier: Tokens
    """Input of the conversation's response before this one: what of it comes again is cached."""


@dataclass(eq=False)
class Response:
    """One running response."""

    request: Request
    status: str = "in_progress"
    halted: Halt | None = None
    output: list[Item] = field(default_factory=list)
    given: Tokens = field(default_factory=Tokens)
    cached: Tokens = field(default_factory=Tokens)
    produced: Tokens = field(default_factory=Tokens)

    def affords(self, cost: Tokens) -> bool:
        """Pay for the next delta, or halt at the limit of output tokens (RSP-24)."""
        limit = self.request.max_output_tokens
        if isinstance(limit, int) and self.produced.total + cost.total > limit:
            self.halted = Halt("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
            return False
        self.produced += cost
        return True


@dataclass(frozen=True)
class Stage:
    """What every response of a session works with."""

    dialect: Dialect
    manner: Manner
    settings: Settings
    conversation: Conversation
    ids: Ids
    pace: Pace

    def spell(self, response: Response) -> Event:
        """Make the wire's response object, nulls included (observation 22)."""
        request, done = response.request, response.status != "in_progress"
        shown: Event = {
            "object": "realtime.response",
            "id": request.id,
            "status": response.status,
            "status_details": response.halted.details if response.halted and done else None,
            "output": [self.conversation.shown(item) for item in response.output] if done else [],
            "conversation_id": self.conversation.id if request.in_conversation else None,
        }
        own = {
            "modalities": request.modalities,
            "voice": request.voice,
            "output_format": request.output_format,
            "temperature": request.temperature,
            "max_output_tokens": request.max_output_tokens,
        }
        shown |= self._own(own)
        shown["usage"] = usage(response.given, response.cached, response.produced) if done else None
        shown["metadata"] = copied(request.metadata)
        return shown

    def _own(self, settings: Mapping[str, Any]) -> Event:
        placed: Event = {}
        for name, value in settings.items():
            path = self.dialect.response_paths.get(name)
            if path is not None:
                where = placed
                for step in path[:-1]:
                    where = where.setdefault(step, {})
                where[path[-1]] = copied(value)
        return placed


def life(stage: Stage, response: Response) -> Steps:
    """Live one response after its `response.created`, up to its `response.done`."""
    yield stage.pace.value.latency
    acts = answer(response.request.prompt)
    if not response.halted and not isinstance(acts[0], Fail):
        response.given = _given(response.request)
        response.cached = response.given.cached_from(response.request.earlier)
    for index, act in enumerate(acts):
        if response.halted:
            break
        if isinstance(act, Fail):
            error = {"type": "server_error", "code": act.code, "message": act.message}
            response.halted = Halt("failed", {"type": "failed", "error": error})
        else:
            yield from _item(stage, response, index, act)


def _given(request: Request) -> Tokens:
    tools = json.dumps(request.tools) if request.tools else ""
    head = Tokens(text=text_tokens(request.instructions) + text_tokens(tools))
    return sum((item.tokens() for item in request.context), head)


def _item(stage: Stage, response: Response, index: int, act: Act) -> Steps:
    item = Item(stage.ids.new("item"), _opened(stage, act))
    response.output.append(item)
    place = {"response_id": response.request.id, "output_index": index}
    shown = stage.conversation.shown(item)
    before = stage.conversation.append(item) if response.request.in_conversation else None
    yield {"type": "response.output_item.added", **place, "item": shown}
    if response.request.in_conversation:
        yield {"type": "conversation.item.added", "previous_item_id": before, "item": copied(shown)}
    inside = {"response_id": response.request.id, "item_id": item.id, "output_index": index}
    if isinstance(act, Call):
        yield from _arguments(stage, response, item, inside, act)
    elif isinstance(act, Say):
        yield from _message(stage, response, item, inside, act)
    if item.body["status"] == "in_progress":
        item.body["status"] = "incomplete"
    shown = stage.conversation.shown(item)
    if response.request.in_conversation:
        yield {"type": "conversation.item.done", "previous_item_id": before, "item": copied(shown)}
    yield {"type": "response.output_item.done", **place, "item": shown}


def _opened(stage: Stage, act: Act) -> Event:
    if isinstance(act, Call):
        call_id = stage.ids.new("call")
        named = {"name": act.name, "call_id": call_id, "arguments": ""}
        return {"type": "function_call", "status": "in_progress", **named}
    return {"type": "message", "status": "in_progress", "role": "assistant", "content": []}


def _arguments(stage: Stage, response: Response, item: Item, inside: Event, call: Call) -> Steps:
    inside = {**inside, "call_id": item.body["call_id"]}
    whole = call.arguments
    pieces = [whole[at : at + ARGUMENT_PIECE] for at in range(0, len(whole), ARGUMENT_PIECE)]
    for piece in pieces:
        if response.halted or not response.affords(Tokens(text=text_tokens(piece))):
            break
        item.body["arguments"] += piece
        yield {"type": "response.function_call_arguments.delta", **inside, "delta": piece}
        yield stage.pace.between_deltas(0, len(pieces))
    else:
        item.body["status"] = "completed"
    said = {"name": call.name, "arguments": item.body["arguments"]}
    yield {"type": "response.function_call_arguments.done", **inside, **said}


def _message(stage: Stage, response: Response, item: Item, inside: Event, act: Say) -> Steps:
    spoken = "audio" in response.request.modalities
    key, kind = ("transcript", "audio") if spoken else ("text", "text")
    inside = {**inside, "content_index": 0}
    content = {"type": f"output_{kind}", key: ""}
    item.body["content"].append(content)
    if spoken:
        item.sound[0] = Sound(0, format=_format_name(stage, response))
    yield {"type": "response.content_part.added", **inside, "part": {"type": kind, key: ""}}
    pieces, said = words(act.text), ""
    for piece in pieces:
        if response.halted or not response.affords(_cost(piece, spoken=spoken)):
            break
        said += piece
        if key in content:  # a client may truncate what is still being said
            content[key] = said
        yield from _delta(stage, item, inside, piece, spoken=spoken)
        yield stage.pace.between_deltas(WORD_MS if spoken else 0, len(pieces))
    else:
        item.body["status"] = "completed"
    if spoken:
        yield {"type": "response.output_audio.done", **inside}
        yield {"type": "response.output_audio_transcript.done", **inside, "transcript": said}
    else:
        yield {"type": "response.output_text.done", **inside, "text": said}
    yield {"type": "response.content_part.done", **inside, "part": {"type": kind, key: said}}


def _cost(piece: str, *, spoken: bool) -> Tokens:
    return Tokens(text_tokens(piece), WORD_MS // ASSISTANT_TOKEN_MS if spoken else 0)


def _delta(stage: Stage, item: Item, inside: Event, piece: str, *, spoken: bool) -> Iterator[Event]:
    if not spoken:
        yield {"type": "response.output_text.delta", **inside, "delta": piece}
        return
    sound = item.sound[0]
    stage.settings.voice_was_heard = True
    sound.milliseconds += WORD_MS
    yield {"type": "response.output_audio_transcript.delta", **inside, "delta": piece}
    for _ in range(WORD_MS // DELTA_MS):
        yield {"type": "response.output_audio.delta", **inside, "delta": tone_text(sound.format, DELTA_MS)}


def _format_name(stage: Stage, response: Response) -> str:
    name = stage.dialect.audio_format(response.request.output_format)
    return name if name in FORMATS else "pcm16"
