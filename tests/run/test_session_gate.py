"""A limit of sessions is found out by being refused, and kept."""

import asyncio
from pathlib import Path

import pytest

from conformance.play.player import Conversation, Outcome
from conformance.run import session_gate
from conformance.run.retry import Attempt
from conformance.run.session_gate import SessionGate, sessions_at_once, sessions_in_all
from conformance.scenario.load import loads
from conformance.scenario.model import Scenario
from conformance.trace.trace import Trace

SCENARIO = Scenario(id="x", title="x", steps=())


class Slots:
    """An endpoint with so many slots; a session stays occupied for some loops after it has ended."""

    def __init__(self, slots, lingers=0):
        self.slots, self.lingers, self.taken, self.most, self.refused = slots, lingers, 0, 0, 0

    def conversation(self, number=1):
        async def once():
            got = 0
            for _ in range(number):
                if self.taken >= self.slots:
                    break
                self.taken, got = self.taken + 1, got + 1
            self.most = max(self.most, self.taken)
            full = got < number
            self.refused += full
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(self.lingers, self.leave, got)
            outcome = Outcome.ENVIRONMENT if full else Outcome.PLAYED
            return Attempt(Conversation(SCENARIO, "", (Trace(),) * (got + full), outcome, full=full))

        return once

    def leave(self, number):
        self.taken -= number


async def no_time(seconds):
    await asyncio.sleep(seconds / 100)


def played(slots, jobs):
    gate = SessionGate(no_time)

    async def all_of_them():
        return await asyncio.gather(*(gate.play(number, slots.conversation(number)) for number in jobs))

    return gate, asyncio.run(all_of_them())


@pytest.mark.parametrize("lingers", [0, 0.01])
def test_everybody_plays_though_the_endpoint_holds_only_four(lingers):
    gate, attempts = played(Slots(4, lingers), [1] * 40)

    assert all(each.conversation.outcome is Outcome.PLAYED for each in attempts)
    assert gate.limit is not None
    assert "limits the number of sessions" in gate.note
    assert gate.capacity is None


def test_an_endpoint_that_refuses_nobody_is_not_limited():
    gate, attempts = played(Slots(100), [1] * 30)

    assert gate.limit is None
    assert gate.note == ""
    assert len(attempts) == 30


def test_who_asks_for_more_sessions_than_there_are_finds_out_how_many_there_are():
    gate, (attempt,) = played(Slots(4), [10])

    assert attempt.conversation.full
    assert gate.capacity == 4


def test_who_needs_two_of_four_plays_alone_if_need_be():
    gate, attempts = played(Slots(2), [1, 1, 1, 2, 1, 1])

    assert all(each.conversation.outcome is Outcome.PLAYED for each in attempts)
    assert gate.capacity is None


@pytest.mark.parametrize(
    ("steps", "number"),
    [
        ("connect", 1),
        ("connect: {}\n    on: [a, b, c]", 3),
        ("connect\n  - close\n  - connect:\n    on: again", 1),
        ("connect\n  - drop\n  - connect:\n    on: again\n  - connect:\n    on: third", 2),
    ],
)
def test_sessions_are_counted_as_the_script_opens_and_closes_them(steps, number):
    assert sessions_at_once(loads(f"scenario: x\nsteps:\n  - {steps}\n", Path("x.yaml"))) == number


@pytest.fixture
def twenty_times_faster(monkeypatch):
    """Let a second of the gate be 50 ms."""
    for name in ("PAUSE", "LONGEST_PAUSE", "MOST_PATIENCE", "FIRST_LINGER", "LONGEST_LINGER"):
        monkeypatch.setattr(session_gate, name, getattr(session_gate, name) / 20)


def played_by_sixteen(slots, jobs):
    gate = SessionGate()

    async def all_of_them():
        window = asyncio.Semaphore(16)

        async def one(number):
            async with window:
                return await gate.play(number, slots.conversation(number))

        return await asyncio.gather(*map(one, jobs))

    return gate, asyncio.run(all_of_them())


def test_slots_that_are_free_only_a_second_after_their_session_are_waited_for(twenty_times_faster):
    gate, attempts = played_by_sixteen(Slots(4, 0.05), [1] * 60)

    assert all(each.conversation.outcome is Outcome.PLAYED for each in attempts)
    assert gate.linger > 0
    assert "only some time after its end" in gate.note


class Succession(Slots):
    """One conversation that opens twenty sessions, one after the other."""

    def conversation(self, _number=1):
        async def once():
            got = 0
            while self.taken < self.slots and got < 20:
                self.taken, got = self.taken + 1, got + 1
            asyncio.get_running_loop().call_later(self.lingers, self.leave, got)
            full = got < 20
            outcome = Outcome.ENVIRONMENT if full else Outcome.PLAYED
            return Attempt(Conversation(SCENARIO, "", (Trace(),) * (got + full), outcome, full=full))

        return once


def test_who_asks_for_more_sessions_in_a_row_than_are_free_again_finds_out_how_many_there_are(twenty_times_faster):
    gate, (attempt,) = played_by_sixteen(Succession(4, 0.02), [1])

    assert attempt.conversation.full
    assert (gate.row, gate.capacity) == (4, None)


def test_sessions_one_after_the_other_count_as_many_and_as_one_at_once():
    script = loads("scenario: x\nsteps:\n  - connect\n  - drop\n  - connect:\n    on: again\n", Path("x.yaml"))

    assert (sessions_at_once(script), sessions_in_all(script)) == (1, 2)
