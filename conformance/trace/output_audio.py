"""The lens on the endpoint's audio: bytes, validity and digest of each stream, never the bytes themselves.

Base64 as accepted here (RFC 4648, section 4): the standard alphabet, padded to a multiple of four,
padding only at the end, no white space.  Non-zero trailing bits are tolerated: decoders ignore them.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from conformance.trace.frames import Frame

if TYPE_CHECKING:
    from conformance.trace.canonical import CanonicalTrace
    from conformance.trace.responses import Response, Stream

#: Canonical format -> (bytes a sample, samples a second).  Source: the session reference; G.711 is 8 kHz.
RATES = {"pcm16": (2, 24_000), "g711_ulaw": (1, 8_000), "g711_alaw": (1, 8_000)}

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
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
    def seconds(self) -> float | None:
        """Length; None where the format is unknown, a delta is no base64 or the recording shortened one."""
        return seconds(self.size, self.format) if self.stream.whole and None not in self.sizes else None

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
    told = (trace.dialect.response_setting(each, "output_format") for each in shown)
    spelled = next((each for each in told if each is not None), None)
    if spelled is None:
        spelled = trace.setting_at(response.first, "output_format")
    return Sound(response, stream, trace.dialect.audio_format(spelled), sizes)


def _sizes(deltas: list[str | None]) -> tuple[int | None, ...]:
    """Measure every delta, one by one: each fits into the processor's cache, which all of them together do not."""
    return tuple(None if text is None else measured(text) for text in deltas)
