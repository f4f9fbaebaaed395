"""The questions that tell which optional features an endpoint offers: events that ask, and what answers them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from conformance.contract.dialect import Dialect
from conformance.contract.facts import reflects
from conformance.play.progress import named_by
from conformance.scenario.audio import silence
from conformance.trace.trace import Event

ITEM = "discovery_item"
TOOL = {
    "type": "function",
    "name": "get_time",
    "description": "Tell the time.",
    "parameters": {"type": "object", "properties": {}},
}
#: The smallest picture.
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


Question = Callable[[Dialect], list[Event]]


def setting(**settings: object) -> Question:
    """Make the question whether a session can be set so (canonical settings)."""
    return lambda dialect: [{"type": "session.update", "session": dialect.session(settings)}]


def _appended(_dialect: Dialect) -> list[Event]:
    audio = base64.b64encode(silence(100, "pcm16")).decode()
    return [{"type": "input_audio_buffer.append", "audio": audio}, {"type": "input_audio_buffer.clear"}]


def _about_item(kind: str) -> Question:
    content = [{"type": "input_text", "text": "Discovery."}]
    item = {"id": ITEM, "type": "message", "role": "user", "content": content}
    made = {"type": "conversation.item.create", "item": item}
    return lambda _dialect: [made, {"type": kind, "item_id": ITEM}]


def _picture(_dialect: Dialect) -> list[Event]:
    content = [{"type": "input_image", "image_url": PIXEL}]
    return [{"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": content}}]


def _only(kind: str) -> Question:
    return lambda _dialect: [{"type": kind, "item_id": "discovery_nothing", "content_index": 0, "audio_end_ms": 0}]


def _cancel(_dialect: Dialect) -> list[Event]:
    return [{"type": "response.cancel"}]


def _out_of_band(dialect: Dialect) -> list[Event]:
    """Ask for a response to an item that is not there: it is refused before anything is spent."""
    nothing = [{"type": "item_reference", "id": "discovery_nothing"}]
    settings = {"conversation": "none", "input": nothing, "modalities": "text", "max_output_tokens": 1}
    return [{"type": "response.create", "response": dialect.response(settings)}]


#: Feature -> the question; a refusal of its last event is a refusal of the feature (but see DECIDED_BY).
QUESTIONS: Mapping[str, Question] = {
    "tools": setting(tools=[TOOL], tool_choice="auto"),
    "semantic_vad": setting(turn_detection={"type": "semantic_vad"}),
    "server_vad": setting(turn_detection={"type": "server_vad"}),
    "idle_timeout": setting(turn_detection={"type": "server_vad", "idle_timeout_ms": 30000}),
    "text_output": setting(modalities="text"),
    "audio_output": setting(modalities="audio"),
    "input_audio": _appended,
    "retrieve": _about_item("conversation.item.retrieve"),
    "delete": _about_item("conversation.item.delete"),
    "images": _picture,
    "truncate": _only("conversation.item.truncate"),
    "cancel": _cancel,
    "out_of_band": _out_of_band,
    "token_limits": setting(
        truncation={"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 400}}
    ),
    "logprobs": setting(include=["item.input_audio_transcription.logprobs"]),
    "g711": setting(input_format="g711_ulaw"),
}
#: Feature -> the number of the event whose refusal is one of the feature, where that is not the last.
DECIDED_BY: Mapping[str, int] = {"input_audio": 0}
#: Codes that say that an item was not found, which is no lack of a feature.
NO_SUCH_ITEM = ("invalid_item_id", "item_not_found", "unknown_item", "no such item", "not found")
#: Feature -> the only revision that has it.
ONLY: Mapping[str, str] = {"idle_timeout": "ga", "images": "ga", "translation": "ga", "token_limits": "ga"}
#: Feature -> how a connection asks for it.
KNOCKS: Mapping[str, Mapping[str, str]] = {
    "subprotocol": {"auth": "subprotocol"},
    "transcription_session": {"intent": "transcription"},
    "translation": {"intent": "translation"},
}


def transcribes(opened: Event) -> bool:
    """Return whether the first event of a session says that it is one for transcription."""
    session = opened.get("session")
    typed = isinstance(session, dict) and session.get("type") == "transcription"
    return typed or opened.get("type") == "transcription_session.created"


def _for_transcription(dialect: Dialect) -> list[Event]:
    typed = "type" in dialect.session({})
    session = {**dialect.session({}), **({"type": "transcription"} if typed else {})}
    return [{"type": "session.update" if typed else "transcription_session.update", "session": session}]


#: Feature of KNOCKS -> how its session says so, and what is asked of one that does not: who passes over the wish
#: of the upgrade, as servers do with parameters that they do not know, and refuses this, does not have the feature.
CONFIRMED: Mapping[str, tuple[Callable[[Event], bool], Question]] = {
    "transcription_session": (transcribes, _for_transcription),
}
#: These are refused in any case here: only a refusal of the event type itself says that the feature is missing.
REFUSED_ANYWAY = frozenset({"truncate", "cancel", "out_of_band"})
#: Feature -> the event that shows it; settings are shown by a session that reflects them.
SHOWN_BY: Mapping[str, str] = {
    "input_audio": "input_audio_buffer.cleared",
    "retrieve": "conversation.item.retrieved",
    "delete": "conversation.item.deleted",
    "images": "conversation.item.added",
}
#: How endpoints say that they do not know an event type at all.
UNKNOWN_TYPE = ("not_implemented", "not implemented", "unsupported", "not support", "unknown_event", "unknown event")
#: The reference endpoint says so in its answer; nobody else fails on request.
FAILS_ON_REQUEST = "realtime-conformance"


def shown(feature: str, asked: Event, heard: list[Event]) -> bool:
    """Return whether an endpoint that did not refuse a feature has shown it, when it was *asked*."""
    if feature in REFUSED_ANYWAY:
        return any(event.get("type") == "error" and named_by(event) == asked["event_id"] for event in heard)
    if feature in SHOWN_BY:
        return any(event.get("type") == SHOWN_BY[feature] for event in heard)
    return any(
        event.get("type") == "session.updated" and reflects(asked["session"], event.get("session")) for event in heard
    )


def refuses(feature: str, error: Event) -> bool:
    """Return whether an error in answer to the question says that the feature is missing."""
    text = told(error).lower()
    if any(each in text for each in NO_SUCH_ITEM):
        return False
    unknown_type = named_parameter(error) == "type" or any(each in text for each in UNKNOWN_TYPE)
    return unknown_type or feature not in REFUSED_ANYWAY


def named_parameter(event: Event) -> object:
    """Return the parameter that an error names."""
    error = event.get("error")
    return error.get("param") if isinstance(error, dict) else None


def told(event: Event) -> str:
    """Return code and message of an error; empty if it has none."""
    error = event.get("error")
    return f"{error.get('code') or error.get('type')}: {error.get('message')}" if isinstance(error, dict) else ""
