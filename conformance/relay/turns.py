"""Who plays when: conversations that need the upstream for themselves wait for the others, and the others for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Many share, or one is alone; whoever wants to be alone is not kept waiting by newcomers."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._sharing = 0
        self._alone = False
        self._queue = 0
        """How many wait to be alone."""

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Play beside others."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone and not self._queue)
            self._sharing += 1
        try:
            yield
        finally:
            async with self._changed:
                self._sharing -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Play while nobody else does."""
        async with self._changed:
            self._queue += 1
            try:
                await self._changed.wait_for(lambda: not self._alone and not self._sharing)
                self._alone = True
            finally:
                self._queue -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            async with self._changed:
                self._alone = False
                self._changed.notify_all()
