"""What a connection does for the steps that look back, wait for nothing, or ask for the other revision."""

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants import MUTANTS
from conformance.mutants.rehearsal import rehearsal_target, rehearse
from conformance.play.player import Outcome
from conformance.play.recorded_connection import RecordedConnection
from conformance.play.recorder import Recorder
from conformance.play.target import Patience
from conformance.scenario.commands import Open, Silence, Unmet, Wait
from conformance.scenario.load import loads
from conformance.secrets import Scrubber
from conformance.trace.trace import Handshake


def play(steps, dialect="ga", fault=None):
    return rehearse(loads(f"scenario: x\nsteps:\n{steps}", Path("test.yaml")), dialect, fault)


def test_what_comes_while_nothing_is_said_is_kept_for_later_steps():
    turn = "  - configure: {modalities: text}\n  - say: Hello.\n  - respond\n"
    conversation = play(f"{turn}  - idle: 3\n  - await: response.done\n")

    assert conversation.outcome is Outcome.PLAYED
    assert conversation.traces[0].end.at >= 3


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ("  - unheard: canary-bert\n", Outcome.PLAYED),
        ("  - unheard: canary-anna\n", Outcome.STOPPED),
        ("  - unheard: {text: canary-, but: canary-anna}\n", Outcome.PLAYED),
    ],
)
def test_a_canary_is_looked_for_in_all_that_was_heard(steps, outcome):
    assert play(f"  - configure: {{instructions: canary-anna}}\n{steps}").outcome is outcome


@pytest.mark.parametrize(("asked", "spoken"), [("ga", "beta"), ("beta", "ga")])
def test_who_asks_for_the_other_revision_is_judged_by_what_comes(asked, spoken):
    conversation = play("  - expect_refusal: {revision: other}\n    answer: either\n  - close\n", asked)

    assert conversation.outcome is Outcome.PLAYED
    assert conversation.traces[0].dialect == spoken


def test_who_asks_for_the_other_revision_and_is_told_too_little_to_know_is_judged_by_what_was_asked_for():
    steps = "  - expect_refusal: {revision: other}\n    answer: either\n  - close\n"
    conversation = play(steps, "ga", lambda: MUTANTS["the-session-shows-little"].make(DIALECTS["beta"]))

    assert conversation.traces[0].dialect == "beta"


class Slow:
    """A connection that says one event every so many seconds, of its own clock."""

    def __init__(self, pause, *types):
        self.pause, self.types, self.clock = pause, list(types), 0.0
        self.handshake = Handshake(url="wss://slow.test/v1/realtime", status=101)

    def now(self):
        return self.clock

    async def receive(self, within):
        self.clock += min(self.pause, within)
        if within < self.pause or not self.types:
            raise TimeoutError
        return orjson.dumps({"type": self.types.pop(0)}).decode()

    async def send(self, frame):
        self.sent = [*getattr(self, "sent", []), frame]

    async def connect(self, _ask):
        return self


def waited(slow, within=None):
    """Open a session, and wait for the end of a response."""
    target = rehearsal_target(DIALECTS["ga"])
    line = RecordedConnection(slow, replace(target, patience=Patience(answer=20.0)), Recorder("slow", "ga", Scrubber()))

    async def talk():
        await line.carry_out(Open())
        return await line.carry_out(Wait(lambda kind, _: kind == "response.done", "response.done", within))

    return asyncio.run(talk())


SPEECH = ("session.created", "response.created", *["response.output_text.delta"] * 5, "response.done")


def test_who_still_speaks_is_not_late():
    assert waited(Slow(15, *SPEECH)).event["type"] == "response.done"


def test_silence_is_borne_only_so_long():
    with pytest.raises(Silence) as silence:
        waited(Slow(15, *SPEECH[:-1]))

    assert "--answer-timeout" in silence.value.message


def test_a_step_that_sets_a_time_gets_no_more():
    with pytest.raises(Unmet):
        waited(Slow(15, *SPEECH), within=40)
