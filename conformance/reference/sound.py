"""Sound: the three formats, how loud a piece is, and the tone that stands for the assistant's voice."""

from __future__ import annotations

import base64
import math
import sys
from array import array
from dataclasses import dataclass
from functools import cache

#: The voice of the reference: 440 Hz has a whole number of waves in 50 ms, so chunks join without a click.
TONE_HZ, TONE_PEAK = 440, 8000
#: Loudness is measured on every fifth sample; at 24 kHz that still hears everything below 2400 Hz.
STRIDE = 5


@dataclass(frozen=True)
class Format:
    """One audio format of the protocol."""

    name: str
    rate: int
    """Samples a second, mono."""
    width: int
    """Bytes a sample."""

    @property
    def bytes_per_ms(self) -> int:
        """Bytes in a millisecond."""
        return self.rate * self.width // 1000

    def milliseconds(self, size: int) -> float:
        """Duration of *size* bytes."""
        return size / self.bytes_per_ms


FORMATS = {
    each.name: each
    for each in (Format("pcm16", 24_000, 2), Format("g711_ulaw", 8_000, 1), Format("g711_alaw", 8_000, 1))
}


def loudness(data: bytes, fmt: Format) -> float:
    """Root mean square of *data*, from 0 (silence) to 1 (full scale)."""
    samples = _samples(data, fmt)[::STRIDE]
    if not samples:
        return 0.0
    return math.sqrt(sum(each * each for each in samples) / len(samples)) / 32768


def _samples(data: bytes, fmt: Format) -> array[int]:
    if fmt.width == 1:
        table = _expanded(fmt.name)
        return array("h", (table[byte] for byte in data))
    samples = array("h", data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


@cache
def _expanded(name: str) -> tuple[int, ...]:
    """Linear value of each of the 256 codes of G.711."""
    return tuple((_from_ulaw if name == "g711_ulaw" else _from_alaw)(code) for code in range(256))


def _from_ulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _from_alaw(code: int) -> int:
    code ^= 0x55
    magnitude, segment = (code & 0x0F) << 4, (code & 0x70) >> 4
    magnitude = magnitude + 8 if segment == 0 else magnitude + 0x108 << segment - 1
    return magnitude if code & 0x80 else -magnitude


@cache
def tone(name: str, milliseconds: int) -> bytes:
    """*milliseconds* (a multiple of 50) of the reference's voice in the format called *name*."""
    fmt = FORMATS[name]
    turn = 2 * math.pi * TONE_HZ / fmt.rate
    wave = array("h", (round(TONE_PEAK * math.sin(turn * i)) for i in range(fmt.rate * milliseconds // 1000)))
    if fmt.width == 2:
        if sys.byteorder == "big":
            wave.byteswap()
        return wave.tobytes()
    table = _expanded(name)
    codes = sorted(range(256), key=lambda code: table[code])
    values = [table[code] for code in codes]
    return bytes(codes[_nearest(values, each)] for each in wave)


def _nearest(values: list[int], wanted: int) -> int:
    return min(range(len(values)), key=lambda i: abs(values[i] - wanted))


@cache
def tone_text(name: str, milliseconds: int) -> str:
    """Give the same tone as base64 text, ready for a delta."""
    return base64.b64encode(tone(name, milliseconds)).decode()
