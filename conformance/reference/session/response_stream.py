"""The events of one response, from its first output to its last.

A response is a plan: a generator that yields its events in order and waits between them.  It looks
at `halted` before each delta; whoever cancels a response sets that and runs the plan to its end, so that what
was opened is closed by the same lines that close a finished answer (RSP-19).  What an event tells
is true before it is sent: after any event the conversation, the usage and the active response agree with the
wire.
"""

from __future__ import annotations

import json

from conformance.reference.audio.sound import FORMATS
from conformance.reference.audio.voice import WORD_MS, AudioChunk, audio_chunks, recorded
from conformance.reference.session.counting import ASSISTANT_TOKEN_MS, TokenCount, text_tokens
from conformance.reference.session.items import Item, PartAudio
from conformance.reference.session.model import Act, Call, Fail, Pause, RemoteCall, Say, words
from conformance.reference.session.refusals import Event
from conformance.reference.session.response_context import Halt, Request, ResponseContext, RunningResponse
from conformance.reference.session.schedule import Steps
from conformance.reference.session.settings import copied

#: Characters of one piece of streamed arguments.
ARGUMENT_PIECE = 8


def response_events(context: ResponseContext, response: RunningResponse) -> Steps:
    """Yield the events of one response after its `response.created`, up to its `response.done`."""
    yield context.pace.value.latency
    acts = context.scripted_model(response.request.prompt)
    index = 0
    for act in acts:
        if response.halted:
            break
        if isinstance(act, Pause):
            yield act.seconds
        elif isinstance(act, Fail):
            error = {"type": "server_error", "code": act.code, "message": act.message}
            response.halted = Halt("failed", {"type": "failed", "error": error})
        else:
            if index == 0:
                response.given = _given(response.request)
                response.cached = response.given.cached_from(response.request.earlier)
            yield from _item(context, response, index, act)
            index += 1


def _given(request: Request) -> TokenCount:
    tools = json.dumps(request.tools) if request.tools else ""
    head = TokenCount(text=text_tokens(request.instructions) + text_tokens(tools))
    return sum((item.tokens() for item in request.context), head)


def _item(context: ResponseContext, response: RunningResponse, index: int, act: Act) -> Steps:
    if isinstance(act, RemoteCall):
        yield from _remote(context, response, index, act)
        return
    item = Item(context.ids.new("item"), _opened(context, act))
    response.output.append(item)
    place = {"response_id": response.request.id, "output_index": index}
    shown = context.conversation.shown(item)
    before = context.conversation.append(item) if response.request.in_conversation else None
    yield {"type": "response.output_item.added", **place, "item": shown}
    if response.request.in_conversation:
        yield {"type": "conversation.item.added", "previous_item_id": before, "item": copied(shown)}
    inside = {"response_id": response.request.id, "item_id": item.id, "output_index": index}
    if isinstance(act, Call):
        yield from _arguments(context, response, item, inside, act)
    elif isinstance(act, Say):
        yield from _message(context, response, item, inside, act)
    if item.body["status"] == "in_progress":
        item.body["status"] = "incomplete"
    shown = context.conversation.shown(item)
    if response.request.in_conversation:
        yield {"type": "conversation.item.done", "previous_item_id": before, "item": copied(shown)}
    yield {"type": "response.output_item.done", **place, "item": shown}


def _remote(context: ResponseContext, response: RunningResponse, index: int, call: RemoteCall) -> Steps:
    """Call a tool server; the arguments come before the call begins, and its outcome stands in the item."""
    named = {"server_label": call.server, "name": call.name, "arguments": ""}
    outcome = {"approval_request_id": None, "output": None, "error": None}
    item = Item(context.ids.new("item"), {"type": "mcp_call", **named, **outcome})
    response.output.append(item)
    place = {"response_id": response.request.id, "output_index": index}
    before = context.conversation.append(item) if response.request.in_conversation else None
    yield {"type": "response.output_item.added", **place, "item": context.conversation.shown(item)}
    if response.request.in_conversation:
        yield {
            "type": "conversation.item.added",
            "previous_item_id": before,
            "item": context.conversation.shown(item),
        }
    inside = {**place, "item_id": item.id}
    for at in range(0, len(call.arguments), ARGUMENT_PIECE):
        piece = call.arguments[at : at + ARGUMENT_PIECE]
        if response.halted or not response.affords(TokenCount(text=text_tokens(piece))):
            break
        item.body["arguments"] += piece
        yield {"type": "response.mcp_call_arguments.delta", **inside, "delta": piece}
    yield {"type": "response.mcp_call_arguments.done", **inside, "arguments": item.body["arguments"]}
    about = {"output_index": index, "item_id": item.id}
    yield {"type": "response.mcp_call.in_progress", **about}
    item.body |= context.tool_servers.call(call.server, call.name, item.body["arguments"])
    yield {"type": f"response.mcp_call.{'completed' if item.body['error'] is None else 'failed'}", **about}
    shown = context.conversation.shown(item)
    if response.request.in_conversation:
        yield {"type": "conversation.item.done", "previous_item_id": before, "item": copied(shown)}
    yield {"type": "response.output_item.done", **place, "item": shown}


