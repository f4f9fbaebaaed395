"""A connection whose answers are written down, and scripts played over it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson

from conformance.contract.dialects import DIALECTS
from conformance.mutants.rehearsal import rehearsal_target
from conformance.play.connection import Disconnected
from conformance.play.player import Player
from conformance.play.target import Patience
from conformance.scenario.audio import clip
from conformance.scenario.load import loads
from conformance.secrets import Scrubber
from conformance.trace.trace import Handshake

CREATED = {"type": "session.created", "event_id": "e0", "session": {"id": "sess_1", "type": "realtime"}}
UPDATED = {"type": "session.updated", "event_id": "e1", "session": {"id": "sess_1", "type": "realtime"}}
RESPONSE = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}
NO_EVENT = "{"
DELTA = {"type": "response.output_text.delta", "response_id": "resp_1", "delta": "a"}


def done(status, **details):
    response = {"id": "resp_1", "status": status, "status_details": details or None}
    return {"type": "response.done", "response": response}


class Scripted:
    """A connection on which each client event type has its answers; its clock jumps over silence."""

    def __init__(self, answers):
        self.answers, self.clock, self.queue = answers, 0.0, [(0.0, CREATED)]
        self.handshake = Handshake(url="wss://scripted.test/v1/realtime", status=101)
        self.sent = []

    async def connect(self, _ask):
        return self

    def now(self):
        return self.clock

    async def send(self, frame):
        event = {"type": "text"} if frame == NO_EVENT else orjson.loads(frame)
        self.sent.append(event)
        answers = self.answers.get(event["type"], ())
        for each in answers(event) if callable(answers) else answers:
            delay, said = each if isinstance(each, tuple) else (0.0, each)
            self.queue.append((self.clock + delay, said))

    async def receive(self, within):
        due = min(self.queue, key=lambda each: each[0], default=None)
        if due is None or due[0] > self.clock + within:
            self.clock += within
            raise TimeoutError
        self.queue.remove(due)
        self.clock = max(self.clock, due[0])
        if isinstance(due[1], Disconnected):
            raise due[1]
        return orjson.dumps(due[1]).decode()

    async def close(self, _code=1000, _reason=""):
        return Disconnected(1000, "", by_client=True)


def play(steps, answers, *, dialect="ga", opens=True, **patience):
    """Play steps over a connection; return the conversation, and the connection."""
    scripted = Scripted({"session.update": [UPDATED], **answers})
    if not opens:
        scripted.queue.clear()
    return played(scripted, steps, dialect, **patience), scripted


def played(scripted, steps, dialect="ga", **patience):
    """Play steps over that connection."""
    target = replace(rehearsal_target(DIALECTS[dialect]), patience=Patience(**patience))
    scenario = loads(f"scenario: x\nsteps:\n{steps}", Path("test.yaml"))
    return asyncio.run(Player(scripted, target, Scrubber(), clip).play(scenario))
