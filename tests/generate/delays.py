"""A line in virtual time on which every frame takes a while, each way; order is kept, but errors may overtake."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass

from conformance.contract.dialects import DIALECTS
from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import TOKEN, MemoryConnection, Rehearsal, rehearsal_target
from conformance.play.connection import Disconnected
from conformance.play.player import Player
from conformance.reference.server.loopback import Loopback, as_frame
from conformance.reference.session.core import Endpoint
from conformance.scenario.audio import clip, silence
from conformance.secrets import Scrubber
from tests.legal.endpoints import Legal


@dataclass(frozen=True)
class Delays:
    """How long what takes, in seconds: (from, to, how often it is more than the least)."""

    up: tuple = (0.0, 0.0, 0.0)
    """To the endpoint."""
    down: tuple = (0.0, 0.0, 0.0)
    """To the client."""
    client: float = 0.0
    """At most, before the client sends something."""
    overtaking: bool = False
    """Whether some errors overtake what was said before them."""


class DelayedLine:
    """A connection to a session in memory."""

    def __init__(self, memory, chance, delays):
        self.session, self.clock = memory.loopback.endpoint, memory.loopback.clock
        self.handshake, self.chance, self.delays = memory.handshake, chance, delays
        self.under_way = {"up": deque(), "down": deque()}
        self.under_way["down"].extend((0.0, as_frame(each)) for each in memory.loopback._inbox)

    def now(self):
        return self.clock.now

    def _due(self, way):
        least, most, often = getattr(self.delays, way)
        last = self.under_way[way][-1][0] if self.under_way[way] else 0.0
        slow = self.chance.random() < often
        return max(last, self.clock.now + (self.chance.uniform(least, most) if slow else least))

    def _says(self, outgoing):
        for each in outgoing:
            frame, down = as_frame(each), self.under_way["down"]
            if self.delays.overtaking and each["type"] == "error" and self.chance.random() < 0.5:
                down.appendleft((self.clock.now, frame))
            else:
                down.append((self._due("down"), frame))

    def _pass(self, until):
        """Let time pass until then, or until something has arrived; return whether it has."""
        up, down = self.under_way["up"], self.under_way["down"]
        while True:
            planned = self.session.due()
            arrivals = [down[0][0]] if down else []
            upward = [up[0][0]] if up else []
            due = min([*arrivals, *upward, *([planned] if planned is not None else [])], default=None)
            if due is None or due > until:
                self.clock.now = max(self.clock.now, until)
                return False
            self.clock.now = max(self.clock.now, due)
            if arrivals == [due]:
                return True
            if upward == [due]:
                self._says(self.session.receive(up.popleft()[1]))
            else:
                self._says(self.session.tick())

    async def send(self, frame):
        until = self.clock.now + self.delays.client * self.chance.random()
        held = []
        while self._pass(until):  # what arrives meanwhile waits to be read
            held.append((self.clock.now, self.under_way["down"].popleft()[1]))
        self.under_way["down"].extendleft(reversed(held))
        self.under_way["up"].append((self._due("up"), frame))

    async def receive(self, within):
        if self._pass(self.clock.now + within):
            return self.under_way["down"].popleft()[1]
        if self.session.closing is not None:
            raise Disconnected(*self.session.closing)
        raise TimeoutError

    async def close(self, code=1000, reason=""):
        return Disconnected(code, reason, by_client=True)


class DelayedEndpoint(Rehearsal):
    """A legal endpoint at the other end of such a line."""

    def __init__(self, target, legal, pace, delays, chance):
        super().__init__(target, fault=lambda: Fault(sends=legal.change(target.dialect).sends))
        self.settings, self.delays, self.chance = {"pace": pace, **legal.settings}, delays, chance

    def _loopback(self, decision, fault):
        spoken = DIALECTS[decision.dialect]
        return Loopback(lambda clock: Endpoint(spoken, clock=clock, **self.settings), sends=fault.sends)

    async def connect(self, ask):
        opened = await super().connect(ask)
        return DelayedLine(opened, self.chance, self.delays) if isinstance(opened, MemoryConnection) else opened


def together(*several):
    """Make the change of all these legal endpoints at once, each after the one before it."""

    def change(dialect):
        hooks = [hook for each in several if (hook := each.change(dialect).sends) is not None]

        def sends(event):
            events = [event]
            for each in hooks:
                events = [changed for event in events for changed in each(event)]
            return events

        return Fault(sends=sends)

    return Legal(change, settings={name: each for legal in several for name, each in legal.settings.items()})


def twice(name, audio_format):
    """Return a clip and, after a pause that ends a turn, the same again."""
    return clip(name, audio_format) + silence(900, audio_format) + clip(name, audio_format)


def playing(dialect, legal, pace, delays, seed, spoken=clip):
    """Return how to play against a legal endpoint, with clips as *spoken*; the same script takes the same time."""

    def play(scenario):
        target = rehearsal_target(dialect)
        endpoint = DelayedEndpoint(target, legal, pace, delays, random.Random(f"{seed} {scenario.steps}"))
        player = Player(endpoint, target, Scrubber((TOKEN,)), spoken)
        return asyncio.run(player.play(scenario))

    return play
