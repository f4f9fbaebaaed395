"""In which audio format bytes make sense: neighbouring samples of a sound depend on each other, misread ones do not.

The measure is the gain of linear prediction: how much of a sound its last few samples foretell, in decibels.  Speech
in its own format has 5 to 25 dB; read in another one it is noise, of 0 to 4.  Both are asked for before anything is
said, so that noise, silence and whatever else has no such structure are left alone.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from math import inf, log10
from operator import mul
from statistics import median_low

#: Bytes of one piece that is looked at, and the least that tells anything.
PIECE, LEAST = 1600, 800
#: Past samples that foretell the next one.
ORDER = 4
#: What is softer (root mean square of 16-bit samples) or has fewer different bytes is no evidence: signals of a few
#: levels, as a square wave, look alike in every format.
SOFT, FEW = 330.0, 24
#: A sound that is foretold so well is in its format, whatever else it may look like.
CERTAIN = 8.0
#: Least decibels of a sound in G.711, which is coarse, and how many more than in the format that was told.
COARSE = (3.0, 3.5)
#: How many more decibels PCM has in any case, and a tone in any format.
CLEAR = 8.0


def samples(data: bytes, audio_format: str) -> array[int]:
    """Return linear samples of 16 bits; *audio_format* is canonical (`pcm16`, `g711_ulaw` or `g711_alaw`)."""
    if audio_format != "pcm16":
        return array("h", map(_expanded(audio_format).__getitem__, data))
    found = array("h", data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        found.byteswap()
    return found


@cache
def _expanded(audio_format: str) -> tuple[int, ...]:
    """Linear value of each of the 256 codes of G.711 (ITU-T G.711, tables 1 and 2)."""
    return tuple((_from_ulaw if audio_format == "g711_ulaw" else _from_alaw)(code) for code in range(256))


def _from_ulaw(code: int) -> int:
    inverted = code ^ 0xFF
    magnitude = ((inverted & 0x0F) * 8 + 132 << (inverted >> 4 & 7)) - 132
    return -magnitude if inverted & 0x80 else magnitude


def _from_alaw(code: int) -> int:
    plain = code ^ 0x55
    step, segment = plain & 0x0F, plain >> 4 & 7
    magnitude = step * 16 + 8 if not segment else step * 16 + 264 << segment - 1
    return magnitude if plain & 0x80 else -magnitude


def heard_format(pieces: Iterable[bytes], told: str, formats: Iterable[str]) -> str | None:
    """Return in which of *formats* the pieces of a sound make sense: the one that was *told*, or another one alone.

    The pieces begin with a whole sample.  None where nothing can be said: noise, silence, too little of it.
    """
    telling, own = list[bytes](), list[float]()
    for piece in pieces:
        each = piece[:PIECE]
        if len(each) < LEAST or len(set(each)) < FEW:
            continue
        telling.append(each)
        for size in (LEAST, PIECE):  # most are certain after the least of them
            gain = prediction_gain(samples(each[:size], told), CERTAIN)
            if gain is not None and gain >= CERTAIN:
                return told
        own += [gain] if gain is not None else []
    typical = {name: median_low(found) for name in formats if name != told and (found := _gains(telling, name))}
    best = max(typical, key=lambda name: typical[name], default=None)
    if not own or best is None:
        return None
    usual, rival = median_low(own), typical[best]
    least, more = COARSE
    if rival >= usual + CLEAR or (best != "pcm16" and usual < least and rival >= usual + more):
        return best
    return told if usual >= max(rival, least) else None


def _gains(pieces: Iterable[bytes], audio_format: str) -> list[float]:
    """Return the prediction gain (dB) of each of the pieces that is loud enough in a format."""
    gains = (prediction_gain(samples(each, audio_format)) for each in pieces)
    return [gain for gain in gains if gain is not None]


def prediction_gain(sound: Sequence[int], enough: float = inf) -> float | None:
    """Return how well each sample is foretold by those before it, in decibels; None for a sound that is too soft.

    Levinson and Durbin's recursion over the autocorrelation.  Each further sample foretells more: where *enough*
    decibels are reached, the others are not asked.
    """
    mean = sum(sound) / len(sound)
    wave = [each - mean for each in sound]
    power = sum(map(mul, wave, wave))
    if power < SOFT * SOFT * len(wave):
        return None
    gain, error, weights, lags = 0.0, power, list[float](), list[float]()
    while len(weights) < ORDER and gain < enough:
        lag = sum(map(mul, wave, wave[len(weights) + 1 :]))
        known = sum(weight * each for weight, each in zip(weights, reversed(lags), strict=True))
        reflection = (lag - known) / error
        weights = [
            *(each - reflection * weights[-1 - place] for place, each in enumerate(weights)),
            reflection,
        ]
        lags.append(lag)
        error *= max(1 - reflection * reflection, 1e-6)
        gain = 10 * log10(power / error)
    return gain
