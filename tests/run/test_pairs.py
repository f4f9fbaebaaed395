"""What both sides of a gateway show, beside what the client's side shows."""

from dataclasses import replace

import pytest

from conformance.contract.profile import Waiver
from conformance.mutants.frame_edits import is_of, repeating
from conformance.mutants.relay_behaviour import Behaviour
from conformance.relay.rehearsal import rehearse_relayed
from conformance.relay.rules import PAIR_RULES
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.run.pairs import THE_UPSTREAMS_OWN, with_pairs
from conformance.run.ruling import judge_conversation

EVERYTHING = frozenset({"keys", "alias", "balance", "cached price"})


def judged(scenario, offers=EVERYTHING, waivers=None):
    relayed = rehearse_relayed(scenario, "ga")
    alone = judge_conversation(relayed.conversation, RULES.values())
    return alone, with_pairs(alone, relayed.pairs, offers, waivers or {})


def test_what_the_upstream_does_too_is_not_the_gateways():
    alone, both = judged("relay/binary_frame")

    assert alone.rulings["envelope.frames-are-text"].verdict is Verdict.FAIL
    assert both.rulings["envelope.frames-are-text"].verdict is Verdict.NOT_APPLICABLE
    assert both.rulings["envelope.frames-are-text"].reason == THE_UPSTREAMS_OWN


@pytest.mark.parametrize(
    ("rule", "without", "reason"),
    [
        ("relay.a-wrong-key-opens-nothing", "keys", "no keys of its own"),
        ("relay.a-refused-session-costs-nothing", "balance", "no balance is configured"),
    ],
)
def test_a_rule_that_needs_what_nobody_told_says_so(rule, without, reason):
    _, with_it = judged("relay/wrong_key")
    _, without_it = judged("relay/wrong_key", EVERYTHING - {without})

    assert with_it.rulings[rule].verdict is Verdict.PASS
    assert without_it.rulings[rule].verdict is Verdict.NOT_APPLICABLE
    assert reason in without_it.rulings[rule].reason


def test_every_rule_over_pairs_is_ruled_on():
    _, both = judged("relay/closing_client")

    assert PAIR_RULES.keys() <= both.rulings.keys()


def test_a_waiver_of_the_profile_excuses_what_a_gateway_does():
    relayed = rehearse_relayed("response/text_turn", "ga", lambda: Behaviour(down=repeating(is_of("response.done"))))
    alone = judge_conversation(relayed.conversation, ())
    plain = with_pairs(alone, relayed.pairs, EVERYTHING, {}).rulings
    broken = next(name for name, each in plain.items() if each.findings)

    waived = with_pairs(alone, relayed.pairs, EVERYTHING, {broken: Waiver("they say so")}).rulings[broken]
    other = with_pairs(alone, relayed.pairs, EVERYTHING, {broken: Waiver("they say so", ("no.event",))}).rulings[broken]

    assert plain[broken].verdict is Verdict.FAIL
    assert (waived.verdict, waived.reason) == (Verdict.NOT_APPLICABLE, "waived by the profile: they say so")
    assert other.verdict is Verdict.FAIL


def test_a_rule_that_crashes_is_our_bug_and_nobodys_fault(monkeypatch):
    relayed = rehearse_relayed("response/text_turn", "ga")
    alone = judge_conversation(relayed.conversation, ())
    name, rule = next(iter(PAIR_RULES.items()))
    monkeypatch.setitem(PAIR_RULES, name, replace(rule, of_pair=lambda _pair: 1 / 0, needs=""))

    told = with_pairs(alone, relayed.pairs, EVERYTHING, {}).rulings[name]

    assert told.verdict is Verdict.ERROR
    assert "ZeroDivisionError" in told.reason
