"""The excerpt of a conversation around one entry, which has a mark: time, direction, type, short ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.report.inert import one_line
from conformance.report.layout import WIDTH, cut
from conformance.trace.trace import CONTROL, End, EndKind, Entry, FrameKind, Handshake, Trace

#: Entries shown on either side.
AROUND = 3
#: Where the ids of an event lie that tell what it is about, most telling first.
IDS = (
    ("response_id",),
    ("item_id",),
    ("response", "id"),
    ("item", "id"),
    ("error", "code"),
    ("error", "event_id"),
    ("call_id",),
    ("previous_item_id",),
    ("event_id",),
)
#: So many of them are shown.
MOST_IDS = 2
LONGEST_ID = 20


def excerpt(trace: Trace, index: int, around: int = AROUND) -> list[str]:
    """Return the lines around entry *index*; -1 is the handshake, len(trace) the end."""
    first, last = max(0, index - around), min(len(trace), index + around + 1)
    lines = []
    if index < around and trace.handshake is not None:
        lines.append(_line(index < 0, "", None, " ", _upgrade(trace.handshake)))
    elif first:
        lines.append(f"    … {first} earlier")
    lines += [_entry(entry, marked=entry.index == index) for entry in trace.entries[first:last]]
    if last < len(trace):
        lines.append(f"    … {len(trace) - last} later")
    elif trace.end is not None:
        lines.append(_line(index >= len(trace), "", trace.end.at, " ", end_of(trace.end)))
    return lines


def _entry(entry: Entry, *, marked: bool) -> str:
    arrow = "→" if entry.sent else "←"
    return _line(marked, str(entry.index), entry.at, arrow, " ".join((what_is(entry), *ids_of(entry.event or {}))))


def _line(marked: bool, index: str, at: float | None, arrow: str, text: str) -> str:
    time = f"{at:8.3f}" if at is not None else " " * 8
    text = one_line(text)
    return cut(f"{'>' if marked else ' '} {index:>4} {time} {arrow} {text}", WIDTH - 2)


def what_is(entry: Entry) -> str:
    """Name a frame by its type, or say what else it is."""
    if entry.type:
        return entry.type
    if entry.kind is FrameKind.BINARY:
        return f"a binary frame of {entry.size} bytes"
    if entry.kind in CONTROL:
        return str(entry.kind)
    if entry.event is not None:
        return "an object without a type"
    text = " ".join((entry.text or "").split())
    return f"not a JSON object: {text[:40]}"


def ids_of(event: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids that tell what an event is about, shortened."""
    shown = 0
    for path in IDS:
        value: Any = event
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value and shown < MOST_IDS:
            shown += 1
            yield value if len(value) <= LONGEST_ID else value[: LONGEST_ID - 1] + "…"


def _upgrade(handshake: Handshake) -> str:
    answer = f"HTTP {handshake.status}" if handshake.status is not None else "no HTTP answer"
    return f"upgrade with {handshake.auth or 'no auth style'}, key {handshake.credential}: {answer}"


def end_of(end: End) -> str:
    """Say how a conversation ended."""
    who = {"client": "the client", "server": "the endpoint"}.get(end.by or "", "somebody")
    reason = f" ({end.reason})" if end.reason else ""
    return {
        EndKind.CLOSED: f"{who} closed with {end.code}{reason}",
        EndKind.DROPPED: f"{who} broke the connection{reason}",
        EndKind.REFUSED: f"no session: {end.reason}",
        EndKind.TIMEOUT: f"gave up waiting{f' for {end.awaiting}' if end.awaiting else ''}",
    }[end.kind]
