"""Frames noted as objects, each with its direction and its payload, whatever the fields are called.

    {"frames": [{"direction": "sent", "data": {...}}, ...]}          one conversation
    {"sessions": [{"frames": [...]}, {"frames": [...]}]}             several
    {"type": "send", "data": "{...}", "time": 1700000000.5}          one on a line

WebSocket cassettes (LiteLLM keeps such JSON), recordings of mock servers and logs of gateways look so.  Where the
directions of most events contradict their types, the recorder sat at the server's side, and they are turned round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from io import BufferedReader
from typing import Any

from conformance.trace import json_text
from conformance.trace.formats.recording import (
    DIRECTIONS,
    DIRECTIONS_GUESSED,
    Recording,
    RecordingFormat,
    cut_audio_marked,
    document,
    frame,
    numbered,
    session_id,
    whole,
)
from conformance.trace.frames import mapping, string, whole_number
from conformance.trace.trace import CONTROL, Direction, End, EndKind, Entry, FrameKind, Trace
from conformance.trace.trace_reader import direction_by_type

#: Where a list of frames may lie in an object, and a list of conversations.
FRAMES = ("interactions", "frames", "messages", "events", "entries", "recording")
SESSIONS = ("sessions", "connections", "recordings", "conversations", "cassettes", "fixtures")
#: Under which of its keys a frame has its direction, its payload, and its time.
DIRECTION = ("direction", "dir", "type", "from", "side")
PAYLOAD = ("event", "data", "payload", "message", "msg", "frame", "body", "json", "content", "text", "binary_b64")
TIME = ("at", "t", "time", "timestamp", "ts")
#: What recorders put in the place of what they took out.
REPLACED = ("<client-id-", "<scrubbed>")
SENT = {Direction.CLIENT: "sent", Direction.SERVER: "received"}
#: The close code of a conversation that came to its end as it should.
NORMAL = 1000
#: Lists of frames lie no deeper in a document.
DEEPEST = 6
#: Times larger than this count from an epoch.
EPOCH = 1e8
MILLISECONDS = 1e11


def recognises(head: bytes) -> bool:
    """Return whether a file begins as one JSON object over several lines."""
    return head.startswith(b"{") and head[: head.find(b"\n")].strip() == b"{"


def read(file: BufferedReader, where: str) -> Iterator[Recording]:
    """Yield every conversation of the document."""
    yield from recordings(document(whole(file, where), where), where)


def recordings(value: Any, where: str) -> Iterator[Recording]:
    """Yield every conversation in a JSON value; TraceError where there is none."""
    lists = list(frame_lists(value))
    found = [trace for frames in lists for trace in traces_of(frames)]
    if not any(_direction(mapping(each)) for frames in lists for each in frames):
        yield from numbered(found, where, DIRECTIONS_GUESSED)
    elif found and all(_from_the_servers_side(each) for each in found):
        yield from numbered(map(_turned_round, found), where, "the directions were recorded at the server's side")
    else:
        yield from numbered(found, where)


def frame_lists(value: Any, depth: int = 0) -> Iterator[list[Any]]:
    """Yield the lists of frames in a document: one for each conversation."""
    if isinstance(value, list) and any(_is_frame(each) for each in value):
        yield value
    elif depth < DEEPEST:
        named = (mapping(value).get(name) for name in (*FRAMES, *SESSIONS))
        for inner in value if isinstance(value, list) else named:
            if isinstance(inner, list | dict):
                yield from frame_lists(inner, depth + 1)


def _is_frame(value: Any) -> bool:
    return isinstance(value, dict) and (_direction(value) is not None or isinstance(value.get("type"), str))


def traces_of(frames: Iterable[Any]) -> Iterator[Trace]:
    """Yield the conversations of one list: another begins after a close, and where another session is opened."""
    entries: list[Entry] = []
    opened, end = "", None
    for each in map(mapping, frames):
        if _closes(each):
            end = _end(each)
            continue
        entry = _entry(len(entries), each)
        if end is not None or (session_id(entry) and opened and session_id(entry) != opened):
            yield _trace(entries, end)
            entries, opened, end, entry = [], "", None, replace(entry, index=0)
        opened = session_id(entry) or opened
        entries.append(entry)
    yield _trace(entries, end)


def _trace(entries: list[Entry], end: End | None) -> Trace:
    times = [entry.at for entry in entries if entry.at is not None]
    if times and times[0] > EPOCH:
        unit = 1000 if times[0] > MILLISECONDS else 1
        entries = [replace(each, at=round((each.at - times[0]) / unit, 6)) if each.at else each for each in entries]
    return Trace(cut_audio_marked(entries), end=end)


def _closes(each: Mapping[str, Any]) -> bool:
    return each.get("kind") == "close" or (each.get("type") == "close" and "event_id" not in each)


def _end(each: Mapping[str, Any]) -> End:
    by = _direction(each) or Direction.SERVER
    return End(EndKind.CLOSED, by, whole_number(each.get("code")), string(each.get("reason")) or "", at=_time(each))


def _entry(index: int, each: Mapping[str, Any]) -> Entry:
    direction = _direction(each)
    if direction is None:
        made = frame(index, direction_by_type(each), None, dict(each))
    else:
        payload = next((each[name] for name in PAYLOAD if each.get(name) is not None), None)
        made = frame(index, direction, _time(each), payload, _kind(each))
    told = str(made.event)
    cut = any(mark in told for mark in REPLACED)
    return replace(made, elided=cut, ids_elided=cut) if cut else made


def _kind(each: Mapping[str, Any]) -> FrameKind:
    if each.get("kind") in CONTROL:
        return FrameKind(each["kind"])
    return FrameKind.BINARY if each.get("binary") or each.get("opcode") == "binary" else FrameKind.TEXT


def _direction(each: Mapping[str, Any]) -> Direction | None:
    told = (each.get(name) for name in DIRECTION)
    return next((DIRECTIONS[value] for value in told if isinstance(value, str) and value in DIRECTIONS), None)


def _time(each: Mapping[str, Any]) -> float | None:
    value = next((each[name] for name in TIME if name in each), None)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _from_the_servers_side(trace: Trace) -> bool:
    typed = [entry for entry in trace if "." in entry.type]
    contrary = sum(direction_by_type(entry.event or {}) is not entry.direction for entry in typed)
    return contrary * 2 > len(typed)


def _turned_round(trace: Trace) -> Trace:
    other = {Direction.CLIENT: Direction.SERVER, Direction.SERVER: Direction.CLIENT}
    return replace(trace, entries=tuple(replace(each, direction=other[each.direction]) for each in trace))


def plain_frames(traces: Sequence[Trace]) -> dict[str, Any]:
    """Return conversations as plain data: `interactions` of one, or `sessions` of several."""
    told = [[*map(_message, trace), *_closing(trace.end)] for trace in traces]
    if len(told) == 1:
        return {"version": 1, "interactions": told[0]}
    return {"version": 1, "sessions": [{"interactions": each} for each in told]}


def _message(entry: Entry) -> dict[str, Any]:
    at = {"at": entry.at} if entry.at is not None else {}
    data = entry.event if entry.event is not None else entry.text
    binary = {"binary": True} if entry.kind is FrameKind.BINARY else {}
    kind = entry.kind if entry.kind in CONTROL else "message"
    return {"kind": str(kind), "direction": SENT[entry.direction], **at, **binary, "data": data}


def _closing(end: End | None) -> list[dict[str, Any]]:
    if end is None or end.kind is not EndKind.CLOSED:
        return []
    at = {"at": end.at} if end.at is not None else {}
    by = {"direction": SENT[end.by]} if end.by is not None else {}
    told = {"kind": "close", **by, "code": end.code, "reason": end.reason}
    return [{**told, "ok": end.code == NORMAL, **at}]


def write(traces: Sequence[Trace]) -> bytes:
    """Return the conversations as one JSON document."""
    return json_text.dumps(plain_frames(traces), indent=True)


FRAME_LOG = RecordingFormat("frames", "a list of frames in JSON", recognises, read, write, ".json")
