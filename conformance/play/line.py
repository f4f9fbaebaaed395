"""A bad line between player and endpoint: delay, jitter, a narrow rate, a reader that is slow, cuts.

It lies in this process, at the connection, so that an endpoint can be seen as a phone sees it.  What comes late is
recorded late: the clock of a trace is that of the player.  Chance is drawn from a seed, connection by connection.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from conformance.errors import UsageError
from conformance.play.connection import (
    Connection,
    Connector,
    Disconnected,
    LineDropped,
    RawFrame,
    Refusal,
    UpgradeRequest,
)

#: Seconds that may pass, beside what the line takes, until what was sent is there and the connection can be closed.
CLOSING = 1.0
#: Seconds between two frames that a slow reader takes.
SLOW = 0.02
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
RATE = re.compile(r"(\d+(?:\.\d+)?)(k|m)?", re.IGNORECASE)
FACTORS: Mapping[str, float] = {"": 1.0, "k": 1000.0, "m": 1_000_000.0}
CURE = "For example: --line=delay=150ms,jitter=50ms,rate=256k,slow-reader,drop=0.001"


@dataclass(frozen=True)
class LineSettings:
    """How bad the line is; the default is none at all."""

    delay: float = 0.0
    """Seconds that every frame takes, each way."""
    jitter: float = 0.0
    """Seconds by which that may be longer; frames keep their order."""
    rate: float = 0.0
    """Bits a second, each way; 0: as many as there are."""
    slow_reader: bool = False
    """Whether the client takes one frame every SLOW seconds."""
    drop: float = 0.0
    """Probability, for each frame, that the connection breaks at it."""
    seed: int = 0


def line_of(text: str) -> LineSettings:
    """Read `delay=150ms,jitter=50ms,rate=256k,slow-reader,drop=0.001`; UsageError says what is wrong with it."""
    found = LineSettings()
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = part.partition("=")
        if name == "slow-reader" and not value:
            found = replace(found, slow_reader=True)
        elif name == "seed" and value.isdigit():
            found = replace(found, seed=int(value))
        elif name in ("delay", "jitter") and (told := DURATION.fullmatch(value)):
            seconds = float(told[1]) / (1000 if told[2] == "ms" else 1)
            found = replace(found, delay=seconds) if name == "delay" else replace(found, jitter=seconds)
        elif name == "rate" and (told := RATE.fullmatch(value)) and float(told[1]):
            found = replace(found, rate=float(told[1]) * FACTORS[(told[2] or "").lower()])
        elif name == "drop" and re.fullmatch(r"0?\.\d+|0|1(\.0+)?", value):
            found = replace(found, drop=float(value))
        else:
            raise UsageError(f"--line: {part!r} is not a property of a line", CURE)
    return found


class Line:
    """Connects over a bad line."""

    def __init__(self, connector: Connector, settings: LineSettings) -> None:
        self.connector, self.settings = connector, settings

    async def connect(self, ask: UpgradeRequest) -> Connection | Refusal:
        """Upgrade, as late as the line makes it."""
        await asyncio.sleep(2 * self.settings.delay)
        opened = await self.connector.connect(ask)
        return opened if isinstance(opened, Refusal) else LineConnection(opened, self.settings)


class LineWay:
    """One direction of a line."""

    def __init__(self, settings: LineSettings, chance: random.Random) -> None:
        self.settings, self.chance = settings, chance
        self.carried = 0.0
        """When the last bit that was given to it will have left its beginning."""
        self.arrival = 0.0
        """When the last frame will be at its other end: frames keep their order."""

    def give(self, frame: RawFrame, now: float) -> tuple[float, float]:
        """Take a frame; return when all of it has left, and when it arrives."""
        wire = len(frame) * 8 / self.settings.rate if self.settings.rate else 0.0
        self.carried = max(self.carried, now) + wire
        late = self.settings.delay + self.chance.uniform(0.0, self.settings.jitter)
        self.arrival = max(self.arrival, self.carried + late)
        return self.carried, self.arrival


class LineConnection:
    """A connection of which every frame goes over the line."""

    def __init__(self, connection: Connection, settings: LineSettings) -> None:
        self.connection, self.settings = connection, settings
        self.handshake = connection.handshake
        self.chance = random.Random(settings.seed)
        self.arrived: asyncio.Queue[tuple[float, RawFrame | Disconnected]] = asyncio.Queue(maxsize=256)
        self.pending: tuple[float, RawFrame | Disconnected] | None = None
        self.up, self.down = LineWay(settings, self.chance), LineWay(settings, self.chance)
        self.given: asyncio.Queue[tuple[float, RawFrame]] = asyncio.Queue()
        """What is on its way to the endpoint, and when it will be there."""
        self.gone: Disconnected | None = None
        """What the last frame that arrived there met, if that was the end."""
        self.taken = 0.0
        self.tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]

    def now(self) -> float:
        """Return the seconds since connect."""
        return self.connection.now()

    async def send(self, frame: RawFrame) -> None:
        """Send a frame; whoever sends waits for what the line carries in a second, never for how long it is."""
        await self._break_by_chance()
        if self.gone is not None:
            raise self.gone
        carried, arrival = self.up.give(frame, self.now())
        self.given.put_nowait((arrival, frame))
        await asyncio.sleep(max(0.0, carried - self.now()))

    async def receive(self, within: float) -> RawFrame:
        """Return the next frame when the line has brought it."""
        async with asyncio.timeout(within):
            if self.pending is None:
                self.pending = await self.arrived.get()
            at, frame = self.pending
            if self.settings.slow_reader:
                at = max(at, self.taken + SLOW)
            await asyncio.sleep(max(0.0, at - self.now()))
        self.pending, self.taken = None, self.now()
        if isinstance(frame, Disconnected):
            self.pending, self.gone = (0.0, frame), frame  # the end stays the end
            self._end()
            raise frame
        await self._break_by_chance()
        return frame

    async def stop_reading(self, seconds: float) -> None:
        """Take nothing from the socket for that long."""
        await self.connection.stop_reading(seconds)

    async def close(self, code: int = 1000, reason: str = "") -> Disconnected:
        """Close from our side, behind what is still on its way, and tell how it went."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self.up.arrival - self.now()) + CLOSING):
                await self.given.join()
        self._end()
        return await self.connection.close(code, reason)

    async def ping(self, payload: bytes) -> Awaitable[object]:
        """Send a ping and return what waits for its pong; the line delays both."""
        await asyncio.sleep(2 * self.settings.delay)
        return await self.connection.ping(payload)

    async def drop(self) -> None:
        """Break the connection without a close frame."""
        self._end()
        await self.connection.drop()

    def _end(self) -> None:
        for task in self.tasks:
            task.cancel()

    async def _break_by_chance(self) -> None:
        if self.settings.drop and self.chance.random() < self.settings.drop:
            await self.drop()
            raise LineDropped(None, "the line dropped the connection (--line)", by_client=True)

    async def _read(self) -> None:
        """Take what the endpoint sends, and note when the line will have brought it."""
        while True:
            try:
                frame = await self.connection.receive(3600.0)
            except TimeoutError:
                continue
            except Disconnected as gone:
                await self.arrived.put((self.down.give("", self.now())[1], gone))
                return
            await self.arrived.put((self.down.give(frame, self.now())[1], frame))

    async def _write(self) -> None:
        """Hand the endpoint what was sent, when the line has brought it."""
        while True:
            arrival, frame = await self.given.get()
            await asyncio.sleep(max(0.0, arrival - self.now()))
            try:
                if self.gone is None:
                    await self.connection.send(frame)
            except Disconnected as gone:
                self.gone = gone
            finally:
                self.given.task_done()
