"""How many sessions a soak keeps open, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

#: Share of the time in which the load grows to its full height.
RAMP = 1 / 3
#: Seconds after each turn, in long soaks; in short ones this share of the time.
PAUSE, SHARE = 5.0, 1 / 12


class Load(Protocol):
    """How many sessions are wanted."""

    @property
    def sessions(self) -> int:
        """The most at once."""

    @property
    def pause(self) -> float:
        """Seconds after each turn of a session."""

    def at(self, passed: float) -> int | None:
        """Return how many may be open after so many seconds; None when all is over."""


@dataclass(frozen=True)
class SoakPlan:
    """How much load, and how long."""

    sessions: int
    """At once, when the load is at its full height."""
    seconds: float
    """In which conversations begin; those that run then are played to their end."""

    @property
    def pause(self) -> float:
        """Seconds after each turn of a session."""
        return min(PAUSE, self.seconds * SHARE)

    def at(self, passed: float) -> int | None:
        """Return how many sessions may be open after so many seconds; None when the time is over."""
        if passed >= self.seconds:
            return None
        return max(1, min(self.sessions, round(self.sessions * passed / (self.seconds * RAMP))))
