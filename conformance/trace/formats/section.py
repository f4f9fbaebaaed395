"""Sections of one large file of JSON lines, cut where conversations begin: each can be read by itself, anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, cast

from conformance.trace.trace_reader import FORMAT

if TYPE_CHECKING:
    from typing import Any, BinaryIO

#: Bytes of a section at least, but of the last.
SIZE = 4 << 20
#: Bytes that are searched at once.
BLOCK = 1 << 20
#: How the line begins with which `trace.jsonl` begins a conversation; no other line of JSON begins so.
HEADER = b'{"format":"%s"' % FORMAT.encode()


@dataclass(frozen=True, slots=True)
class Section:
    """Some consecutive conversations of a file."""

    start: int
    """Its first byte."""
    stop: int
    """The byte behind its last."""
    lines: int
    """Lines of the file before it."""
    conversations: int
    """Conversations of the file before it."""

    def opened(self, file: BinaryIO) -> BufferedReader:
        """Return the section as a file of its own."""
        file.seek(self.start)
        return BufferedReader(_Limited(file, self.stop - self.start))


class _Limited(RawIOBase):
    """The next bytes of a file, as many as are told."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        count = cast("Any", self._file).readinto(view[: self._left])
        self._left -= count
        return int(count)


def sections_of(file: BinaryIO, size: int) -> Iterator[Section]:
    """Yield the sections of a file of our own traces; the whole as one where no conversation begins far enough in."""
    start = lines = conversations = 0
    at = lines_read = begun = 0
    while block := file.read(BLOCK) + file.readline():  # it ends with a line
        headers = block.count(b"\n" + HEADER) + block.startswith(HEADER)
        if headers and at - start >= size:
            cut = 0 if block.startswith(HEADER) else block.find(b"\n" + HEADER) + 1
            if b"\n" in block[cut:]:  # else it is the end of a file that was cut off
                yield Section(start, at + cut, lines, conversations)
                start, lines, conversations = at + cut, lines_read + block.count(b"\n", 0, cut), begun
        at, lines_read, begun = at + len(block), lines_read + block.count(b"\n"), begun + headers
    yield Section(start, at, lines, conversations)
