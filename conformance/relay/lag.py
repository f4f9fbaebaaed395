"""How late we ourselves are: what arrives on a busy machine is heard late, and says nothing about a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from conformance.trace.latency import percentile

#: Seconds between two looks at the clock.
LOOK = 0.005
#: The share of looks that must be on time.
MOST = 0.75


class Lag:
    """The lateness of the running loop, while somebody watches it."""

    def __init__(self) -> None:
        self._late: list[float] = []

    @property
    def usual(self) -> float:
        """By how many seconds at most three of four looks were late."""
        return percentile(self._late, MOST) or 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Lag]:
        """Watch the loop while the block runs."""
        watching = asyncio.create_task(self._watch())
        try:
            yield self
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK
            await asyncio.sleep(LOOK)
            self._late.append(loop.time() - due)
