"""One connection and its session: who reads, who writes, and who wakes whom.

The reader hands each frame to the session; an alarm wakes the session when its next plan is due.  Whatever either of
them makes it send is put into the outbox and written at once, without a task in between: a server with hundreds of
speaking sessions spends its time on words, not on waking writers.  Only when a client does not read, so that the
socket's buffer is full, a task waits for room; and when the outbox is full too, the client is not listened to either.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol

import orjson

from conformance.reference.server.loopback import Session
from conformance.reference.session.hooks import Hooks, Outgoing

#: So many events may wait for a client that does not read, before it is not listened to either.
OUTBOX_LIMIT = 4096
#: Opcode of a close frame (RFC 6455, 11.8).
CLOSE_FRAME = 8
#: Opcode of a pong (RFC 6455, 11.8).
PONG = 10
#: State of a connection that can send, as websockets numbers it.
OPEN = 1


class ServerSocket(Protocol):
    """What a line needs of a server's connection."""

    transport: Any
    protocol: Any
    """The protocol without its I/O: takes frames, and says what they are in bytes."""
    paused: bool
    """Whether the buffer of the socket is full."""

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Return the frames of the client."""

    def send_data(self) -> None:
        """Write what the protocol has to send."""

    async def drain(self) -> None:
        """Wait until the buffer has room."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with a close frame."""


class ServedConnection:
    """Serves one conversation."""

    def __init__(self, connection: ServerSocket, session: Session, hooks: Hooks | None = None) -> None:
        self._connection, self._session = connection, session
        self._frames = hooks.frames if hooks else None
        self._closes = hooks.closes if hooks else None
        self._ends = hooks.ends if hooks else None
        self._pongs = hooks.answers_pings if hooks else True
        if self._closes is not None or not self._pongs:
            self._ask_before_answering_by_itself()
        self._outbox: deque[Outgoing] = deque()
        self._room = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[None] = self._loop.create_future()
        self._alarm: asyncio.TimerHandle | None = None
        self._draining: asyncio.Task[None] | None = None
        self.received = self.sent = 0

    async def serve(self) -> None:
        """Serve the conversation until one side closes."""
        reader = asyncio.create_task(self._read())
        try:
            self._send(self._session.open())
            await self._end
        finally:
            if self._alarm is not None:
                self._alarm.cancel()
            tasks = [task for task in (reader, self._draining) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._session.closing is not None:
            await self._close(*self._session.closing)

    async def _read(self) -> None:
        try:
            async for frame in self._connection:
                self.received += 1
                self._send(self._session.receive(frame))
                while len(self._outbox) > OUTBOX_LIMIT:
                    self._room.clear()
                    await self._room.wait()
                if self._end.done():
                    return
        except Exception as error:  # it ends the conversation, in `serve`
            self._finish(error)
        else:
            self._finish()

    def _send(self, outgoing: Iterable[Outgoing]) -> None:
        """Send what the session has to send, and see when it wants to be woken."""
        self._outbox.extend(outgoing)
        if self._draining is None:
            self._flush()
        self._set_alarm()

    def _flush(self) -> None:
        """Write the outbox in its order, as far as the socket takes it."""
        connection, protocol = self._connection, self._connection.protocol
        outbox = self._outbox
        while outbox and not connection.paused:
            if protocol.state != OPEN:
                outbox.clear()  # the client has closed: the reader ends the conversation
                break
            outgoing = outbox.popleft()
            text, data = as_bytes(outgoing, self._frames)
            (protocol.send_text if text else protocol.send_binary)(data)
            connection.send_data()
            self.sent += 1
            if self._ends is not None and isinstance(outgoing, dict) and (end := self._ends(outgoing)) is not None:
                self._session.closing = end
                outbox.clear()
        if outbox:
            self._draining = asyncio.create_task(self._drain())
            return
        self._room.set()
        if self._session.closing is not None:
            self._finish()

    async def _drain(self) -> None:
        try:
            await self._connection.drain()
            self._draining = None
            self._flush()
        except Exception as error:  # it ends the conversation, in `serve`
            self._finish(error)

    def _set_alarm(self) -> None:
        due = self._session.due()
        if self._alarm is not None:
            if self._alarm.when() == due and not self._alarm.cancelled():
                return
            self._alarm.cancel()
            self._alarm = None
        if due is not None and not self._end.done():
            self._alarm = self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        try:
            self._send(self._session.tick())
        except Exception as error:  # it ends the conversation, in `serve`
            self._finish(error)

    def _finish(self, error: Exception | None = None) -> None:
        if self._end.done():
            return
        if error is None:
            self._end.set_result(None)
        else:
            self._end.set_exception(error)

    def _ask_before_answering_by_itself(self) -> None:
        """Ask before `websockets` answers a close frame or a ping: else nothing wrong could be done there."""
        protocol = self._connection.protocol
        send = protocol.send_frame

        def send_if_allowed(frame: Any) -> None:
            if frame.opcode == PONG and not self._pongs:
                return
            theirs = protocol.close_rcvd if frame.opcode == CLOSE_FRAME else None
            if theirs is None or self._closes is None or self._closes(theirs.code, theirs.reason) is not None:
                send(frame)

        protocol.send_frame = send_if_allowed

    async def _close(self, code: int, reason: str) -> None:
        frame = self._closes(code, reason) if self._closes is not None else (code, reason)
        if frame is None:
            self._connection.transport.abort()
        else:
            await self._connection.close(*frame)


def as_bytes(outgoing: Outgoing, frames: Any = None) -> tuple[bool, bytes]:
    """Write an outgoing event as a frame: whether it is text, and its payload."""
    if isinstance(outgoing, dict):
        if frames is None:
            return True, orjson.dumps(outgoing)
        framed: str | bytes = frames(outgoing)
    else:
        framed = outgoing
    return (True, framed.encode()) if isinstance(framed, str) else (False, framed)
