"""What is documented and was not shown: when it counts, and what is said of it."""

from dataclasses import replace

import pytest

from conformance.contract.facts import Fact
from conformance.contract.profile import load_profile
from conformance.contract.revisions.beta import BETA
from conformance.play.player import Outcome
from conformance.play.target import Target
from conformance.report.sentence import sentence_of
from conformance.report.terminal import fact_lines
from conformance.run.baseline import PASS, UNPROVEN
from conformance.run.documented_facts import asked, fact_coverage
from conformance.run.result import result_of
from conformance.run.settings import Settings
from conformance.scenario.load import suite
from tests.records import record

PROFILE = load_profile("yuhuan")
SETUP = Settings(Target("wss://host/v1/realtime", BETA, key="k", model="m", auth="query-api_key"), profile=PROFILE)
MODEL = Fact("session_field", "model")


def records(*missing, outcome="played", of=None, but="session/reads_back"):
    """Make the records of a run of the library in which everything but *missing* was shown; *but* had that outcome."""
    facts = tuple((fact.kind, fact.name) for fact in PROFILE.facts if fact not in missing)
    told = {name: record(name) for name in of or suite()}
    told |= {"session/defaults": record("session/defaults", facts=facts)}
    return told | {but: replace(told.get(but) or record(but), outcome=Outcome(outcome))}


def test_a_fact_that_a_whole_run_does_not_show_is_unproven():
    told = fact_coverage(records(MODEL), SETUP, partial=False)

    assert told.missing == told.unproven == (MODEL,)
    assert list(fact_lines(told)) == [
        "documented, but not shown: session field model (looked for in session/reads_back)"
    ]


def test_a_run_that_shows_everything_has_nothing_to_say():
    told = fact_coverage(records(), SETUP, partial=False)

    assert (told.missing, list(fact_lines(told))) == ((), [])
    assert len(told.proofs) == 16


def test_a_partial_run_only_tells():
    told = fact_coverage(records(MODEL), SETUP, partial=True)

    assert told.unproven == ()
    assert list(fact_lines(told)) == ["not shown in what was played: session field model"]


def test_scenarios_of_ones_own_are_no_whole_run():
    assert fact_coverage(records(MODEL, of=["own/talk"]), SETUP, partial=False).unproven == ()


@pytest.mark.parametrize("outcome", ["environment", "inconclusive", "error", "not run"])
def test_what_is_not_the_endpoints_doing_is_not_held_against_it(outcome):
    assert fact_coverage(records(MODEL, outcome=outcome), SETUP, partial=False).unproven == ()


def test_trouble_in_a_conversation_that_would_not_show_the_fact_excuses_nothing():
    elsewhere = records(MODEL, outcome="inconclusive", but="response/text_turn")

    assert fact_coverage(elsewhere, SETUP, partial=False).unproven == (MODEL,)


@pytest.mark.parametrize("outcome", ["played", "stopped", "not applicable"])
def test_an_endpoint_that_stops_or_does_not_claim_is_judged(outcome):
    assert fact_coverage(records(MODEL, outcome=outcome), SETUP, partial=False).unproven == (MODEL,)


def test_what_no_conversation_looks_for_is_our_own_gap():
    strange = Fact("server_event", "vendor.greeting")
    settings = replace(SETUP, profile=replace(PROFILE, facts=(*PROFILE.facts, strange)))
    told = fact_coverage(records(), settings, partial=False)

    assert told.unproven == ()
    assert list(fact_lines(told)) == ["documented, but checked by no conversation: server event vendor.greeting"]


def test_what_is_known_is_told_and_does_not_count():
    told = fact_coverage(records(MODEL), replace(SETUP, excused=frozenset({str(MODEL)})), partial=False)

    assert told.unproven == ()
    assert list(fact_lines(told)) == ["not shown, but listed in the baseline: session field model"]
    assert {each.rule: (each.outcome, each.excused) for each in told.seen()}[str(MODEL)] == (UNPROVEN, True)


def test_the_baseline_hears_of_what_was_shown_and_of_what_counts():
    seen = {each.rule: each.outcome for each in fact_coverage(records(MODEL), SETUP, partial=False).seen()}
    partly = {each.rule: each.outcome for each in fact_coverage(records(MODEL), SETUP, partial=True).seen()}

    assert seen == {str(fact): PASS for fact in PROFILE.facts} | {str(MODEL): UNPROVEN}
    assert partly == {str(fact): PASS for fact in PROFILE.facts if fact != MODEL}


def test_a_style_or_path_that_somebody_chose_another_for_is_not_asked_about():
    facts = set(PROFILE.facts)
    elsewhere = replace(SETUP, target=replace(SETUP.target, url="wss://host/gateway/v1/realtime"))
    keyless = replace(SETUP, target=replace(SETUP.target, key=""))

    assert set(asked(SETUP)) == facts
    assert facts - set(asked(replace(SETUP, auth="bearer"))) == {Fact("auth", "query-api_key")}
    assert facts - set(asked(elsewhere)) == {Fact("path", "/v1/realtime")}
    assert facts - set(asked(keyless)) == {Fact("auth", "query-api_key"), Fact("auth", "bearer")}
    assert asked(replace(SETUP, profile=None)) == ()


@pytest.mark.parametrize(
    ("allow", "told"), [(False, "not proved: 1 documented fact not shown (over"), (True, "conformant: ")]
)
def test_an_unshown_fact_is_a_reason_of_the_verdict(allow, told):
    result = result_of(records(MODEL), replace(SETUP, allow_unproven=allow))

    assert sentence_of(result).startswith(told)
