"""A session that translates: audio goes in, and what it means comes out, in frames of 200 ms, without any turns.

The reference knows no languages: it says one word in each frame in which somebody speaks.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

from conformance.reference.audio.sound import FORMATS, loudness, tone
from conformance.reference.session.items import decoded
from conformance.reference.session.refusals import Event
from conformance.reference.session.settings import SessionSettings

#: What a translation is made of.
FRAME_MS = 200
PCM = FORMATS["pcm16"]
#: Root mean square, of 1, from which on somebody speaks.
SPEECH = 0.01


class Translator:
    """The audio of one session, as far as it is not translated yet."""

    def __init__(self, settings: SessionSettings, hang_up: Callable[[], None]) -> None:
        self._settings, self._hang_up = settings, hang_up
        self._waiting = bytearray()
        self._elapsed = 0

    def append(self, event: Event) -> Iterator[Event]:
        """Answer `session.input_audio_buffer.append`: translate every whole frame."""
        self._waiting += decoded(event["audio"], "audio")
        size = FRAME_MS * PCM.bytes_per_ms
        while len(self._waiting) >= size:
            frame = bytes(self._waiting[:size])
            del self._waiting[:size]
            yield from self._translated(frame)

    def close(self, _event: Event) -> Iterator[Event]:
        """Answer `session.close`: say what remains, and close."""
        if self._waiting:
            yield from self._translated(bytes(self._waiting))
        self._hang_up()
        yield {"type": "session.closed"}

    def _translated(self, frame: bytes) -> Iterator[Event]:
        self._elapsed += FRAME_MS
        if loudness(frame, PCM) < SPEECH:
            return
        number, at = self._elapsed // FRAME_MS, {"elapsed_ms": self._elapsed}
        if self._settings.get("transcription") is not None:
            yield {"type": "session.input_transcript.delta", "delta": f"word{number} ", **at}
        language = self._settings.get("language")
        yield {"type": "session.output_transcript.delta", "delta": f"{language}{number} ", **at}
        sound = base64.b64encode(tone("pcm16", FRAME_MS)).decode()
        told = {"sample_rate": PCM.rate, "channels": 1, "format": PCM.name}
        yield {"type": "session.output_audio.delta", "delta": sound, **told, **at}
