"""What an endpoint offers and what not, told by itself.

A cheap session asks for every optional feature, and a expect_refusal for each that begins with the upgrade.

Only a proper refusal counts as lacking: an `error` in answer to the question.  Only a proper answer counts as offered.
Silence, or an acknowledgement of something else, is neither but a fault, and stays for the rules to find.  Nothing here
asks for a response, so nothing is spent.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from conformance.contract.dialect import Dialect
from conformance.contract.facts import reflects
from conformance.play.auth import carries
from conformance.play.connection import Connector
from conformance.play.environment import EnvironmentTrouble
from conformance.play.recorded_connection import RecordedConnection
from conformance.play.recorder import Recorder
from conformance.play.target import Target
from conformance.scenario.audio import silence
from conformance.scenario.commands import Close, Event, ModelDidNot, Open, Send, Silence, Unmet, Wait
from conformance.secrets import Scrubber
from conformance.trace.trace import Direction, EndKind, Trace

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


@dataclass(frozen=True)
class Discovery:
    """What was found."""

    trace: Trace = field(default_factory=Trace)
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Feature -> how the endpoint refused it."""
    offered: frozenset[str] = frozenset()
    """Features that it was seen to have."""
    complete: bool = True
    """False where the session ended before every feature was asked for."""


Question = Callable[[Dialect], list[Event]]


def _setting(**settings: object) -> Question:
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


#: Feature -> the question; a refusal of the last event is a refusal of the feature.
QUESTIONS: Mapping[str, Question] = {
    "tools": _setting(tools=[TOOL], tool_choice="auto"),
    "transcription": _setting(transcription={"model": "whisper-1"}),
    "semantic_vad": _setting(turn_detection={"type": "semantic_vad"}),
    "server_vad": _setting(turn_detection={"type": "server_vad"}),
    "idle_timeout": _setting(turn_detection={"type": "server_vad", "idle_timeout_ms": 30000}),
    "audio_output": _setting(modalities="audio"),
    "input_audio": _appended,
    "retrieve": _about_item("conversation.item.retrieve"),
    "delete": _about_item("conversation.item.delete"),
    "images": _picture,
    "truncate": _only("conversation.item.truncate"),
    "cancel": _cancel,
    "out_of_band": _out_of_band,
    "g711": _setting(input_format="g711_ulaw"),
}
#: Feature -> the only revision that has it.
ONLY: Mapping[str, str] = {"idle_timeout": "ga", "images": "ga"}
#: Feature -> how a connection asks for it.
KNOCKS: Mapping[str, Mapping[str, str]] = {
    "subprotocol": {"auth": "subprotocol"},
    "transcription_session": {"intent": "transcription"},
}
#: Connections of a discovery.
SESSIONS = 1 + len(KNOCKS)
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


async def discover(connector: Connector, target: Target, scrub: Scrubber) -> Discovery:
    """Ask for each feature; an endpoint that breaks off has told nothing more."""
    line = RecordedConnection(connector, target, Recorder("discovery", target.dialect.name, scrub))
    lacking: dict[str, str] = {}
    offered: set[str] = set()
    complete = False
    try:
        reply = await line.carry_out(Open())
        if not _fails_on_request(line):
            lacking["scripted_failure"] = "only the reference endpoint fails on request"
        if not reply.refused:
            for feature, question in QUESTIONS.items():
                if target.dialect.name != ONLY.get(feature, target.dialect.name):
                    continue
                began, events = len(line.recorder.entries), question(target.dialect)
                if refusal := await _asked(line, feature, events):
                    lacking[feature] = scrub.shown(refusal)
                elif _shown(feature, events[-1], _heard_since(line, began)):
                    offered.add(feature)
            await line.carry_out(Close())
            for feature, options in KNOCKS.items():
                if not carries(options.get("auth", target.auth), target.key):
                    continue
                answer = await _knocked(connector, target, scrub, options)
                if answer:
                    lacking[feature] = scrub.shown(answer)
                elif answer is not None:
                    offered.add(feature)
            complete = True
    except (Unmet, Silence, ModelDidNot, EnvironmentTrouble):
        complete = False
    finally:
        await line.abandon()
    return Discovery(scrub.trace(line.result()), lacking, frozenset(offered), complete)


