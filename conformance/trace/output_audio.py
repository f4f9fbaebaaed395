"""The lens on the endpoint's audio: bytes, validity and digest of each stream, never the bytes themselves.

Base64 as accepted here (RFC 4648, section 4): the standard alphabet, padded to a multiple of four,
padding only at the end, no white space.  Non-zero trailing bits are tolerated: decoders ignore them.
"""

from __future__ import annotations

import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING

from conformance.trace.frames import Frame
from conformance.trace.sample_formats import LEAST, PIECE, heard_format

if TYPE_CHECKING:
    from conformance.trace.canonical import CanonicalTrace
    from conformance.trace.responses import Response, Stream

#: Canonical format -> (bytes a sample, samples a second).  Source: the session reference; G.711 is 8 kHz.
RATES = {"pcm16": (2, 24_000), "g711_ulaw": (1, 8_000), "g711_alaw": (1, 8_000)}

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#: As many pieces of a sound tell its format.
PIECES = 5
#: What may stand in the text beside the alphabet: padding, at its end.
PADDINGS = {b"": "", b"=": "=", b"==": "=="}


def measured(text: str) -> int | None:
    """Return how many bytes *text* encodes in base64 as defined above; None if it is not that.  Nothing is decoded."""
    try:
        foreign = text.encode("ascii").translate(None, ALPHABET)
    except UnicodeEncodeError:
        return None
    if len(text) % 4 or foreign not in PADDINGS or not text.endswith(PADDINGS[foreign]):
        return None
    return len(text) // 4 * 3 - len(foreign)


def seconds(size: int, audio_format: str | None) -> float | None:
    """Return the length of *size* bytes of audio in seconds; None for an unknown format."""
    if audio_format not in RATES:
        return None
    width, rate = RATES[audio_format]
    return size / (width * rate)


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """One `output_audio` stream."""

    response: Response
    stream: Stream
    format: str | None
    """Canonical format of the response: as it shows it, as it was asked for, or as the session had it."""
    sizes: tuple[int | None, ...]
    """Decoded bytes of each delta; None where it is no base64."""
    heard: str | None = None
    """The format in which the samples make sense; None where that cannot be told."""

    @property
    def digest(self) -> str:
        """SHA-256 of all bytes, in hexadecimal."""
        digest = sha256()
        for frame in self.stream.deltas:
            text = frame.text("delta") or ""
            digest.update(b"" if measured(text) is None else binascii.a2b_base64(text))
        return digest.hexdigest()

    @property
    def size(self) -> int:
        """Decoded bytes in all."""
        return sum(size for size in self.sizes if size is not None)

    @property
    def misread(self) -> bool:
        """Whether the samples make sense only in another format than the one that was told."""
        return self.heard not in (None, self.format)

    @property
    def seconds(self) -> float | None:
        """Length; None where the format is unknown or wrong, a delta is no base64 or the recording shortened one."""
        known = not self.misread and self.stream.whole and None not in self.sizes
        return seconds(self.size, self.format) if known else None

    @property
    def broken(self) -> tuple[Frame, ...]:
        """The (unshortened) deltas that are no base64."""
        pairs = zip(self.stream.deltas, self.sizes, strict=True)
        return tuple(frame for frame, size in pairs if size is None and frame.whole)


def sounds_of(trace: CanonicalTrace, responses: Sequence[Response]) -> tuple[Sound, ...]:
    """Measure every audio delta once."""
    return tuple(
        _sound(trace, response, stream)
        for response in responses
        for item in response.items.values()
        for stream in item.streams
        if stream.kind == "output_audio"
    )


def _sound(trace: CanonicalTrace, response: Response, stream: Stream) -> Sound:
    sizes = _sizes([frame.text("delta") for frame in stream.deltas])
    shown = (response.initial, response.asked)
    spellings = (trace.dialect.response_setting(each, "output_format") for each in shown)
    spelled = next((each for each in spellings if each is not None), None)
    if spelled is None:
        spelled = trace.setting_at(response.first, "output_format")
    told = trace.dialect.audio_format(spelled)
    heard = heard_format(_pieces(stream, sizes), told, RATES) if told in RATES else None
    return Sound(response, stream, told, sizes, heard)


def _pieces(stream: Stream, sizes: Sequence[int | None]) -> Iterator[bytes]:
    """Yield up to PIECES pieces of a stream, evenly spread; all begin at an even byte: a whole sample in any format."""
    if not stream.whole or None in sizes:
        return
    starts = [0, *accumulate(size for size in sizes if size is not None)]
    total = starts.pop()
    for wanted in range(0, total - LEAST + 1, max(PIECE, total // PIECES // 2 * 2)):
        first, last = bisect_right(starts, wanted) - 1, bisect_left(starts, wanted + PIECE)
        data = b"".join(binascii.a2b_base64(frame.text("delta") or "") for frame in stream.deltas[first:last])
        yield data[wanted - starts[first] :][:PIECE]


def _sizes(deltas: list[str | None]) -> tuple[int | None, ...]:
    """Measure every delta, one by one: each fits into the processor's cache, which all of them together do not."""
    return tuple(None if text is None else measured(text) for text in deltas)
