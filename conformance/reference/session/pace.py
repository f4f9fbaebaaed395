"""How fast an answer flows, in seconds.  A client's event can come between any two events of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

#: An answer with more words than this is long: it leaves time to interrupt it, at any pace.
LONG_ANSWER = 40


@dataclass(frozen=True)
class Timing:
    """The waits inside a response."""

    gap: float
    """Between any two events."""
    latency: float
    """From `response.created` to the first output."""
    text: float
    """From one text delta to the next."""
    audio: float
    """The same for audio, as a share of the sound's own duration."""
    at_least: float
    """No shorter wait than this between the deltas of a long answer."""


class Pace(Enum):
    """The three paces."""

    INSTANT = Timing(gap=1e-6, latency=0.0, text=0.0, audio=0.0, at_least=0.005)
    FAST = Timing(gap=1e-5, latency=0.01, text=0.005, audio=0.1, at_least=0.005)
    REALTIME = Timing(gap=1e-4, latency=0.3, text=0.04, audio=1.0, at_least=0.04)

    def between_deltas(self, milliseconds: int, words: int) -> float:
        """Seconds to wait after a delta that carries *milliseconds* of sound, in an answer of *words*."""
        own = self.value.audio * milliseconds / 1000 if milliseconds else self.value.text
        return max(own, self.value.at_least) if words > LONG_ANSWER else own
