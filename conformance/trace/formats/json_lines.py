"""JSON lines: our own traces, what recorders write, logs of events, and frames in anybody's words.

Our own may stand one after the other in a file: each header begins another conversation.  In a log of bare events,
as the official SDKs print them, another session begins another conversation.  In every log, so does whatever follows
a close frame.  An array is read like lines.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from io import BufferedReader
from itertools import chain
from typing import Any

import orjson

from conformance.errors import TraceError
from conformance.trace import json_text
from conformance.trace.formats.frame_log import FRAMES, SESSIONS, recordings
from conformance.trace.formats.recording import (
    DIRECTIONS,
    DIRECTIONS_GUESSED,
    Recording,
    RecordingFormat,
    document,
    session_id,
    whole,
)
from conformance.trace.jsonl import dumps
from conformance.trace.trace import Trace
from conformance.trace.trace_reader import FORMAT, TraceReader

#: Bytes that are read at once.
CHUNK = 1 << 16
#: Bytes of one line.
LONGEST = 64 << 20
UNFINISHED = "the last line is unfinished, and was left out"
CURE = "What can be read: docs/recordings.md."


def recognises(head: bytes) -> bool:
    """Return whether a file begins with a JSON object or array."""
    return head.startswith((b"{", b"["))


def read(file: BufferedReader, where: str) -> Iterator[Recording]:
    """Yield the conversations of the file, each as soon as it is read."""
    values = _Values(file, where)
    first = next(iter(values), None)
    if first is None:
        raise TraceError(f"{where}: holds no events", CURE)
    every = chain([first], values)
    if _is_ours(first[1]) or _is_event(first[1]):
        yield from _conversations(every, where, values)
    elif isinstance(first[1], dict) and any(isinstance(first[1].get(name), list) for name in (*FRAMES, *SESSIONS)):
        for _, value in every:
            yield from recordings(value, where)
    else:
        yield from recordings([value for _, value in every], where)


class _Values:
    """The JSON values of a file, each with its line; nothing of a last line that was cut off."""

    def __init__(self, file: BufferedReader, where: str) -> None:
        self.file = file
        self.where = where
        self.unfinished = False
        self._values = self._items() if file.peek(1).lstrip()[:1] == b"[" else self._lines()

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        return self._values

    def _items(self) -> Iterator[tuple[int, Any]]:
        values = document(whole(self.file, self.where), self.where)
        return iter([(0, value) for value in values])

    def _lines(self) -> Iterator[tuple[int, Any]]:
        number, size = 0, 0
        rest: list[bytes] = []
        while chunk := self.file.read(CHUNK):
            rest.append(chunk)
            if b"\n" not in chunk:
                size += len(chunk)
                if size > LONGEST:
                    raise TraceError(f"{self.where}:{number + 1}: longer than {LONGEST >> 20} MiB")
                continue
            *lines, last = b"".join(rest).split(b"\n")
            rest, size = [last] if last else [], len(last)
            try:
                values = list(map(orjson.loads, lines))
            except orjson.JSONDecodeError:
                for at, line in enumerate(lines, number + 1):
                    yield from self._odd(at, line)
            else:
                yield from enumerate(values, number + 1)
            number += len(lines)
        yield from self._odd(number + 1, b"".join(rest), last=True)

    def _odd(self, number: int, line: bytes, *, last: bool = False) -> Iterator[tuple[int, Any]]:
        """Yield the value of a line that is blank, oddly written, or was cut off behind others."""
        if not line.strip():
            return
        try:
            yield number, json_text.loads(line)
        except ValueError as error:
            if last and number > 1:
                self.unfinished = True
                return
            raise TraceError(
                f"{self.where}:{number}: not JSON: {error}", "A trace is JSON lines: one JSON object a line."
            ) from error


def _is_ours(value: Any) -> bool:
    return isinstance(value, dict) and (
        value.get("format") == FORMAT or value.get("direction") in ("client", "server") or "_close" in value
    )


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict) or "direction" in value:
        return False
    kind = value.get("type")
    return isinstance(kind, str) and kind not in DIRECTIONS and kind != "close"


def _conversations(values: Iterator[tuple[int, Any]], where: str, source: _Values) -> Iterator[Recording]:
    reader, lines, number, opened, guessed = TraceReader(where), array("L"), 1, "", False
    for line, value in values:
        if reader.end is None and reader.take_plain(value):
            lines.append(line)
            continue
        if not reader.empty and _begins_another(value, reader):
            yield _recording(reader, lines, where, number, DIRECTIONS_GUESSED if guessed else "")
            reader, lines, number = TraceReader(where), array("L"), number + 1
        reader.take(value, line)
        if len(reader.entries) == len(lines):
            continue
        if "direction" not in value:
            guessed = True
            another = session_id(reader.entries[-1])
            if another and opened and another != opened:
                del reader.entries[-1]
                yield _recording(reader, lines, where, number, DIRECTIONS_GUESSED)
                reader, lines, number = TraceReader(where), array("L"), number + 1
                reader.take(value, line)
            opened = another or opened
        lines.append(line)
    if reader.empty and number == 1:
        raise TraceError(f"{where}: holds no events", CURE)
    remarks = [DIRECTIONS_GUESSED] * guessed + [UNFINISHED] * source.unfinished
    yield _recording(reader, lines, where, number, "; ".join(remarks))


def _begins_another(value: Any, reader: TraceReader) -> bool:
    """Return whether a line belongs to another connection than those before it."""
    if not isinstance(value, dict):
        return False
    return value.get("format") == FORMAT or (reader.end is not None and not value.keys() & {"end", "_close"})


def _recording(reader: TraceReader, lines: array[int], where: str, number: int, remark: str) -> Recording:
    return Recording(reader.trace(), where, number, lines if lines and lines[0] else (), remark)


def write(traces: Sequence[Trace]) -> bytes:
    """Return the conversations one after the other, in our own form."""
    return b"".join(map(dumps, traces))


JSON_LINES = RecordingFormat("jsonl", "JSON lines", recognises, read, write, ".jsonl")
