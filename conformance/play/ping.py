"""A ping and its pong: the one question that the connection itself answers, whatever the session does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from conformance.play.connection import Disconnected
from conformance.scenario.commands import Wait
from conformance.trace.trace import Direction, Event, FrameKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from conformance.play.connection import Connection
    from conformance.play.recorder import Recorder

    Listen = Callable[[Wait], Awaitable[object]]

PONG = "pong"


async def ping(connection: Connection, recorder: Recorder, listen: Listen) -> None:
    """Send a ping, *listen* until its pong has come, and note both.

    Raise Unmet where a later question was answered and the pong never came, and Silence where nothing was.
    """
    payload = f"ping {len(recorder.entries)}".encode()
    recorder.control(Direction.CLIENT, FrameKind.PING, payload, connection.now())
    try:
        pong = asyncio.ensure_future(await connection.ping(payload))
    except Disconnected:
        await listen(Wait(_never, PONG))  # tells how it ended
        return
    if not pong.done():
        await _listen_until(pong, listen)
    pong.result()
    recorder.control(Direction.SERVER, FrameKind.PONG, payload, connection.now())


async def _listen_until(pong: asyncio.Future[object], listen: Listen) -> None:
    """Listen as to any other answer: with the same patience, and the same question when that is over."""
    listening = asyncio.ensure_future(listen(Wait(_never, PONG)))
    try:
        await asyncio.wait((pong, listening), return_when=asyncio.FIRST_COMPLETED)
        if not pong.done() or pong.exception() is not None:
            await listening
    finally:
        pong.cancel()
        listening.cancel()
        await asyncio.gather(pong, listening, return_exceptions=True)


def _never(_kind: str, _event: Event) -> bool:
    return False
