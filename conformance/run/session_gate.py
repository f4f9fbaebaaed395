"""How many sessions are open at once: fewer, once the endpoint says that it holds no more.

A limit of sessions is no fault.  Whoever is refused for it lets the others know, waits and plays again; a conversation
that needs more sessions than the endpoint holds has nothing to say about it.  An endpoint may also free the slot of a
session some time after its end: then a conversation counts as open for that long.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from conformance.scenario.model import OPENING

if TYPE_CHECKING:
    from conformance.run.retry import Attempt
    from conformance.scenario.model import Scenario

#: Seconds before a conversation asks for a session again; doubled each time, never more than LONGEST_PAUSE.
PAUSE, LONGEST_PAUSE = 0.5, 4.0
#: Seconds for which a slot may stay taken after its session: the first guess, doubled while that is too short.
FIRST_LINGER, LONGEST_LINGER = 0.25, 4.0
#: After so many seconds of being refused the endpoint is full for reasons of its own.
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
        """How many sessions one conversation got at most, where it asked for more at once."""
        self.row: int | None = None
        """How many one got at most, where it asked for more one after the other."""
        self.linger = 0.0
        """Seconds for which slots stay taken after their sessions."""
        self._open = 0
        self._want_to_be_alone = 0
        self._good = 0
        self._lowered = 0
        self._not_before = 0.0
        self._changes = asyncio.Condition()

    async def play(self, number: int, once: Callable[[], Awaitable[Attempt]]) -> Attempt:
        """Play *once*() as soon as there is room for its *number* of sessions, again while the endpoint is full."""
        clock = asyncio.get_running_loop().time
        deadline, pause, refused_alone, got = math.inf, PAUSE, 0, 0
        while True:
            async with self._room(number, alone=got > 0) as alone:
                attempt = await once()
                full = attempt.conversation.full
                got = len(attempt.conversation.traces) - 1
                self._lower(clock(), too_soon=alone and not got) if full else self._went_well()
                if self.linger:
                    await self.sleep(self.linger)
            if not full:
                return attempt
            refused_alone += alone and got > 0
            if refused_alone >= REFUSALS_ALONE:
                self._holds(got, at_once=number > 1)
                return attempt
            deadline = min(deadline, clock() + MOST_PATIENCE)
            if clock() + pause > deadline:
                return attempt
            await self.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    @asynccontextmanager
    async def _room(self, number: int, *, alone: bool) -> AsyncIterator[bool]:
        """Wait until *number* more sessions may be open; who needs more than the limit plays alone, and soon.

        Yield whether nobody else plays.
        """
        async with self._changes:
            if alone or (self.limit is not None and number > self.limit):
                self._want_to_be_alone += 1
                try:
                    await self._changes.wait_for(lambda: not self._open)
                finally:
                    self._want_to_be_alone -= 1
            else:
                await self._changes.wait_for(lambda: self._has_room(number))
            # Whoever is alone takes all the room there is, so that nobody joins it.
            taken = max(number, self.limit or 0) if alone else number
            self._open += taken
        try:
            yield self._open == taken
        finally:
            async with self._changes:
                self._open -= taken
                self._changes.notify_all()

    def _has_room(self, number: int) -> bool:
        if self.limit is None:
            return True
        return not self._want_to_be_alone and (not self._open or self._open + number <= self.limit)

    def _lower(self, now: float, *, too_soon: bool) -> None:
        """Let fewer sessions be open; refusals that come together count once.

        *too_soon*: nobody else played, so the slots were those of sessions that are over.
        """
        self._good = 0
        if now < self._not_before:
            return
        self._not_before = now + PAUSE
        self._lowered += 1
        if too_soon:
            self.linger = min(LONGEST_LINGER, max(FIRST_LINGER, self.linger * 2))
            self._lowered = 0  # what was learned of the limit was about these
        most = self._open if self.limit is None else min(self.limit, self._open)
        self.limit = max(1, most // 2 if most > SMALL and not self.linger else most - 1)

    def _went_well(self) -> None:
        self._good += 1
        if self.limit is not None and self._good >= GOOD_ROW and self._lowered < MOST_GROWTHS:
            self._good = 0
            self.limit += 1

    def _holds(self, got: int, *, at_once: bool) -> None:
        """Note how many sessions one conversation got that asked for more, with nobody beside it."""
        if at_once:
            self.capacity = got
        else:
            self.row = got

    @property
    def note(self) -> str:
        """Say in one sentence what was found; empty if the endpoint refused nobody."""
        if self.limit is None:
            return ""
        told = f"the endpoint limits the number of sessions: conversations were played at most {self.limit} at a time"
        late = f", and {self.linger:g} s apart, as the slot of a session is free only some time after its end"
        return told + (late if self.linger else "")


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


def sessions_in_all(scenario: Scenario) -> int:
    """Return how many sessions a scenario opens."""
    return max(1, sum(step.name in OPENING for step in scenario.steps))
