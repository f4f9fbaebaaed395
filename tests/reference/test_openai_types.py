"""What the reference says, in the eyes of the official client's types."""

from __future__ import annotations

import base64
import typing
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.reference.audio.sound import tone
from conformance.reference.session.quirks import QUIRKS

pytestmark = pytest.mark.skipif(not find_spec("openai"), reason="the official client is a development dependency")

#: Where the types are: the package takes a second to import, for every process that only collects.
TYPES = {"ga": "openai.types.realtime", "beta": "openai.types.beta.realtime"}

#: Fields that the recordings of real endpoints have and the package's types do not know yet.
ON_THE_WIRE = {
    "ga": {"session.expires_at", "session.id", "session.object"},
    "beta": {
        "name",
        "response.usage.input_token_details.cached_tokens_details",
        "response.usage.input_token_details.image_tokens",
        "session.client_secret",
        "session.expires_at",
        "session.id",
        "session.include",
        "session.input_audio_noise_reduction",
        "session.object",
        "session.prompt",
        "session.truncation",
        "session.turn_detection.idle_timeout_ms",
    },
}
#: The same with quirks, in either revision.
QUIRKY = {
    "content",
    "item.phase",
    "obfuscation",
    "response.output.phase",
    "response.usage.output_token_details.reasoning_tokens",
}
#: The package's type demands what its own text says a WebSocket never sends.
ONLY_OVER_REST = {"client_secret": {"value": "ek_none", "expires_at": 0}}
#: The package has no type for it.
UNTYPED = {"beta": {"transcription_session.created"}, "ga": set()}


@cache
def models(dialect):
    union = import_module(TYPES[dialect]).RealtimeServerEvent
    return {
        typing.get_args(each.model_fields["type"].annotation)[0]: each
        for each in typing.get_args(typing.get_args(union)[0])
        if hasattr(each, "model_fields")
    }


def unknown_fields(model, path=""):
    """Dotted paths of what a model was given and does not know."""
    for name, value in model:
        where = f"{path}.{name}" if path else name
        if name in (model.model_extra or {}):
            yield where
            continue
        for each in value if isinstance(value, list) else [value]:
            if hasattr(type(each), "model_fields"):
                yield from unknown_fields(each, where)


def tour(talk):
    """Hear every kind of event that the reference can send in a conversation."""
    tool = {"type": "function", "name": "look_it_up", "description": "", "parameters": {"type": "object"}}
    talk.update(tools=[tool], transcription={"model": "gpt-4o-transcribe"}, turn_detection={"type": "semantic_vad"})
    sound = base64.b64encode(tone("pcm16", 600) + bytes(96_000)).decode()
    talk.send("input_audio_buffer.append", audio=sound).hear()
    talk.update(transcription={"model": "nobody"}, turn_detection={"type": "server_vad"})
    talk.send("input_audio_buffer.append", audio=sound).hear()
    talk.update(transcription={"model": "whisper-1"}, turn_detection=None)
    talk.send("input_audio_buffer.append", audio=sound).send("input_audio_buffer.commit").hear()
    talk.send("input_audio_buffer.clear").hear()
    call = talk.only(talk.turn("Call look_it_up"), "response.function_call_arguments.done")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "42"}
    talk.send("conversation.item.create", item=output).respond(modalities="text").hear()
    spoken = talk.only(talk.turn("Hello", metadata={"a": "b"}), "response.output_item.done")["item"]["id"]
    talk.send("conversation.item.retrieve", item_id=spoken).hear()
    talk.send("conversation.item.truncate", item_id=spoken, content_index=0, audio_end_ms=100).hear()
    talk.send("conversation.item.retrieve", item_id=spoken).hear()
    talk.send("conversation.item.delete", item_id=spoken).hear()
    talk.say("Count from 1 to 100").respond(max_output_tokens=30, modalities="text").hear()
    talk.respond().hear_until("response.output_audio.delta")
    talk.send("response.cancel").hear()
    talk.respond(conversation="none", instructions="Please fail").hear()
    talk.send("response.cancel", event_id="x").hear()
    if talk.dialect.name == "ga":
        talk.update(turn_detection={"type": "server_vad", "idle_timeout_ms": 5000})
        talk.respond().hear_until("input_audio_buffer.timeout_triggered")
    return talk.heard


def dictation(talk):
    """Hear every kind of event that the reference can send in a session that only transcribes."""
    session = talk.dialect.session({"transcription": {"model": "gpt-4o-transcribe"}})
    if talk.dialect.name == "ga":
        talk.send("session.update", session={**session, "type": "transcription"}).hear()
    else:
        talk.send("transcription_session.update", session=session).hear()
    sound = base64.b64encode(tone("pcm16", 600) + bytes(96_000)).decode()
    talk.send("input_audio_buffer.append", audio=sound).hear()
    return talk.heard


@pytest.mark.parametrize("quirks", ["", *QUIRKS])
@pytest.mark.parametrize("intent", ["conversation", "transcription"])
def test_every_event_fits_the_types_of_the_official_client(new_talk, intent, quirks):
    talk = new_talk(intent=intent, quirks=quirks)
    events = tour(talk) if intent == "conversation" else dictation(talk)
    types = models(talk.dialect.name)
    strange = set()
    for event in events:
        spoken = talk.dialect.wire_name(event["type"])
        if spoken in UNTYPED[talk.dialect.name]:
            continue
        if spoken == "transcription_session.updated":
            event["session"] |= ONLY_OVER_REST
        model = types[spoken].model_validate({**event, "type": spoken}, strict=True)
        strange |= set(unknown_fields(model))
    assert strange <= ON_THE_WIRE[talk.dialect.name] | (QUIRKY if quirks else set())


#: Begin the events of sessions that translate.
TRANSLATES = ("session.closed", "session.input_", "session.output_")


def test_the_tour_hears_what_the_revision_has(talk):
    elsewhere = {
        "conversation.created",
        "conversation.item.created",
        "conversation.item.input_audio_transcription.segment",
        "input_audio_buffer.dtmf_event_received",
        "transcription_session.created",
        "transcription_session.updated",
    }
    missing = {
        kind
        for kind in talk.dialect.canonical_server_events
        if kind not in elsewhere and "mcp" not in kind and not kind.startswith(("output_audio_buffer.", *TRANSLATES))
    }
    assert missing <= {event["type"] for event in tour(talk)}


def test_both_revisions_are_known_to_the_package():
    assert {dialect for dialect in TYPES if models(dialect)} == set(DIALECTS)
