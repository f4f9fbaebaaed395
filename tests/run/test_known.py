"""What of a judged conversation was expected: known failures, what follows from them, and the surprises."""

from dataclasses import replace
from datetime import date

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.profile import load_profile
from conformance.mutants import MUTANTS
from conformance.mutants.rehearsal import bundled, rehearse
from conformance.play.player import Outcome
from conformance.rules import RULES
from conformance.run.baseline import PLAYS, UNPROVEN, Baseline, BaselineEntry
from conformance.run.known import facts_known_in, known_in, surprises_in
from conformance.run.ruling import judge_conversation
from tests.records import settings

TALK = "response/text_turn"
LATE = "ordering.response-done-is-last"


def judged(mutant="", **changes):
    fault = (lambda: MUTANTS[mutant].make(DIALECTS["ga"])) if mutant else None
    return judge_conversation(replace(rehearse(TALK, "ga", fault), **changes), RULES.values())


def stopped():
    """Return a conversation that stopped at once: nothing that it promises was shown."""
    return judged(outcome=Outcome.STOPPED, message="Nothing came.", traces=())


def baseline(*entries):
    return Baseline(entries, date.min)


def test_a_failure_that_is_listed_is_known_and_no_surprise():
    entry = BaselineEntry(LATE, "#1")
    told = judged("delta-follows-its-response")

    known = known_in(told, baseline(entry))

    assert known == {LATE: entry}
    assert surprises_in(told, settings()) == (LATE,)
    assert surprises_in(replace(told, known=known), settings()) == ()


def test_where_it_is_known_that_a_conversation_stops_what_it_did_not_get_to_is_known_too():
    entry = BaselineEntry(PLAYS, "#1", scenario=TALK)

    known = known_in(stopped(), baseline(entry))

    assert known.keys() == {PLAYS, *bundled(TALK).proves}


def test_a_stop_is_a_surprise_and_what_it_left_unproven_is_none():
    assert surprises_in(stopped(), settings()) == (PLAYS,)


def test_a_promise_without_evidence_is_a_surprise_unless_that_is_allowed():
    silent = judged(traces=())

    assert set(surprises_in(silent, settings())) <= {*bundled(TALK).proves}
    assert surprises_in(silent, settings())
    assert surprises_in(silent, settings(allow_unproven=True)) == ()


@pytest.mark.parametrize("strict", [True, False])
def test_a_should_is_a_surprise_only_where_it_counts(strict):
    told = judged("usage-before-the-response-began")

    assert bool(surprises_in(told, settings(strict=strict))) is strict


def test_a_documented_fact_that_is_known_not_to_be_shown_is_found_in_the_baseline():
    profile = load_profile("yuhuan")
    fact = profile.facts[0]
    entry = BaselineEntry(str(fact), "#1", outcomes=(UNPROVEN,))

    assert facts_known_in(baseline(entry), settings(profile=profile)) == {str(fact)}
    assert facts_known_in(baseline(entry), settings()) == frozenset()