async def _knocked(connector: Connector, target: Target, scrub: Scrubber, options: Mapping[str, str]) -> str | None:
    """Connect, and say how that was refused: empty if it was not, None if nothing was said about it."""
    line = RecordedConnection(connector, target, Recorder("discovery", target.dialect.name, scrub))
    try:
        reply = await line.carry_out(Open(options))
    except (Unmet, Silence, ModelDidNot, EnvironmentTrouble):
        return None
    finally:
        await line.abandon()
    if reply.event.get("type") == "error":
        return _told(reply.event.get("error"))
    if reply.event.get("type") in ("session.created", "transcription_session.created"):
        return ""
    end = line.recorder.trace.end
    return reply.refused if end is not None and end.kind is EndKind.REFUSED else None


def _told(error: object) -> str:
    """Give code and message of an error; empty if it has none."""
    return f"{error.get('code') or error.get('type')}: {error.get('message')}" if isinstance(error, dict) else ""


def _fails_on_request(line: RecordedConnection) -> bool:
    handshake = line.recorder.trace.handshake
    return handshake is not None and handshake.response_headers.get("server", "").startswith(FAILS_ON_REQUEST)


async def _asked(line: RecordedConnection, feature: str, events: list[Event]) -> str:
    """Ask, let a barrier show that the answer has come, and give the refusal; empty if there was none."""
    last = ""
    for number, event in enumerate(events):
        last = f"discover_{feature}_{number}"
        event["event_id"] = last
        await line.carry_out(Send(event))
    barrier = {"type": "session.update", "event_id": f"discover_{feature}_barrier"}
    await line.carry_out(Send({**barrier, "session": line.target.dialect.session({})}))
    owed = 1 + sum(event["type"] == "session.update" for event in events)
    answers: list[Event] = []
    while owed and not any(_names(event, barrier["event_id"]) for event in answers):
        reply = await line.carry_out(Wait(lambda kind, _event: kind in ("session.updated", "error"), "session.updated"))
        answers.append(reply.event)
        refused_update = any(_names(reply.event, f"discover_{feature}_{i}") for i in range(len(events)))
        owed -= reply.event.get("type") == "session.updated" or (refused_update and owed > 1)
    return next((text for event in answers if (text := _refusal(event, last, feature))), "")


def _heard_since(line: RecordedConnection, began: int) -> list[Event]:
    entries = line.recorder.entries[began:]
    return [entry.event for entry in entries if entry.direction is Direction.SERVER and entry.event is not None]


def _shown(feature: str, asked: Event, heard: list[Event]) -> bool:
    """Tell whether an endpoint that did not refuse a feature has shown it."""
    if feature in REFUSED_ANYWAY:
        return any(event.get("type") == "error" and _names(event, asked["event_id"]) for event in heard)
    if feature in SHOWN_BY:
        return any(event.get("type") == SHOWN_BY[feature] for event in heard)
    return any(
        event.get("type") == "session.updated" and reflects(asked["session"], event.get("session")) for event in heard
    )


def _names(event: Event, event_id: str) -> bool:
    error = event.get("error")
    return isinstance(error, dict) and error.get("event_id") == event_id


def _refusal(event: Event, event_id: str, feature: str) -> str:
    """Give code and message of an error that refuses the feature."""
    error = event.get("error")
    if not isinstance(error, dict) or not _names(event, event_id):
        return ""
    text = _told(error)
    known_type = error.get("param") != "type" and not any(each in text.lower() for each in UNKNOWN_TYPE)
    return "" if feature in REFUSED_ANYWAY and known_type else text
