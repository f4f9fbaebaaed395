"""A conversation is played until it says something about the endpoint, or patience is at its end; all is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from conformance.play.bounds import MESSAGE
from conformance.run.budget import Spent
from conformance.run.retry_policy import (
    needs_no_pause,
    pause_before,
    repetitions,
    says_nothing,
    seconds_of,
    settled,
    was_cut,
)

if TYPE_CHECKING:
    from conformance.play.player import Conversation
    from conformance.play.preflight import Diagnosis
    from conformance.relay.pair import Pair
    from conformance.trace.trace import Trace

Sleep = Callable[[float], Awaitable[None]]
T = TypeVar("T")
#: Seconds of a pause that is told.
WORTH_TELLING = 5.0


@dataclass(frozen=True)
class Attempt:
    """One play of a conversation."""

    conversation: Conversation
    files: tuple[Path, ...] = ()
    """Where its traces were written."""
    spent: Spent = field(default_factory=Spent)
    pairs: tuple[Pair, ...] = ()
    """Both sides of a gateway, one for each connection."""
    direct: tuple[Trace, ...] = ()
    """The same conversation without the gateway."""
    broken: tuple[str, ...] = ()
    """Rules that it broke unexpectedly (or `plays`), where it was judged."""

    @property
    def weight(self) -> int:
        """About how many bytes of memory its traces hold."""
        return sum(entry.size + MESSAGE for trace in self.conversation.traces for entry in trace)

    @property
    def counts(self) -> bool:
        """Whether a better result later makes the conversation flaky: the endpoint was there, and failed."""
        return bool(self.broken) or was_cut(self.conversation)


class Retrier:
    """Plays again what the environment got in the way of.  A pause that the endpoint asks for holds for everybody."""

    def __init__(
        self, retries: int, sleep: Sleep = asyncio.sleep, tell: Callable[[str], None] = lambda _line: None
    ) -> None:
        """*tell* hears of pauses that somebody who looks on would take for a hang."""
        self.retries, self.sleep, self.tell = retries, sleep, tell
        self.not_before = 0.0
        """On the clock of the loop."""

    async def play(self, once: Callable[[int], Awaitable[Attempt]], first: int = 1) -> tuple[Attempt, ...]:
        """Play *once*(number of the attempt, from *first*) until it tells something; the last attempt counts."""
        attempts: list[Attempt] = []
        while True:
            await self._wait()
            attempts.append(await once(first + len(attempts)))
            last = attempts[-1].conversation
            if not says_nothing(last) or not self._pause(len(attempts), last):
                counts = settled([each.conversation for each in attempts])
                return (*attempts[:-1], replace(attempts[-1], conversation=counts))

    async def connect(self, once: Callable[[], Awaitable[Diagnosis]]) -> tuple[Diagnosis, int]:
        """Do the preflight until the endpoint is not overloaded; give the diagnosis and the number of attempts."""
        for number in count(1):
            await self._wait()
            diagnosis = await once()
            if not diagnosis.environment or number > self.retries or not self._wait_for(number, diagnosis.retry_after):
                break
        return diagnosis, number

    def _pause(self, number: int, last: Conversation) -> bool:
        """Arrange repetition *number* after a conversation; False if there is to be none."""
        if number > repetitions(last, self.retries):
            return False
        return self._wait_for(number, last.retry_after, at_once=needs_no_pause(last))

    def _wait_for(self, number: int, retry_after: str, *, at_once: bool = False) -> bool:
        """Let everybody wait before repetition *number*; False if that takes too long."""
        seconds = pause_before(number, retry_after, datetime.now(UTC), at_once=at_once)
        if seconds is None:
            return False
        now = asyncio.get_running_loop().time()
        if seconds >= WORTH_TELLING and now + seconds > self.not_before + 1:
            asked = seconds_of(retry_after, datetime.now(UTC)) is not None
            why = "the endpoint asked for it (Retry-After)" if asked else "the endpoint is busy"
            self.tell(f"waiting {seconds:.0f} s: {why}")
        self.not_before = max(self.not_before, now + seconds)
        return True

    async def told(self, work: Awaitable[T], line: str) -> T:
        """Do *work*; where it takes longer than a moment, say so."""
        saying = asyncio.get_running_loop().call_later(WORTH_TELLING, self.tell, line)
        try:
            return await work
        finally:
            saying.cancel()

    async def _wait(self) -> None:
        while (left := self.not_before - asyncio.get_running_loop().time()) > 0:
            await self.sleep(left)
