"""What conversations are kept in: one file a format, each recognised by its content."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader

from conformance.errors import TraceError
from conformance.trace.formats.cassette import CASSETTE
from conformance.trace.formats.frame_log import FRAME_LOG
from conformance.trace.formats.har import HAR
from conformance.trace.formats.json_lines import JSON_LINES
from conformance.trace.formats.recording import Recording, RecordingFormat

#: In the order in which they are asked whether a file is theirs.
FORMATS: tuple[RecordingFormat, ...] = (HAR, FRAME_LOG, JSON_LINES, CASSETTE)


#: How texts begin that some shells write when the output of a command is sent to a file.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def recordings(file: BufferedReader, where: str) -> Iterator[Recording]:
    """Yield the conversations in *file*, whose name is *where*; TraceError says what is wrong with it."""
    yield from format_of(file, where).read(file, where)


def format_of(file: BufferedReader, where: str) -> RecordingFormat:
    """Return the format of *file* by its first bytes, which stay unread."""
    if file.peek(3).startswith(b"\xef\xbb\xbf"):
        file.read(3)
    head = file.peek(1).lstrip()
    if not head:
        raise TraceError(f"{where}: is empty")
    if head.startswith(UTF_16):
        raise TraceError(f"{where}: is UTF-16", "Recordings are read as UTF-8: iconv -f UTF-16 -t UTF-8")
    for each in FORMATS:
        if each.recognises(head):
            return each
    titles = ", ".join(each.title for each in FORMATS)
    raise TraceError(f"{where}: none of {titles}", "What can be read: docs/recordings.md.")
