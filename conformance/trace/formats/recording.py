"""What every reader of a format gives: conversations, each with the place in its file that an entry came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BufferedReader
from typing import Any

from conformance.errors import TraceError
from conformance.trace import json_text
from conformance.trace.trace import Direction, Entry, FrameKind, Trace

#: A document that is read whole may not be larger.
LARGEST = 256 << 20
#: Who sent a frame, in the words of whoever recorded it at the client's side.
DIRECTIONS: Mapping[str, Direction] = {
    **dict.fromkeys(("client", "sent", "send", "out", "outgoing", "client_to_server"), Direction.CLIENT),
    **dict.fromkeys(("server", "received", "receive", "recv", "in", "incoming", "server_to_client"), Direction.SERVER),
}
DIRECTIONS_GUESSED = "the senders were concluded from the event types"
#: Recorders cut audio to the base64 of 33 bytes.
CUT_AUDIO = 44
#: Event -> the field that holds audio.
AUDIO_FIELDS = {
    "input_audio_buffer.append": "audio",
    "response.audio.delta": "delta",
    "response.output_audio.delta": "delta",
}


@dataclass(frozen=True, slots=True)
class Recording:
    """One conversation of a file."""

    trace: Trace
    source: str
    """The file, as it was named."""
    number: int = 1
    """Which conversation of the file, from 1."""
    lines: Sequence[int] = ()
    """Number of the line of each entry, from 1; empty where the format has no lines."""
    remark: str = ""
    """What was not in the file and had to be concluded."""

    def place(self, index: int) -> str:
        """Return where entry *index* stands: `file:line`, or `file#conversation, entry index`."""
        if 0 <= index < len(self.lines):
            return f"{self.source}:{self.lines[index]}"
        if index < 0:
            return f"{self.name}, handshake"
        return f"{self.name}, {'end' if index >= len(self.trace) else f'entry {index}'}"

    @property
    def name(self) -> str:
        """The file, and the number of the conversation after the first."""
        return f"{self.source}#{self.number}" if self.number > 1 else self.source


@dataclass(frozen=True)
class RecordingFormat:
    """One way to write conversations down."""

    name: str
    title: str
    recognises: Callable[[bytes], bool]
    """From the first bytes of a file, without the white space before them."""
    read: Callable[[BufferedReader, str], Iterator[Recording]]
    """From the file and its name to its conversations; TraceError names the place and the fault."""
    write: Callable[[Sequence[Trace]], bytes]
    """From conversations to the content of a file; what the format has no place for is left out."""
    suffix: str = ""
    """How names of such files end."""


def frame(index: int, direction: Direction, at: float | None, payload: Any, kind: FrameKind = FrameKind.TEXT) -> Entry:
    """Return the entry of a frame; *payload* is an object, or the text of the frame."""
    if isinstance(payload, dict):
        return Entry(index, direction, at, event=payload)
    text = payload if isinstance(payload, str) else json_text.dumps(payload).decode()
    if kind is not FrameKind.TEXT:
        return Entry(index, direction, at, text=text, kind=kind, size=len(text) * 3 // 4)
    size = len(text.encode("utf-8", "surrogatepass"))
    try:
        event = json_text.loads(text)
    except ValueError:
        event = None
    if isinstance(event, dict):
        return Entry(index, direction, at, event=event, size=size)
    return Entry(index, direction, at, text=text, size=size)


def payload_text(entry: Entry) -> str:
    """Return what the frame held, as text; base64 where it was binary."""
    return json_text.dumps(entry.event).decode() if entry.event is not None else entry.text or ""


def whole(file: BufferedReader, where: str) -> bytes:
    """Return everything in *file*; TraceError where that would not fit into memory."""
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise TraceError(f"{where}: larger than {LARGEST >> 20} MiB", "Split it, or write JSON lines.")
    return data


def document(data: bytes, where: str) -> Any:
    """Return the JSON document in *data*."""
    try:
        return json_text.loads(data)
    except ValueError as error:
        raise TraceError(f"{where}: not JSON: {error}") from error


def numbered(traces: Iterable[Trace], where: str, remark: str = "") -> Iterator[Recording]:
    """Yield the conversations of a file that has no lines, without those in which nothing was said or asked."""
    number = 0
    for trace in traces:
        if trace.entries or trace.handshake is not None:
            number += 1
            yield Recording(trace, where, number, remark=remark)
    if not number:
        raise TraceError(f"{where}: holds no WebSocket frames")


def cut_audio_marked(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries, those with audio marked as shortened where the recorder kept only its beginning."""
    sizes = [len(audio) for entry in entries if (audio := _audio(entry)) is not None]
    if not sizes or max(sizes) != CUT_AUDIO:
        return tuple(entries)
    return tuple(entry if _audio(entry) is None else replace(entry, elided=True) for entry in entries)


def _audio(entry: Entry) -> str | None:
    name = AUDIO_FIELDS.get(entry.type)
    audio = entry.event.get(name) if name and entry.event is not None else None
    return audio if isinstance(audio, str) else None


def session_opened(entry: Entry) -> bool:
    """Return whether this frame of the server opens a session."""
    return entry.type in ("session.created", "transcription_session.created") and not entry.sent


def session_id(entry: Entry) -> str:
    """Return the id of the session that this frame of the server opens; empty if it opens none or has no id."""
    session = entry.event.get("session") if session_opened(entry) and entry.event is not None else None
    name = session.get("id") if isinstance(session, dict) else None
    return name if isinstance(name, str) else ""
