"""How many sessions are open at once: fewer, once the endpoint says that it holds no more.

A limit of sessions is no fault.  Whoever is refused for it lets the others know, waits and plays again; a conversation
that needs more sessions than the endpoint holds has nothing to say about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from conformance.scenario.model import OPENING

if TYPE_CHECKING:
    from conformance.run.retry import Attempt
    from conformance.scenario.model import Scenario

#: Seconds before a conversation asks for a session again; doubled each time, never more than LONGEST_PAUSE.
PAUSE, LONGEST_PAUSE = 0.5, 4.0
#: After so many seconds of asking the endpoint is full for reasons of its own.
MOST_PATIENCE = 60.0
#: A conversation of several sessions that is refused so often, with nobody else playing, asks for too many.
REFUSALS_ALONE = 3
#: Below this number the limit is felt for in steps of one.
SMALL = 4
#: So many conversations without a refusal let one more play beside them.
GOOD_ROW = 12
#: After so many refusals the limit grows no more.
MOST_GROWTHS = 3


class SessionGate:
    """Lets as many sessions be open as the endpoint holds; lives on the event loop of the conversations."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.sleep = sleep
        self.limit: int | None = None
        """How many sessions may be open; None until the endpoint has refused one for it."""
        self.capacity: int | None = None
        """How many sessions one conversation got at most, where it asked for more."""
        self._open = 0
        self._want_to_be_alone = 0
        self._row = 0
        self._lowered = 0
        self._not_before = 0.0
        self._changes = asyncio.Condition()

    async def play(self, number: int, once: Callable[[], Awaitable[Attempt]]) -> Attempt:
        """Play *once*() as soon as there is room for its *number* of sessions, again while the endpoint is full."""
        clock = asyncio.get_running_loop().time
        deadline, pause, refused_alone = clock() + MOST_PATIENCE, PAUSE, 0
        while True:
            async with self._room(number):
                alone = self._open == number
                attempt = await once()
                if not attempt.conversation.full:
                    self._went_well()
                    return attempt
                self._lower(clock())
            refused_alone += alone and number > 1
            if refused_alone >= REFUSALS_ALONE:
                self.capacity = max(1, len(attempt.conversation.traces) - 1)
                return attempt
            if clock() + pause > deadline:
                return attempt
            await self.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    @asynccontextmanager
    async def _room(self, number: int) -> AsyncIterator[None]:
        """Wait until *number* more sessions may be open; who needs more than the limit plays alone, and soon."""
        async with self._changes:
            if self.limit is not None and number > self.limit:
                self._want_to_be_alone += 1
                try:
                    await self._changes.wait_for(lambda: not self._open)
                finally:
                    self._want_to_be_alone -= 1
            else:
                await self._changes.wait_for(lambda: self._has_room(number))
            self._open += number
        try:
            yield
        finally:
            async with self._changes:
                self._open -= number
                self._changes.notify_all()

    def _has_room(self, number: int) -> bool:
        if self.limit is None:
            return True
        return not self._want_to_be_alone and (not self._open or self._open + number <= self.limit)

    def _lower(self, now: float) -> None:
        """Let fewer sessions be open; refusals that come together count once."""
        self._row = 0
        if now < self._not_before:
            return
        self._not_before = now + PAUSE
        self._lowered += 1
        most = self._open if self.limit is None else min(self.limit, self._open)
        self.limit = max(1, most // 2 if most > SMALL else most - 1)

    def _went_well(self) -> None:
        self._row += 1
        if self.limit is not None and self._row >= GOOD_ROW and self._lowered < MOST_GROWTHS:
            self._row = 0
            self.limit += 1

    @property
    def note(self) -> str:
        """Say in one sentence what was found; empty if the endpoint refused nobody."""
        if self.limit is None:
            return ""
        return f"the endpoint limits the number of sessions: conversations were played at most {self.limit} at a time"


def sessions_at_once(scenario: Scenario) -> int:
    """Return how many sessions a scenario has open at once, at most."""
    open_now: set[str] = set()
    most = 1
    for step in scenario.steps:
        if step.name in OPENING:
            open_now.add(step.on)
        elif step.name in ("close", "drop"):
            open_now.discard(step.on)
        most = max(most, len(open_now))
    return most
