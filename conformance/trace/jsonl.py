"""A trace as JSON lines: dump and load.

The first line of our own form is a header, the last one the end (`schemas/harness/trace.json`).
The loader also takes the simple form that recorders write (`direction`, `t`, `event`, with `_elided`,
`_ids_elided`, `_gap`, `_close`, `_raw_text`, `_raw_binary_bytes`), and a bare list of events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from conformance.errors import TraceError
from conformance.trace import json_text
from conformance.trace.trace import End, Entry, FrameKind, Trace
from conformance.trace.trace_reader import FORMAT, FORMAT_VERSION, TraceReader
from conformance.trace.whole_file import in_place_of

FLAGS = ("elided", "ids_elided", "gap", "deliberate", "leaked")


def dumps(trace: Trace) -> bytes:
    """Write *trace* in our own form, a JSON object a line."""
    return b"".join(lines_of(trace))


def lines_of(trace: Trace) -> Iterator[bytes]:
    """Return the lines of *trace*, made one by one: nobody needs to hold them all."""
    return chain((header_line(trace),), map(entry_line, trace.entries), map(end_line, filter(None, (trace.end,))))


def header_line(trace: Trace) -> bytes:
    """Return the line with which a trace begins."""
    return _line(_header(trace))


def entry_line(entry: Entry) -> bytes:
    """Return the line of one frame."""
    return _line(_entry(entry))


def end_line(end: End) -> bytes:
    """Return the line with which a trace ends."""
    return _line(_end(end))


def _line(line: dict[str, Any]) -> bytes:
    try:
        return json_text.dumps(line) + b"\n"
    except json_text.TooDeep as error:
        left = {name: value for name, value in line.items() if name != "event"}
        return json_text.dumps({**left, "text": "", "elided": True, "note": str(error)}) + b"\n"


def dump(trace: Trace, path: Path) -> None:
    """Write *trace* to *path*, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_place_of(path) as file:
        file.writelines(lines_of(trace))


def _header(trace: Trace) -> dict[str, Any]:
    header: dict[str, Any] = {"format": FORMAT, "version": FORMAT_VERSION, "name": trace.name, "dialect": trace.dialect}
    if trace.intent:
        header["intent"] = dict(trace.intent)
    if trace.handshake is not None:
        hand = trace.handshake
        header["handshake"] = {
            "url": hand.url,
            "auth": hand.auth,
            "credential": hand.credential,
            "model": hand.model,
            "request_headers": list(hand.request_headers),
            "offered_subprotocols": list(hand.offered_subprotocols),
            "status": hand.status,
            "response_headers": dict(hand.response_headers),
            "subprotocol": hand.subprotocol,
            "body": hand.body,
            **({"leaked": list(hand.leaked)} if hand.leaked else {}),
            **({"seconds": round(hand.seconds, 6)} if hand.seconds is not None else {}),
        }
    return header


def _end(end: End) -> dict[str, Any]:
    return {
        "end": end.kind,
        "by": end.by,
        "code": end.code,
        "reason": end.reason,
        "awaiting": end.awaiting,
        "t": end.at,
        "graceful": end.graceful,
        **({"leaked": True} if end.leaked else {}),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {"direction": entry.direction, "t": entry.at, "size": entry.size}
    if entry.event is not None:
        line["event"] = entry.event
    if entry.text is not None:
        line["text"] = entry.text
    if entry.kind is not FrameKind.TEXT:
        line["kind"] = entry.kind
    for flag in FLAGS:
        if getattr(entry, flag):
            line[flag] = True
    if entry.note:
        line["note"] = entry.note
    return line


def load(path: Path) -> Trace:
    """Read the trace in *path*; TraceError says which line is wrong and how."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror or error}") from error
    trace = loads(data, str(path))
    return trace if trace.name else replace(trace, name=path.stem)


def loads(data: bytes, where: str = "trace") -> Trace:
    """Read a trace from JSON lines in any of the three forms; *where* names the source in errors."""
    builder = TraceReader(where)
    for number, line in enumerate(_json_values(data, where), 1):
        builder.take(line, number)
    if builder.empty:
        raise TraceError(f"{where}: holds no events", "Each line is {direction, t, event}, or one event.")
    return builder.trace()


def _json_values(data: bytes, where: str) -> Iterable[Any]:
    text = data.strip()
    if text.startswith(b"["):
        try:
            values = json_text.loads(text)
        except ValueError as error:
            raise TraceError(f"{where}: not JSON: {error}") from error
        yield from values
        return
    for number, line in filter(lambda each: each[1].strip(), enumerate(text.splitlines(), 1)):
        try:
            yield json_text.loads(line)
        except ValueError as error:
            raise TraceError(
                f"{where}:{number}: not JSON: {error}", "A trace is JSON lines: one JSON object a line."
            ) from error
