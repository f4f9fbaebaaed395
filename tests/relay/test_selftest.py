"""Each mutant relay is found by the rule that it names, and by no other rule over pairs."""

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants.relays import RELAY_MUTANTS
from conformance.relay.requirements import RELAY_REQUIREMENTS
from conformance.relay.rules import PAIR_RULES
from conformance.relay.selftest import run
from conformance.scenario.load import library, load


@pytest.fixture(scope="module")
def found():
    """Return which rules find each mutant relay in each dialect, all tried beside one another as the command does."""
    return {(trial.mutant.id, trial.dialect): trial.found_by for trial in run().trials}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("mutant", RELAY_MUTANTS.values(), ids=lambda mutant: mutant.id)
def test_a_mutant_relay_is_found_by_its_rule_alone(found, mutant, dialect):
    assert found[mutant.id, dialect] == {mutant.killed_by}


def test_every_rule_over_pairs_has_a_mutant_relay():
    assert {mutant.killed_by for mutant in RELAY_MUTANTS.values()} == PAIR_RULES.keys()


def test_every_requirement_of_gateways_is_covered_and_every_cover_is_a_requirement():
    assert {each for rule in PAIR_RULES.values() for each in rule.covers} == RELAY_REQUIREMENTS.keys()


def test_every_rule_over_pairs_is_promised_by_a_scenario_or_judged_in_each_auth_style():
    promised = {rule for path in library(relayed=True) for rule in load(path).proves}
    by_style = {"relay.client-keys-stay-out-of-queries", "relay.client-keys-stay-out-of-subprotocols"}
    timed = {"relay.added-latency-is-small", "relay.deltas-are-not-batched"}

    assert PAIR_RULES.keys() - promised <= by_style | timed | {"relay.refusals-keep-their-meaning"} | {
        "relay.client-keys-stay-out-of-headers"
    }
