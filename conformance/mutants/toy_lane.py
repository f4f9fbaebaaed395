"""Both directions of one conversation through the toy relay."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from websockets.exceptions import ConnectionClosed

from conformance.mutants.relay_behaviour import REDACTED, Behaviour, Payload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

PONG = 10


class Relay(Protocol):
    """What both directions share with the other conversations."""

    upstream_key: str
    used: float
    failed: bool

    @property
    def lines(self) -> Mapping[ServerConnection, ClientConnection | None]:
        """The clients, each with its line to the upstream."""

    def keep(self, line: ClientConnection) -> None:
        """Leave a session of the upstream open."""

    def charge(self, behaviour: Behaviour, event: Mapping[str, Any]) -> float:
        """Return what an event of the upstream costs."""

    def charge_more(self, amount: float) -> None:
        """Charge."""


class Lanes:
    """One client, its line to the upstream, and what goes wrong between them."""

    def __init__(
        self, relay: Relay, client: ServerConnection, upstream: ClientConnection, behaviour: Behaviour
    ) -> None:
        self.relay, self.client, self.upstream, self.behaviour = relay, client, upstream, behaviour
        self.owed = 0.0
        """Charged when the client closes; lost with it by a relay that charges no lost clients."""
        self.late: asyncio.Queue[tuple[float, Payload] | None] = asyncio.Queue()
        self.held: list[Payload] = []

    @property
    def _writes_late(self) -> bool:
        return bool(self.behaviour.delay or self.behaviour.holds)

    async def carry(self) -> None:
        """Pass frames on until one side ends, then end the other."""
        if not self.behaviour.pongs_client:
            silence_pongs(self.client)
        down, up = asyncio.create_task(self._down()), asyncio.create_task(self._up())
        await asyncio.wait({down, up}, return_when=asyncio.FIRST_COMPLETED)
        if up.done() and not down.done():
            await self._client_left(down)
        else:
            await self._upstream_ended(up)
        if self.behaviour.charges_lost_clients or self.client.protocol.close_rcvd is not None:
            self.relay.used += self.owed
        if self.behaviour.charges_again_after is not None:
            asyncio.get_running_loop().call_later(self.behaviour.charges_again_after, self.relay.charge_more, self.owed)
        for task in (down, up):
            task.cancel()
        await asyncio.gather(down, up, return_exceptions=True)

    async def _down(self) -> None:
        writing = asyncio.create_task(self._write_late()) if self._writes_late else None
        within: float | None = self.behaviour.patience
        try:
            while True:
                async with asyncio.timeout(within):
                    frame = await self.upstream.recv()
                within = None
                await self._pass_down(frame)
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            if writing is not None:
                self.late.put_nowait(None)
                await writing

    async def _pass_down(self, frame: Payload) -> None:
        event = _event(frame)
        self.owed += self.relay.charge(self.behaviour, event)
        if isinstance(frame, str) and self.behaviour.redacts:
            frame = frame.replace(self.relay.upstream_key, REDACTED)
        for each in self.behaviour.down(frame):
            if self.behaviour.batch > 1 and str(event.get("type", "")).endswith(".delta"):
                self.held.append(each)
                if len(self.held) == self.behaviour.batch:
                    await self._flush()
                continue
            await self._flush()
            await self._send(each)
        if self.behaviour.broadcasts is not None and self.behaviour.broadcasts(frame):
            for other in list(self.relay.lines):
                if other is not self.client:
                    await other.send(frame)

    async def _flush(self) -> None:
        held, self.held = self.held, []
        for each in held:
            await self._send(each)

    async def _send(self, frame: Payload) -> None:
        if self.behaviour.holds and self.late.qsize() >= self.behaviour.holds:
            return
        if self._writes_late:
            due = asyncio.get_running_loop().time() + self.behaviour.delay
            self.late.put_nowait((due, frame))
        else:
            await self.client.send(frame)

    async def _write_late(self) -> None:
        loop = asyncio.get_running_loop()
        while (each := await self.late.get()) is not None:
            due, frame = each
            await asyncio.sleep(max(0.0, due - loop.time()))
            try:
                await self.client.send(frame)
            except ConnectionClosed:
                return

    async def _up(self) -> None:
        try:
            for frame in self.behaviour.greets:
                await self.upstream.send(frame)
            while True:
                for each in self.behaviour.up(await self.client.recv()):
                    await self.upstream.send(each)
        except ConnectionClosed:
            return

    async def _client_left(self, down: asyncio.Task[None]) -> None:
        how = "closed" if self.client.protocol.close_rcvd is not None else "dropped"
        if how in self.behaviour.lets_go:
            await self.upstream.close(1000 if how == "closed" else 1001)
        else:
            down.cancel()
            self.relay.keep(self.upstream)

    async def _upstream_ended(self, up: asyncio.Task[None]) -> None:
        received = self.upstream.protocol.close_rcvd
        code, reason = (received.code, received.reason) if received is not None else (None, "")
        if received is None:
            self.relay.failed = True
        if self.behaviour.redacts:
            reason = reason.replace(self.relay.upstream_key, REDACTED)
        told = self.behaviour.closes(code, reason)
        if told == "keep":
            await asyncio.wait({up})
        elif told == "abort":
            self.client.transport.abort()
        elif not isinstance(told, str):
            await self.client.close(*told)
        await self.upstream.close()


def _event(frame: Payload) -> dict[str, Any]:
    try:
        event = orjson.loads(frame)
    except orjson.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}


def silence_pongs(connection: Any) -> None:
    """Make a connection that answers no ping; `websockets` answers them by itself."""
    protocol = connection.protocol
    send = protocol.send_frame

    def without_pongs(frame: Any) -> None:
        if frame.opcode != PONG:
            send(frame)

    protocol.send_frame = without_pongs
