"""Voice activity: where speech begins and ends in a stream of audio, by its energy.

Time is the audio's own, counted in bytes, never the clock's: a client may send a minute of sound in a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.reference.audio.sound import AudioFormat, loudness
from conformance.reference.session.refusals import Event

#: Audio is judged in slices of this length.
SLICE_MS = 20
#: So many loud slices in a row are speech: a click is not.
ONSET = 3
#: Loudness (root mean square of full scale) that a threshold of 1.0 asks for.
FULL_THRESHOLD = 0.03
PREFIX_MS = 300
#: How long semantic_vad listens to silence, by eagerness.
PATIENCE_MS = {"low": 1200, "medium": 800, "auto": 800, "high": 400}


@dataclass(frozen=True)
class Boundary:
    """Speech began or ended, so many milliseconds after the session's audio began."""

    started: bool
    at: int


class VoiceActivityDetector:
    """Follows one stream; `turn_detection` sets how sensitive it is."""

    def __init__(self) -> None:
        self.heard_ms = 0.0
        """Audio listened to since the session began."""
        self.speaking = False
        self._loud = self._quiet = 0
        self._rest = b""

    def listen(self, data: bytes, fmt: AudioFormat, detection: Event) -> Iterator[Boundary]:
        """Take more *data* and return where speech began or ended in it."""
        size = SLICE_MS * fmt.bytes_per_ms
        data = self._rest + data
        whole = len(data) // size * size
        self._rest = data[whole:]
        level = FULL_THRESHOLD * detection.get("threshold", 0.5)
        patience = detection.get("silence_duration_ms", PATIENCE_MS[detection.get("eagerness", "auto")])
        for at in range(0, whole, size):
            self.heard_ms += SLICE_MS
            if self._slice(loudness(data[at : at + size], fmt) > level, patience):
                yield Boundary(self.speaking, self._began(detection) if self.speaking else int(self.heard_ms))

    def _slice(self, loud: bool, patience: int) -> bool:
        self._loud = self._loud + 1 if loud else 0
        self._quiet = 0 if loud else self._quiet + 1
        ended = self._quiet * SLICE_MS >= patience and self._quiet > 0
        changed = ended if self.speaking else self._loud >= ONSET
        self.speaking ^= changed
        return changed

    def _began(self, detection: Event) -> int:
        return max(0, int(self.heard_ms) - ONSET * SLICE_MS - int(detection.get("prefix_padding_ms", PREFIX_MS)))

    def restart(self, at_ms: float) -> None:
        """Go on at *at_ms* of the session's audio without the speech under way: the buffer was emptied."""
        self.heard_ms = at_ms
        self.speaking = False
        self._loud = self._quiet = 0
        self._rest = b""
