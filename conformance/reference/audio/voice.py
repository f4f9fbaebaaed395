"""The assistant's voice: what sound goes with each word, cut into deltas.

It is a single tone of 440 Hz, or, where a script gives one, a recording.
"""

from __future__ import annotations

import base64
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

from conformance.reference.audio.sound import FORMATS, encoded, tone
from conformance.reference.session.model import Say, words

#: Sound of one piece of text.
WORD_MS = 100


class Delta(NamedTuple):
    """What one `response.output_audio.delta` carries: base64, and how long it sounds."""

    text: str
    milliseconds: int


class AudioChunk(NamedTuple):
    """A piece of text and the sound that goes with it."""

    word: str
    voice: tuple[Delta, ...] = ()


def audio_chunks(act: Say, audio_format: str, delta_ms: int) -> list[AudioChunk]:
    """Cut what is said into pieces whose sound lasts `WORD_MS`, in deltas of *delta_ms*."""
    if not act.voice:
        voice = _tone(audio_format, delta_ms)
        return [AudioChunk(word, voice) for word in words(act.text)]
    sound = recorded(act.voice, audio_format)
    size = WORD_MS * FORMATS[audio_format].bytes_per_ms
    pieces = [sound[at : at + size] for at in range(0, len(sound), size)]
    return [
        AudioChunk(word, _cut(piece, audio_format, delta_ms))
        for word, piece in zip_longest(words(act.text), pieces, fillvalue=None)
        for word, piece in [(word or "", piece or b"")]
    ]


@cache
def recorded(voice: bytes, audio_format: str) -> bytes:
    """Return a recording (pcm16) in another format."""
    return encoded(voice, audio_format)


@cache
def _tone(audio_format: str, delta_ms: int) -> tuple[Delta, ...]:
    return _cut(tone(audio_format, WORD_MS), audio_format, delta_ms)


def _cut(sound: bytes, audio_format: str, delta_ms: int) -> tuple[Delta, ...]:
    fmt = FORMATS[audio_format]
    size = delta_ms * fmt.bytes_per_ms
    cut = [sound[at : at + size] for at in range(0, len(sound), size)]
    return tuple(Delta(base64.b64encode(each).decode(), int(fmt.milliseconds(len(each)))) for each in cut)
