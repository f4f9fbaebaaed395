"""What a run is doing at this moment, for whoever looks on from another thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import PLAYS
from conformance.run.budget import Spent

if TYPE_CHECKING:
    from conformance.run.record import ConversationRecord
    from conformance.run.settings import Settings

#: Of so many conversations it is known how long they took before the time that is left is estimated.
TELLING = 5


@dataclass(frozen=True, kw_only=True)
class WatchedRun:
    """One look at a run."""

    over: int
    of: int
    """Conversations that are to be played; generated examples are not among them."""
    playing: int = 0
    workers: int = 0
    """Processes that play, where others do; who they are playing with is not known then."""
    slowest: tuple[str, float] | None = None
    """The conversation that has been played longest, and for how many seconds."""
    broken: int = 0
    """Rules whose findings count."""
    stopped: int = 0
    """Conversations that stopped for a reason that counts."""
    spent: Spent = field(default_factory=Spent)
    usd: float | None = None
    left: float | None = None
    """Seconds until the last conversation, estimated; None while nothing tells."""
    ending: str = ""
    """Why no further conversation begins, in a word or two; empty as long as one may."""
    search: str = ""
    """What is being done with generated examples, or how far a soak is."""


class Watch:
    """Conversations that are to come, are being played, and are over.  Written by the threads that play."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* gives seconds."""
        self.clock = clock
        self.began = clock()
        self.expected: dict[str, float] = {}
        """Conversation -> the seconds that it usually takes."""
        self.live: dict[str, float] = {}
        """Conversation -> when it began."""
        self.over: set[str] = set()
        self.search = ""

    def expects(self, seconds: Mapping[str, float]) -> None:
        """Take the names of conversations that are to be played, with the seconds that they usually take."""
        if not self.expected:
            self.began = self.clock()
        self.expected |= seconds

    @contextmanager
    def playing(self, name: str) -> Iterator[None]:
        """Note that a conversation is being played, for the time of a block."""
        self.live[name] = self.clock()
        try:
            yield
        finally:
            self.live.pop(name, None)

    def finished(self, name: str) -> None:
        """Note that a conversation is over, for good."""
        if name in self.expected:
            self.over.add(name)

    def slowest(self) -> tuple[str, float] | None:
        """Return the conversation that has been played longest, and for how many seconds."""
        began = dict(self.live)
        name = min(began, key=began.__getitem__, default=None)
        return (name, self.clock() - began[name]) if name is not None else None

    def left(self, within: float | None = None) -> float | None:
        """Estimate the seconds until the last one; None while too few are over, and when all the rest is played.

        *within*: the seconds after which the run ends in any case; None for no such end.
        """
        expected, over, live = dict(self.expected), set(self.over), set(self.live)
        if len(over) < TELLING or expected.keys() <= over | live:
            return None
        done = sum(expected[name] for name in over)
        left = (sum(expected.values()) - done) / done * (self.clock() - self.began)
        return left if within is None else min(left, max(within, 0.0))


def broken_so_far(records: Iterable[ConversationRecord], settings: Settings) -> tuple[int, int]:
    """Count the rules whose findings count, and the conversations that stopped for a reason that counts."""
    counts = {Verdict.FAIL, Verdict.WARNING} if settings.strict else {Verdict.FAIL}
    rules: set[str] = set()
    stopped = 0
    for record in records:
        rules |= {name for name, told in record.rules.items() if told.verdict in counts}
        excused = record.known or (record.cause and not settings.strict)
        stopped += record.outcome is Outcome.STOPPED and PLAYS in record.questions and not excused
    return len(rules), stopped
