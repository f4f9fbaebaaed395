"""Budgets: a conversation begins only if its upper bound still fits; what was not reached is `not run`.

Lives on the event loop of the conversations.  What is being played counts with its upper bound, what is over with
what the endpoint says it used.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.run.prices import Price, tokens_of
from conformance.scenario.cost import Cost, Tokens

if TYPE_CHECKING:
    from conformance.trace.trace import Trace


@dataclass(frozen=True)
class Limits:
    """What a run may use; None for as much as it likes."""

    tokens: float | None = None
    sessions: float | None = None
    seconds: float | None = None
    usd: float | None = None
    workers: int = 1
    """Processes of which each has such a limit, a share of what was asked for."""

    @property
    def given(self) -> bool:
        """Whether there is any limit."""
        return any(each is not None for each in (self.tokens, self.sessions, self.seconds, self.usd))

    def share(self, workers: int) -> Limits:
        """Return the part of one of several processes that know nothing of each other, after the preflight.

        Time passes for all.
        """
        sessions = None if self.sessions is None else max(0.0, self.sessions - 1)
        tokens, sessions, usd = (None if each is None else each / workers for each in (self.tokens, sessions, self.usd))
        return Limits(tokens, sessions, self.seconds, usd, workers)


@dataclass(eq=False)
class Exhausted(Exception):
    """The conversation was not begun, or not finished: it would have exceeded a budget."""

    budget: str
    """The option, and what it leaves."""

    def __str__(self) -> str:
        return f"not run: {self.budget}"


@dataclass(frozen=True)
class Spent:
    """What one conversation, or a run, really used."""

    sessions: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    heard: float = 0.0
    estimated: bool = False
    """The endpoint told no usage for a response that was completed: its upper bound stands in."""

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.sessions + other.sessions,
            self.tokens + other.tokens,
            self.heard + other.heard,
            self.estimated or other.estimated,
        )

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data, for the records."""
        told = {"sessions": self.sessions, "tokens": list(self.tokens.numbers), "seconds_sent": round(self.heard, 3)}
        return told | ({"estimated": True} if self.estimated else {})

    @classmethod
    def from_data(cls, told: Mapping[str, Any]) -> Spent:
        """Read what `as_data` gave."""
        return cls(told["sessions"], Tokens(*told["tokens"]), told["seconds_sent"], told.get("estimated", False))


def spent_on(traces: Iterable[Trace], cost: Cost) -> Spent:
    """Add up what the endpoint says a conversation used; where it does not say, the upper bound stands in."""
    from conformance.contract.dialects import CANONICAL, DIALECTS
    from conformance.trace.views import View

    traces = tuple(traces)
    ledgers = [View(trace, DIALECTS[trace.dialect or CANONICAL.name]).ledger for trace in traces]
    silent = any(line.status == "completed" and not line.usage for each in ledgers for line in each.responses)
    heard = sum(each.seconds_sent or 0.0 for each in ledgers)
    tokens = cost.tokens if silent else sum(map(tokens_of, ledgers), Tokens())
    return Spent(len(traces), tokens, heard, estimated=silent)


class Budget:
    """What is left, and who may begin."""

    def __init__(self, limits: Limits, price: Price | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* gives seconds, by default those of an event loop."""
        self.limits, self.price, self.clock = limits, price, clock
        self.spent = Spent()
        self._reserved: list[Cost] = []
        self._began: float | None = None
        self._over: Exhausted | None = None
        self._changes = asyncio.Condition()

    @property
    def exhausted(self) -> str:
        """What kept a conversation from being played; empty if nothing did."""
        return self._over.budget if self._over is not None else ""

    def begin(self) -> None:
        """Let the time run."""
        if self._began is None:
            self._began = self.clock()

    @property
    def left(self) -> float | None:
        """Seconds until the time is over; None without a limit."""
        if self.limits.seconds is None:
            return None
        return self.limits.seconds - (self.clock() - self._began if self._began is not None else 0.0)

    async def reserve(self, cost: Cost) -> None:
        """Wait until *cost* fits, or raise Exhausted: it does not even if all that is being played costs nothing."""
        self._refuse()
        self.begin()
        async with self._changes:
            while (why := self._too_much(cost, self._reserved)) and self._over is None:
                if not self._reserved or self._too_much(cost, []):
                    self.end(why)
                    break
                await self._changes.wait()
            if self._over is not None:
                self._changes.notify_all()
            self._refuse()
            self._reserved.append(cost)

    def _refuse(self) -> None:
        """Raise Exhausted, a new one each time: one that is raised a thousand times drags a thousand tracebacks."""
        if self._over is not None:
            raise Exhausted(self._over.budget)

    def end(self, why: str) -> Exhausted:
        """Let nothing more begin; return what says why."""
        self._over = self._over or Exhausted(why)
        return Exhausted(self._over.budget)

    async def settle(self, cost: Cost, spent: Spent) -> None:
        """Put what was really used in the place of what was reserved."""
        async with self._changes:
            self._reserved.remove(cost)
            self.spent += spent
            self._changes.notify_all()

    def _too_much(self, cost: Cost, playing: list[Cost]) -> str:
        """Say which budget *cost* would exceed beside what is *playing*; empty if none."""
        limits, total = self.limits, sum(playing, cost)
        checks = (
            ("--max-sessions", limits.sessions, self.spent.sessions + total.sessions, "{:.0f}"),
            ("--max-tokens", limits.tokens, self.spent.tokens.total + total.tokens.total, "{:,.0f}"),
            ("--max-usd", limits.usd, self._usd(self.spent.tokens + total.tokens), "${:.4f}"),
        )
        for option, limit, needed, words in checks:
            if limit is not None and needed > limit:
                given = f"{option}={limit:g}" if limits.workers == 1 else self._share(option, limit)
                return f"{given} is too small (up to {words.format(needed)} with the next conversation)"
        if self.left is not None and self.left <= 0:
            return self.time_is_over()
        return ""

    def _share(self, option: str, limit: float) -> str:
        return f"{option}: the share of each of {self.limits.workers} workers, {limit:g},"

    def time_is_over(self) -> str:
        """Say that --max-time ended the run."""
        return f"--max-time={self.limits.seconds:g} is over"

    def _usd(self, tokens: Tokens) -> float:
        return self.price.of(tokens) if self.price is not None else 0.0
