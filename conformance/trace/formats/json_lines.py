"""JSON lines: our own traces, what recorders write, logs of events, and frames in anybody's words.

Our own may stand one after the other in a file: each header begins another conversation.  In a log of bare events,
as the official SDKs print them, another session begins another conversation.  In every log, so does whatever follows
a close frame.  An array is read like lines.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson

from conformance.errors import TraceError
from conformance.trace import json_text
from conformance.trace.formats.frame_log import FRAMES, SESSIONS, recordings
from conformance.trace.formats.logged_sessions import LoggedSessions
from conformance.trace.formats.recording import (
    DIRECTIONS,
    DIRECTIONS_GUESSED,
    Recording,
    RecordingFormat,
    document,
    whole,
)
from conformance.trace.jsonl import dumps
from conformance.trace.trace import Trace
from conformance.trace.trace_reader import FORMAT, TraceReader

if TYPE_CHECKING:
    from typing import BinaryIO

    from conformance.trace.formats.section import Section

#: Bytes that are read at once.
CHUNK = 1 << 16
OURS = ("client", "server")
#: Bytes of one line.
LONGEST = 64 << 20
#: Values that stand in consecutive lines, and the number of the first of these.
Stretch = tuple[int, list[Any]]
UNFINISHED = "the last line is unfinished, and was left out"
UNREADABLE = "what follows cannot be read, and was left out"
SESSION_PARTED = "another session was taken for another conversation"
CURE = "What can be read: docs/recordings.md."


def recognises(head: bytes) -> bool:
    """Return whether a file begins with a JSON object or array."""
    return head.startswith((b"{", b"["))


def read(file: BufferedReader, where: str) -> Iterator[Recording]:
    """Yield the conversations of the file, each as soon as it is read."""
    return _read(_Values(file, where), where)


def read_section(file: BinaryIO, where: str, section: Section) -> Iterator[Recording]:
    """Yield the conversations of a section, with the lines and numbers that they have in the whole file."""
    return _read(_Values(section.opened(file), where, section.lines), where, section.conversations)


def _read(values: _Values, where: str, before: int = 0) -> Iterator[Recording]:
    head = next(iter(values), None)
    if head is None:
        raise TraceError(f"{where}: holds no events", CURE)
    runs, first = chain([head], values), head[1][0]
    if _is_ours(first) or _is_event(first):
        yield from _Conversations(where, before).read(runs, values)
    elif isinstance(first, dict) and any(isinstance(first.get(name), list) for name in (*FRAMES, *SESSIONS)):
        for _, run in runs:
            for value in run:
                yield from recordings(value, where)
    else:
        yield from recordings([value for _, run in runs for value in run], where)


class _Values:
    """The JSON values of a file in stretches, each with its first line; nothing of a last line that was cut off."""

    def __init__(self, file: BufferedReader, where: str, before: int = 0) -> None:
        self.file = file
        self.where = where
        self.before = before
        """Lines of the file that stand before."""
        self.unfinished = False
        self._values = self._items() if file.peek(1).lstrip()[:1] == b"[" else self._lines()

    def __iter__(self) -> Iterator[Stretch]:
        return self._values

    def _items(self) -> Iterator[Stretch]:
        values = document(whole(self.file, self.where), self.where)
        return iter([(0, [value]) for value in values])

    def _lines(self) -> Iterator[Stretch]:
        number = self.before + 1
        while block := self._block(number):
            lines, newline, last = block.rpartition(b"\n")
            if newline:
                commas = lines.replace(b"\n", b",\n")
                count = len(commas) - len(lines) + 1
                values = _together(commas)
                if values is not None and len(values) == count:
                    yield number, values
                elif not lines.isspace():
                    for at, line in enumerate(lines.split(b"\n"), number):
                        yield from self._odd(at, line)
                number += count
            yield from self._odd(number, last, last=True)

    def _block(self, number: int) -> bytes:
        """Return the next lines, of which the last ends only where the file does; TraceError if one is too long."""
        block = self.file.read(CHUNK)
        if not block or block.endswith(b"\n"):
            return block
        rest = self.file.readline(LONGEST)
        if len(rest) == LONGEST and not rest.endswith(b"\n"):
            number += block.count(b"\n")
            raise TraceError(f"{self.where}:{number}: longer than {LONGEST >> 20} MiB")
        return block + rest

    def _odd(self, number: int, line: bytes, *, last: bool = False) -> Iterator[Stretch]:
        """Yield the value of a line that is blank, oddly written, or was cut off behind others."""
        if not line.strip():
            return
        try:
            yield number, [json_text.loads(line)]
        except ValueError as error:
            if last and number > 1:
                self.unfinished = True
                return
            raise TraceError(
                f"{self.where}:{number}: not JSON: {error}", "A trace is JSON lines: one JSON object a line."
            ) from error


def _together(lines: bytes) -> list[Any] | None:
    """Return the values of lines that commas divide; None if they cannot be parsed as one array, which is faster.

    A newline is left behind each comma: a string that one divides is no JSON here either.
    """
    try:
        values: list[Any] = orjson.loads(b"".join((b"[", lines, b"]")))
    except orjson.JSONDecodeError:
        return None
    return values


def _is_ours(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    frame = ("event" in value and not isinstance(value["event"], str)) or "text" in value
    return value.get("format") == FORMAT or "_close" in value or (value.get("direction") in OURS and frame)


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict) or "direction" in value:
        return False
    kind = value.get("type")
    return isinstance(kind, str) and kind not in DIRECTIONS and kind != "close"


class _Conversations:
    """Cuts the values of a file into conversations."""

    def __init__(self, where: str, before: int) -> None:
        self.where = where
        self.number = before
        """Which conversation of the file, from 1."""
        self.sessions = LoggedSessions()
        self._begin()

    def _begin(self) -> None:
        """Forget the conversation before: each is read as if it stood in a file of its own."""
        self.reader, self.lines = TraceReader(self.where), array("L")
        self.number += 1
        self.remarks: dict[str, None] = {}
        """What had to be concluded."""

    def read(self, runs: Iterator[Stretch], source: _Values) -> Iterator[Recording]:
        """Yield each conversation as soon as the next begins, and the last one, also where no more can be read."""
        try:
            for line, run in runs:
                yield from self._take_each(line, run)
        except TraceError:
            if not self.reader.empty:
                yield self._recording(UNREADABLE)
            raise
        if self.reader.empty and self.number == 1:
            raise TraceError(f"{self.where}: holds no events", CURE)
        yield self._recording(*[UNFINISHED] * source.unfinished)

    def _take_each(self, line: int, run: list[Any]) -> Iterator[Recording]:
        """Read consecutive lines, the first of which has the number *line*."""
        at = 0
        while at < len(run):
            plain = self.reader.take_plain(run, at) if self.reader.headed and self.reader.end is None else 0
            if plain:
                self.lines.extend(range(line + at, line + at + plain))
                at += plain
            else:
                yield from self._take(run[at], line + at)
                at += 1

    def _take(self, value: Any, line: int) -> Iterator[Recording]:
        """Read one line; yield the conversation that it shows to be over."""
        if not self.reader.empty and _begins_another(value, self.reader):
            yield self._recording()
            self._begin()
        self.reader.take(value, line)
        if len(self.reader.entries) == len(self.lines):
            return
        if not self.reader.headed:
            if len(self.lines) and self.sessions.begins_another(self.reader.entries[-1]):
                del self.reader.entries[-1]
                yield self._recording()
                self._begin()
                self.reader.take(value, line)
                self.remarks[SESSION_PARTED] = None
            self._note_headless(value, line)
        self.lines.append(line)

    def _note_headless(self, value: Mapping[str, Any], line: int) -> None:
        """Take note of what a line that no header goes before says of its session and its sender."""
        try:
            self.sessions.note(self.reader.entries[-1], f"{self.where}:{line}")
        except TraceError:
            self._begin()  # nobody is judged by a mixture
            raise
        if "direction" not in value:
            self.remarks[DIRECTIONS_GUESSED] = None

    def _recording(self, *remarks: str) -> Recording:
        lines = self.lines if self.lines and self.lines[0] else ()
        return Recording(self.reader.trace(), self.where, self.number, lines, "; ".join([*self.remarks, *remarks]))


def _begins_another(value: Any, reader: TraceReader) -> bool:
    """Return whether a line belongs to another connection than those before it."""
    if not isinstance(value, dict):
        return False
    return value.get("format") == FORMAT or (reader.end is not None and not value.keys() & {"end", "_close"})


def write(traces: Sequence[Trace]) -> bytes:
    """Return the conversations one after the other, in our own form."""
    return b"".join(map(dumps, traces))


JSON_LINES = RecordingFormat("jsonl", "JSON lines", recognises, read, write, ".jsonl")