def _opened(context: ResponseContext, act: Act) -> Event:
    if isinstance(act, Call):
        call_id = context.ids.new("call")
        named = {"name": act.name, "call_id": call_id, "arguments": ""}
        return {"type": "function_call", "status": "in_progress", **named}
    return {"type": "message", "status": "in_progress", "role": "assistant", "content": []}


def _arguments(context: ResponseContext, response: RunningResponse, item: Item, inside: Event, call: Call) -> Steps:
    inside = {**inside, "call_id": item.body["call_id"]}
    whole = call.arguments
    pieces = [whole[at : at + ARGUMENT_PIECE] for at in range(0, len(whole), ARGUMENT_PIECE)]
    for piece in pieces:
        if response.halted or not response.affords(TokenCount(text=text_tokens(piece))):
            break
        item.body["arguments"] += piece
        delta = {"type": "response.function_call_arguments.delta", **inside, "delta": piece}
        yield delta, context.pace.between_deltas(0, len(pieces))
    else:
        item.body["status"] = "completed"
    call_fields = {"name": call.name, "arguments": item.body["arguments"]}
    yield {"type": "response.function_call_arguments.done", **inside, **call_fields}


def _message(context: ResponseContext, response: RunningResponse, item: Item, inside: Event, act: Say) -> Steps:
    spoken = "audio" in response.request.modalities
    key, kind = ("transcript", "audio") if spoken else ("text", "text")
    inside = {**inside, "content_index": 0}
    content = {"type": f"output_{kind}", key: ""}
    item.body["content"].append(content)
    if spoken:
        name = _format_name(context, response)
        item.sound[0] = PartAudio(0, recorded(act.voice, name), name)
        pieces = audio_chunks(act, name, context.delta_ms)
    else:
        pieces = [AudioChunk(word) for word in words(act.text)]
    yield {"type": "response.content_part.added", **inside, "part": {"type": kind, key: ""}}
    sent: list[str] = []
    for piece in pieces:
        if response.halted or not response.affords(_cost(piece)):
            break
        sent.append(piece.word)
        if key in content:  # a client may truncate what is still being sent
            content[key] = "".join(sent)
        yield from _chunk_events(context, response, item, inside, piece, len(pieces))
    if not response.halted:
        item.body["status"] = "completed"
    whole = "".join(sent)
    if spoken:
        yield {"type": "response.output_audio.done", **inside}
        yield {"type": "response.output_audio_transcript.done", **inside, "transcript": whole}
    else:
        yield {"type": "response.output_text.done", **inside, "text": whole}
    yield {"type": "response.content_part.done", **inside, "part": {"type": kind, key: whole}}


def _cost(piece: AudioChunk) -> TokenCount:
    return TokenCount(text_tokens(piece.word), WORD_MS // ASSISTANT_TOKEN_MS if piece.voice else 0)


def _chunk_events(
    context: ResponseContext, response: RunningResponse, item: Item, inside: Event, piece: AudioChunk, pieces: int
) -> Steps:
    """Send one piece; after an interruption not one more sound of it is sent."""
    sound = item.sound.get(0)
    if sound is None:
        text_delta = {"type": "response.output_text.delta", **inside, "delta": piece.word}
        yield text_delta, context.pace.between_deltas(0, pieces)
        return
    if piece.word:
        yield {"type": "response.output_audio_transcript.delta", **inside, "delta": piece.word}
    context.settings.voice_was_sent = True
    events = len(piece.voice) + bool(piece.word)  # their own gaps are part of the time that the sound takes
    rest = context.pace.between_deltas(WORD_MS, pieces) - events * context.pace.value.gap
    wait = max(0.0, rest) / max(1, len(piece.voice))
    for delta in piece.voice:
        if response.halted:
            return
        sound.milliseconds += delta.milliseconds
        yield {"type": "response.output_audio.delta", **inside, "delta": delta.text}, wait


def _format_name(context: ResponseContext, response: RunningResponse) -> str:
    name = context.dialect.audio_format(response.request.output_format)
    return name if name in FORMATS else "pcm16"
