"""The trace of a session that is still going on: each line is on its way to the disk before the next frame is read."""

from __future__ import annotations

import os
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from conformance.play.recorder import Recorder
from conformance.tap.frames import Opcode
from conformance.trace.jsonl import end_line, entry_line, header_line
from conformance.trace.trace import Direction, End, EndKind, Entry, FrameKind, Handshake, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from conformance.secrets import Scrubber
    from conformance.tap.frames import Message

CONTROLS: Mapping[int, FrameKind] = {Opcode.PING: FrameKind.PING, Opcode.PONG: FrameKind.PONG}
#: Stands where a frame was that is on the disk already.
WRITTEN = Entry(0, Direction.SERVER)


class SessionLog:
    """Writes one trace, a line at a time, unbuffered: whoever kills this process loses no finished line."""

    def __init__(self, path: Path, scrub: Scrubber, say: Callable[[str], object]) -> None:
        self.path = path
        self._scrub = scrub
        self._say = say
        self._recorder = Recorder(path.stem, "", scrub)
        self._began = monotonic()
        self._closed_by: dict[Direction, End] = {}
        self._file: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def begin(self, handshake: Handshake) -> None:
        """Note the upgrade."""
        self._recorder.shake(handshake)
        self._write(header_line(self._scrub.trace(self._recorder.result())))

    def note(self, direction: Direction, message: Message) -> None:
        """Note a message."""
        if message.opcode == Opcode.CLOSE:
            code, reason = message.close
            self._closed_by.setdefault(direction, End(EndKind.CLOSED, direction, code, reason, at=self._now()))
            return
        entries = self._recorder.entries
        if (kind := CONTROLS.get(message.opcode)) is not None:
            self._recorder.control(direction, kind, message.payload, self._now())
        else:
            self._recorder.note(direction, message.content, self._now())
        entry, entries[-1] = entries[-1], WRITTEN
        if entry.secret:
            entry = self._scrub.trace(Trace((entry,))).entries[0]
        self._write(entry_line(entry))

    def finish(self, otherwise: End) -> None:
        """Note the end: the first close frame, or what happened without one."""
        if self._file is None:
            return
        end = next(iter(self._closed_by.values()), replace(otherwise, at=self._now()))
        unanswered = end.kind is EndKind.CLOSED and end.by is Direction.CLIENT and len(self._closed_by) == 1
        self._recorder.finish(replace(end, graceful=not unanswered))
        if (told := self._scrub.trace(self._recorder.trace).end) is not None:
            self._write(end_line(told))
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _now(self) -> float:
        return round(monotonic() - self._began, 6)

    def _write(self, line: bytes) -> None:
        """Write a line; where that fails the conversation goes on, and is recorded no further."""
        try:
            while line and self._file is not None:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            self._say(f"{self.path}: recorded no further: {error.strerror or error}")
            if self._file is not None:
                os.close(self._file)
                self._file = None
