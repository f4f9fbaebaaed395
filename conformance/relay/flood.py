"""A flood: more than the sockets between upstream and client can hold, so that a client that does not read is felt.

Neither side keeps the sound that fills it: the traces hold each event with an empty delta, and count by the script.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from conformance.contract.dialect import Dialect
from conformance.trace.frames import Frame

#: Begins the `event_id` of every event of a flood.
MARK = "event_flood_"
#: Bytes of sound in one event.
PIECE = 256 * 1024
MIB = 2**20
FILLING = re.compile(f'(?<=")A{{{PIECE}}}(?=")')
DELTA = "response.output_audio.delta"
#: What is after a flood, where a script names an event.
AFTER = "flood"

SendText = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Flood:
    """So much sound after an event."""

    after: str
    """Canonical type of the event; the first of its kind counts."""
    mebibytes: int

    @property
    def events(self) -> int:
        """How many events it takes."""
        return self.mebibytes * MIB // PIECE


class Flooding:
    """The flood of one session: it waits for its event, and then says as much as the gateway takes."""

    def __init__(self, flood: Flood, dialect: Dialect, say: SendText, note: Callable[[str], object]) -> None:
        """Prepare; *say* returns when the gateway has room for more, *note* is told of each event that was taken."""
        self._flood, self._say, self._note = flood, say, note
        self._kind = dialect.wire_name(DELTA)
        self._begun = asyncio.Event()

    def heard_of(self, kind: str) -> None:
        """Begin, if an event of that canonical type was awaited."""
        if kind == self._flood.after:
            self._begun.set()

    async def run(self) -> None:
        """Wait, and speak."""
        await self._begun.wait()
        filling = "A" * PIECE
        for number in range(self._flood.events):
            text = orjson.dumps(self._event(number, filling)).decode()
            await self._say(text)
            self._note(without_flood(text))

    def _event(self, number: int, delta: str) -> dict[str, object]:
        places = {"response_id": "resp_flood", "item_id": "item_flood", "output_index": 0, "content_index": 0}
        return {"type": self._kind, "event_id": f"{MARK}{number}", **places, "delta": delta}


def without_flood(text: str) -> str:
    """Return an event of a flood without what fills it, and any other text as it is."""
    return FILLING.sub("", text, count=1) if len(text) > PIECE else text


def is_flood(frame: Frame) -> bool:
    """Return whether a frame of the upstream is part of a flood."""
    return (frame.text("event_id") or "").startswith(MARK)
