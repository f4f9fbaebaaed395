"""Rules by their ids: what a scenario promises to prove, and what a run judged."""

from pathlib import Path

import pytest

from conformance.errors import ScenarioError
from conformance.relay.rules import PAIR_RULES
from conformance.rules import RULES
from conformance.run.promises import promises_exist, rule_named, rules_among, unknown_promises
from conformance.scenario.load import loads

OURS, OVER_PAIRS = next(iter(RULES)), next(iter(PAIR_RULES))


def promising(*rules):
    text = f"scenario: A talk.\nproves: [{', '.join(rules)}]\nsteps: [connect]\n"
    return loads(text, Path("talk.yaml"))


def test_a_rule_is_found_by_its_id_wherever_it_is():
    assert rule_named(OURS) is RULES[OURS]
    assert rule_named(OVER_PAIRS) is PAIR_RULES[OVER_PAIRS]
    assert rule_named("plays") is None
    assert rule_named("relay.no-such-rule") is None


def test_the_rules_of_a_gateway_are_looked_up_only_where_one_was_judged_by_them():
    assert not PAIR_RULES.keys() & rules_among([OURS]).keys()
    assert {OURS, OVER_PAIRS} <= rules_among([OURS, OVER_PAIRS]).keys()


def test_promises_of_rules_that_there_are_exist():
    promises_exist(promising(OURS, OVER_PAIRS))


def test_a_promise_of_a_rule_that_there_is_not_names_the_nearest_and_the_line():
    with pytest.raises(ScenarioError) as told:
        promises_exist(promising(OURS, OURS + "s"))

    assert f"there is no rule '{OURS}s'" in str(told.value)
    assert f"Did you mean '{OURS}'?" in str(told.value)
    assert "talk.yaml:2" in str(told.value)


def test_a_promise_that_is_like_no_rule_says_where_they_are_listed():
    (error,) = unknown_promises(promising("zzzz.qqqq"))

    assert "realtime-conformance rules" in str(error)
