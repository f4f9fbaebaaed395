"""Client secrets are never written down, whatever they look like."""

import asyncio

import pytest

from conformance.contract.dialect import place
from conformance.contract.dialects import DIALECTS
from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import Rehearsal, bundled, rehearsal_target
from conformance.play.player import Outcome, Player
from conformance.scenario.audio import clip
from conformance.secrets import Scrubber
from conformance.trace.jsonl import dumps

ODD = "Gateway/Own+Secret=00112233445566"


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("value", ["ek_00112233445566778899", ODD])
def test_a_trace_holds_no_secret(dialect, value):
    spoken = DIALECTS[dialect]

    def mints(made):
        place(made.content, spoken.minting.value, value)
        return made

    target = rehearsal_target(spoken)
    player = Player(Rehearsal(target, fault=lambda: Fault(mints=mints)), target, Scrubber((target.key,)), clip)
    conversation = asyncio.run(player.play(bundled("client_secrets/opens_a_session")))

    written = b"".join(map(dumps, conversation.traces)).decode() + conversation.message + conversation.actual
    assert value not in written
    assert conversation.traces[0].intent["minting"]["answer"]


def test_a_secret_that_comes_back_is_told_and_still_not_written():
    """An endpoint that says the secret in an event leaks it, as it would leak a key."""
    target = rehearsal_target(DIALECTS["ga"])
    heard = []

    def mints(made):
        heard.append(made.content["value"])
        return made

    def sends(event):
        yield {**event, "debug": heard[-1]} if heard and event["type"] == "session.created" else event

    player = Player(Rehearsal(target, fault=lambda: Fault(mints=mints, sends=sends)), target, Scrubber(()), clip)
    conversation = asyncio.run(player.play(bundled("client_secrets/opens_a_session")))

    session = conversation.traces[1]
    assert conversation.outcome is Outcome.PLAYED
    assert session.entries[0].leaked
    assert heard[0] not in dumps(session).decode()


def test_where_there_are_none_the_step_says_what_came():
    target = rehearsal_target(DIALECTS["ga"])
    player = Player(Rehearsal(target, features=frozenset()), target, Scrubber(()), clip)
    conversation = asyncio.run(player.play(bundled("client_secrets/opens_a_session")))

    assert (conversation.outcome, conversation.actual) == (Outcome.STOPPED, "HTTP 404")
    assert conversation.traces[0].handshake.status == 404
