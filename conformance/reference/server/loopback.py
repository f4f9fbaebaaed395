"""The reference endpoint as a connection in memory: no socket, no thread, and its own time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import orjson

from conformance.reference.session.hooks import Outgoing, Receives, Sends
from conformance.reference.session.refusals import Event


class Closed(Exception):
    """The endpoint has closed the connection; everything that it sent before was received."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".rstrip())
        self.code, self.reason = code, reason


class VirtualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.now


class Session(Protocol):
    """What a loopback talks to: an `Endpoint`, or a `RefusingSession` one."""

    closing: tuple[int, str] | None
    sends: Sends
    receives: Receives

    def open(self) -> list[Outgoing]:
        """Begin."""

    def receive(self, frame: str | bytes) -> list[Outgoing]:
        """Answer a frame."""

    def due(self) -> float | None:
        """When there is something to send."""

    def tick(self) -> list[Outgoing]:
        """Send it."""


class Loopback:
    """A client's connection to one session in memory."""

    def __init__(
        self,
        endpoint: Callable[[VirtualClock], Session],
        *,
        sends: Sends | None = None,
        receives: Receives | None = None,
        frames: Callable[[Event], str | bytes] | None = None,
    ) -> None:
        """Connect to the session that *endpoint* makes with the loopback's clock.

        *sends* is applied to every event that the endpoint sends, *receives* to every event that reaches it, and
        *frames* puts outgoing events into frames.
        """
        self.clock = VirtualClock()
        self.endpoint = endpoint(self.clock)
        if sends is not None:
            self.endpoint.sends = sends
        if receives is not None:
            self.endpoint.receives = receives
        self._frames = frames
        self.closed: tuple[int, str] | None = None
        """How the client closed the connection, once it has."""
        self._inbox: deque[Outgoing] = deque(self.endpoint.open())

    async def send(self, frame: str | bytes) -> None:
        """Send a text or binary frame; raises Closed if the endpoint has closed."""
        if self.endpoint.closing is not None:
            raise Closed(*self.endpoint.closing)
        self._inbox.extend(self.endpoint.receive(frame))

    async def receive(self, within: float) -> str | bytes:
        """Wait for the next frame, for *within* seconds of the loopback's own time.

        Raises TimeoutError when nothing comes in that time, and Closed when nothing will ever come.
        """
        deadline = self.clock.now + within
        while not self._inbox:
            if self.endpoint.closing is not None:
                raise Closed(*self.endpoint.closing)
            due = self.endpoint.due()
            if due is None or due > deadline:
                self.clock.now = deadline
                raise TimeoutError(f"nothing came within {within} s")
            self.clock.now = max(self.clock.now, due)
            self._inbox.extend(self.endpoint.tick())
        return as_frame(self._inbox.popleft(), self._frames)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection as the client."""
        self.closed = self.closed or (code, reason)


def as_frame(outgoing: Outgoing, frames: Callable[[Event], str | bytes] | None = None) -> str | bytes:
    """Write an event as a frame: JSON text unless *frames* says otherwise; a raw frame stays as it is."""
    if not isinstance(outgoing, dict):
        return outgoing
    return orjson.dumps(outgoing).decode() if frames is None else frames(outgoing)
