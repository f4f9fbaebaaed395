"""Sound: the three formats, how loud a piece is, and the tone that stands for the assistant's voice."""

from __future__ import annotations

import math
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from operator import mul

#: The voice of the reference: 440 Hz has a whole number of waves in 50 ms, so chunks join without a click.
TONE_HZ, TONE_PEAK = 440, 8000
#: Loudness is measured on every fifth sample; at 24 kHz that still hears everything below 2400 Hz.
STRIDE = 5


@dataclass(frozen=True)
class AudioFormat:
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
    for each in (
        AudioFormat("pcm16", 24_000, 2),
        AudioFormat("g711_ulaw", 8_000, 1),
        AudioFormat("g711_alaw", 8_000, 1),
    )
}


#: The bytes of silence: G.711 has two zeros.
QUIET = {"pcm16": b"\0", "g711_ulaw": b"\xff\x7f", "g711_alaw": b"\xd5\x55"}


def loudness(data: bytes, fmt: AudioFormat) -> float:
    """Root mean square of *data*, from 0 (silence) to 1 (full scale)."""
    samples = _samples(data, fmt)[::STRIDE]
    if not samples:
        return 0.0
    return math.sqrt(sum(map(mul, samples, samples)) / len(samples)) / 32768


def _samples(data: bytes, fmt: AudioFormat) -> array[int]:
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


def silent(data: bytes, fmt: AudioFormat) -> bool:
    """Return whether *data* is nothing but digital silence."""
    return not data.strip(QUIET[fmt.name])


def encoded(pcm16: bytes, name: str) -> bytes:
    """Turn pcm16 at 24 kHz into the format called *name*; for G.711 three samples become their mean."""
    if FORMATS[name].width == 2:
        return pcm16
    wave = _samples(pcm16, FORMATS["pcm16"])
    thirds = zip(wave[0::3], wave[1::3], wave[2::3], strict=False)
    return _compressed((sum(each) // 3 for each in thirds), name)


def _compressed(wave: Iterable[int], name: str) -> bytes:
    table = _expanded(name)
    codes = sorted(range(256), key=lambda code: table[code])
    edges = [(table[low] + table[high]) / 2 for low, high in pairwise(codes)]
    return bytes(codes[bisect_left(edges, each)] for each in wave)


@cache
def tone(name: str, milliseconds: int) -> bytes:
    """*milliseconds* (a multiple of 50) of the reference's voice in the format called *name*."""
    fmt = FORMATS[name]
    turn = 2 * math.pi * TONE_HZ / fmt.rate
    wave = array("h", (round(TONE_PEAK * math.sin(turn * i)) for i in range(fmt.rate * milliseconds // 1000)))
    if fmt.width == 1:
        return _compressed(wave, name)
    if sys.byteorder == "big":
        wave.byteswap()
    return wave.tobytes()
