"""A transparent relay leaves nothing to find, whatever is played through it."""

import asyncio

import pytest

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.mutants.rehearsal import bundled
from conformance.play.player import Outcome
from conformance.relay.rehearsal import play_relayed
from conformance.relay.rules import PAIR_RULES
from conformance.relay.rules.pair_rule import judge_pair
from conformance.resources import folder
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict, judge_one
from conformance.run.pairs import with_pairs
from conformance.run.relayed import keeps_protocol
from conformance.run.ruling import judge_conversation
from conformance.scenario.load import library, load

HOME = folder("scenarios")
RELAYED = sorted(path.stem for path in (HOME / "relay").glob("*.yaml"))
#: The others take a style of its own, or time, or keys and resources that the toy relay does not have.
ORDINARY = [
    path
    for path in library()
    if not load(path).without
    and not load(path).needs & {"client_secrets", "translation"}
    and path.parent.name not in ("keys", "soak")
]
#: One frame of 15 MiB through three sockets and two recorders takes as long as fifty conversations.
MEASURED = [pytest.param(path, marks=pytest.mark.slow if "large" in load(path).tags else ()) for path in ORDINARY]


def judged(relayed):
    """Return what the rules over pairs find, and which of them held."""
    found, held = [], set()
    for pair in relayed.pairs:
        for rule in PAIR_RULES.values():
            judgement = judge_pair(rule, pair)
            assert not judgement.error, f"{rule.id}: {judgement.error}"
            found += [f"{rule.id}: {finding.message}" for finding in judgement.findings]
            if judgement.held:
                held.add(rule.id)
    return found, held


def ordinary(relayed):
    """Return what the ordinary rules find on the client's side, where the upstream keeps the protocol."""
    if not keeps_protocol(relayed.pairs):
        return []
    judged = with_pairs(judge_conversation(relayed.conversation, RULES.values()), relayed.pairs, frozenset(), {})
    return [rule for rule, ruling in judged.rulings.items() if ruling.verdict in (Verdict.FAIL, Verdict.WARNING)]


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("name", RELAYED)
def test_a_relay_scenario_keeps_its_promises_through_a_transparent_relay(name, dialect):
    scenario = bundled(f"relay/{name}")
    relayed = asyncio.run(play_relayed(scenario, dialect))
    found, held = judged(relayed)

    assert (relayed.conversation.outcome, relayed.conversation.message) == (Outcome.PLAYED, "")
    assert found == []
    assert set(scenario.proves) <= held
    assert ordinary(relayed) == []


@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_key_in_any_style_stays_below(style):
    relayed = asyncio.run(play_relayed("relay/key_in_each_style", "ga", variant=style))
    found, held = judged(relayed)

    assert found == []
    assert any(rule.startswith("relay.client-keys-stay-out-of") for rule in held)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("path", MEASURED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_library_leaves_nothing_to_find_through_a_transparent_relay(path, dialect):
    scenario = load(path)
    if dialect not in scenario.dialects:
        pytest.skip("not of this dialect")
    relayed = asyncio.run(play_relayed(scenario, dialect))
    found, _ = judged(relayed)
    lone = [
        f"{rule.id}: {finding.message}"
        for pair in relayed.pairs
        for rule in RULES.values()
        for finding in judge_one(rule, pair.client).findings
    ]

    assert (found, lone) == ([], [])
