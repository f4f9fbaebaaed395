"""The client's side of a gateway: a connection that also notes clocks, pings, and keys where they do not belong."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace

from conformance.play.connection import Connection, Connector, Disconnected, RawFrame, Refusal, UpgradeRequest
from conformance.play.wire import WireConnection
from conformance.relay.flood import without_flood
from conformance.relay.side import Side
from conformance.secrets import Scrubber, hides
from conformance.trace.trace import Handshake


@dataclass
class NotedUpgrade:
    """One upgrade that the client asked for, and what was noted beside its frames."""

    side: Side
    hidden: Scrubber
    """Knows the upstream's key, which no client may see."""
    heard: int = 0
    leaks: list[str] = field(default_factory=list)
    pinging: asyncio.Task[None] | None = None

    def look_at(self, place: str, text: str) -> None:
        """Note *place* if the upstream's key stands in *text*."""
        if hides(text, self.hidden(text)):
            self.leaks.append(place)

    def look_at_answer(self, answered: Handshake) -> None:
        """Look at the answer to the upgrade."""
        for name, value in answered.response_headers.items():
            self.look_at(f"header {name}", value)
        self.look_at("subprotocol", answered.subprotocol or "")
        self.look_at("refusal", answered.body)

    @property
    def noted(self) -> Side:
        """Everything that was noted."""
        return replace(self.side, leaks=tuple(self.leaks))


class NotingConnection:
    """A connection as the player wants it; what it notes is in its attempt."""

    def __init__(self, inner: Connection, attempt: NotedUpgrade) -> None:
        self.inner, self.attempt = inner, attempt
        self.handshake = inner.handshake

    def now(self) -> float:
        """Seconds since connect."""
        return self.inner.now()

    async def send(self, frame: RawFrame) -> None:
        """Send a frame."""
        await self.inner.send(frame)

    async def receive(self, within: float) -> RawFrame:
        """Return the next frame."""
        try:
            frame = await self.inner.receive(within)
        except Disconnected as gone:
            self.attempt.look_at("close reason", gone.reason)
            raise
        frame = without_flood(frame) if isinstance(frame, str) else frame
        text = frame if isinstance(frame, str) else base64.b64encode(frame).decode()
        self.attempt.look_at(f"event {self.attempt.heard}", text)
        self.attempt.heard += 1
        return frame

    async def stop_reading(self, seconds: float) -> None:
        """Take nothing from the socket for that long, and note when."""
        began = self.now()
        await self.inner.stop_reading(seconds)
        self.attempt.side = replace(self.attempt.side, stalled=(began, self.now()))

    async def close(self, code: int = 1000, reason: str = "") -> Disconnected:
        """Close from our side."""
        gone = await self.inner.close(code, reason)
        self._stop_pinging()
        return gone

    async def drop(self) -> None:
        """Break the connection."""
        self._stop_pinging()
        await self.inner.drop()

    def _stop_pinging(self) -> None:
        if self.attempt.pinging is not None:
            self.attempt.pinging.cancel()

    async def ping(self, payload: bytes) -> Awaitable[object]:
        """Send a ping and return what waits for its pong."""
        return await self.inner.ping(payload)

    async def look_for_life(self) -> None:
        """Ask for a sign of life, and note when it came."""
        if not isinstance(self.inner, WireConnection):
            return
        attempt = self.attempt
        try:
            waiter = await self.inner.socket.ping()
            attempt.side = replace(attempt.side, pinged=self.now())
            await waiter
            attempt.side = replace(attempt.side, ponged=self.now())
        except Exception:  # the connection is over: the trace tells how
            return


class NotingConnector:
    """Connects as another connector does; `attempts` has a row for each connection, in their order."""

    def __init__(self, inner: Connector, hidden: Scrubber) -> None:
        self.inner, self.hidden = inner, hidden
        self.attempts: list[NotedUpgrade] = []

    async def connect(self, ask: UpgradeRequest) -> NotingConnection | Refusal:
        """Open a connection, or say why there is none."""
        attempt = NotedUpgrade(Side(asked=time.monotonic(), model=ask.model or ""), self.hidden)
        self.attempts.append(attempt)
        opened = await self.inner.connect(ask)
        attempt.look_at_answer(opened.handshake)
        if isinstance(opened, Refusal):
            attempt.side = replace(attempt.side, opened=time.monotonic())
            return opened
        attempt.side = replace(attempt.side, opened=time.monotonic() - opened.now())
        connection = NotingConnection(opened, attempt)
        attempt.pinging = asyncio.create_task(connection.look_for_life())
        return connection
