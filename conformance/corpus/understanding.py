"""How much of a conversation is of this protocol: what is not understood is not vouched for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any

from conformance.contract.dialects import DIALECTS

if TYPE_CHECKING:
    from conformance.trace.trace import Entry, Trace

#: Said in many protocols: alone it proves nothing.
GENERIC = frozenset({"error"})
#: What the Responses API shares with this one.
SHARED = "response."


@dataclass(frozen=True)
class OtherProtocol:
    """Another protocol, and what tells it apart."""

    name: str
    types: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    """Keys of events that have no `type`."""


OTHER_PROTOCOLS = (
    OtherProtocol("a GPT-Live session", frozenset({"session.start", "session.started", "session.input_audio.append"})),
    OtherProtocol(
        "a stream of the Responses API",
        frozenset({"response.completed", "response.in_progress", "response.incomplete", "response.failed"}),
    ),
    OtherProtocol(
        "a stream of Anthropic messages", frozenset({"message_start", "content_block_delta", "message_stop"})
    ),
    OtherProtocol(
        "a Gemini Live session", keys=frozenset({"setup", "setupComplete", "serverContent", "realtimeInput"})
    ),
    OtherProtocol(
        "an ElevenLabs conversation",
        frozenset({"conversation_initiation_metadata", "conversation_initiation_client_data", "agent_response"}),
    ),
    OtherProtocol("a Deepgram stream", frozenset({"Results", "SpeechStarted", "UtteranceEnd", "SettingsApplied"})),
    OtherProtocol("an AssemblyAI stream", frozenset({"Begin", "Turn", "Termination"})),
    OtherProtocol("a stream of chat completions", keys=frozenset({"choices"})),
    OtherProtocol("a list of chat messages", keys=frozenset({"role"})),
    OtherProtocol("a JSON-RPC session", keys=frozenset({"jsonrpc"})),
)


@dataclass(frozen=True, slots=True)
class Understanding:
    """How much of a conversation could be understood."""

    known: int
    """Frames that hold an event of a known revision."""
    frames: int
    """Frames that were said in earnest."""
    other_protocol: str = ""
    """What it is instead of a Realtime conversation."""

    @property
    def doubtful(self) -> bool:
        """Whether less than half could be understood."""
        return self.known * 2 < self.frames


@cache
def known_types() -> frozenset[str]:
    """Return every event type of every revision, but those that other protocols have as well."""
    types = (each.client_events | each.server_events for each in DIALECTS.values())
    return frozenset().union(*types) - GENERIC


def understood(trace: Trace) -> Understanding:
    """Count what is of a known revision; a trace of a refused upgrade has nothing to be understood."""
    types, spoken = known_types(), _spoken(trace)
    own = types.intersection(spoken)
    known = frames = sum(spoken[kind] for kind in own)
    if known < len(trace.entries):
        for entry in trace.entries:
            if entry.type in types:
                continue
            if _is_error(entry, ours=trace.dialect in DIALECTS):
                known += 1
            elif entry.deliberate:
                continue
            frames += 1
    shared = all(kind.startswith(SHARED) for kind in own)
    other_protocol = _other_protocol(trace, known) if shared or known * 2 < frames else ""
    return Understanding(known, frames, other_protocol)


def _spoken(trace: Trace) -> Counter[Any]:
    """Return how often each type was spoken, counted without a step of the interpreter for each entry."""
    try:
        return Counter(map(methodcaller("get", "type"), filter(None, map(attrgetter("event"), trace.entries))))
    except TypeError:  # a type is an array or an object
        return Counter(entry.type for entry in trace.entries)


def _is_error(entry: Entry, *, ours: bool) -> bool:
    """Return whether a frame holds an `error` of this protocol; others have such without an id."""
    event = entry.event or {}
    return entry.type == "error" and (ours or "event_id" in event) and isinstance(event.get("error"), dict)


def _other_protocol(trace: Trace, known: int) -> str:
    if trace.dialect in DIALECTS or (not trace.entries and trace.handshake is not None):
        return ""  # we talked to it ourselves, or nothing was said
    types = {entry.type for entry in trace.entries}
    keys = {key for entry in trace.entries if entry.event is not None and not entry.type for key in entry.event}
    for each in OTHER_PROTOCOLS:
        if not (types.isdisjoint(each.types) and keys.isdisjoint(each.keys)):
            return each.name
    if known:
        return ""
    shown = ", ".join(sorted(types - {""})[:3])
    return f"something else (it speaks of {shown})" if shown else "something else (its events have no type)"
