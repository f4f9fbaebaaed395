"""One connection and its session: who reads, who writes, and who wakes whom.

A connection has one writer.  The reader hands each frame to the session and puts the answers into the outbox;
the writer empties it in order, and between that sleeps until the session's next plan is due.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Protocol

from conformance.reference.hooks import Hooks, Said
from conformance.reference.loopback import Session, as_frame

#: So many events may wait for a client that does not read, before it is not listened to either.
OUTBOX_LIMIT = 4096


class Socket(Protocol):
    """What a line needs of a server's connection."""

    transport: Any

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Give the frames of the client."""

    async def send(self, message: str | bytes) -> None:
        """Send a text or binary frame."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with a close frame."""


class Line:
    """Holds one conversation."""

    def __init__(self, connection: Socket, session: Session, hooks: Hooks | None = None) -> None:
        self._connection, self._session = connection, session
        self._frames = hooks.frames if hooks else None
        self._closes = hooks.closes if hooks else None
        self._outbox: deque[Said] = deque()
        self._news, self._drained = asyncio.Event(), asyncio.Event()
        self.heard = self.said = 0

    async def hold(self) -> None:
        """Hold the conversation until one side closes."""
        self._outbox.extend(self._session.open())
        reader = asyncio.create_task(self._read())
        try:
            await self._write(reader)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for frame in self._connection:
                self.heard += 1
                self._outbox.extend(self._session.receive(frame))
                self._news.set()
                while len(self._outbox) > OUTBOX_LIMIT:
                    self._drained.clear()
                    await self._drained.wait()
        finally:
            self._news.set()

    async def _write(self, reader: asyncio.Task[None]) -> None:
        while True:
            self._news.clear()
            while self._outbox:
                await self._connection.send(as_frame(self._outbox.popleft(), self._frames))
                self.said += 1
            self._drained.set()
            if self._session.closing is not None:
                await self._close(*self._session.closing)
                return
            if reader.done():
                reader.result()
                return
            await self._sleep()
            self._outbox.extend(self._session.tick())

    async def _close(self, code: int, reason: str) -> None:
        frame = self._closes(code, reason) if self._closes is not None else (code, reason)
        if frame is None:
            self._connection.transport.abort()
        else:
            await self._connection.close(*frame)

    async def _sleep(self) -> None:
        due, loop = self._session.due(), asyncio.get_running_loop()
        if due is None:
            await self._news.wait()
        elif due <= loop.time():
            await asyncio.sleep(0)
        else:
            alarm = loop.call_at(due, self._news.set)
            await self._news.wait()
            alarm.cancel()
