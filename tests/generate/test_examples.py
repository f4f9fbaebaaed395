"""Generated examples against the reference: it must be beyond reproach, in any order of anything."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.contract.dialects import DIALECTS
from conformance.generate.bounds import BREACHES, breaches
from conformance.generate.configs import breaking, invalid, valid
from conformance.generate.configs import settings as legal_settings
from conformance.generate.conversations import conversations
from conformance.generate.explore import SearchPlan, explore
from conformance.generate.script import written
from conformance.scenario.load import loads

KINDS = {"valid": valid, "invalid": invalid, "conversations": conversations}
FEW, MANY = 25, {"valid": 2400, "invalid": 2400, "conversations": 600}
ASKED = {"valid": 2000, "invalid": 2000, "conversations": 500}


@pytest.mark.parametrize("kind", KINDS)
def test_some_generated_examples_find_nothing_on_the_reference(kind, dialect, in_memory, flaws_of):
    found = explore(in_memory(dialect.name), flaws_of, KINDS[kind](dialect), SearchPlan(FEW, seed=7))

    assert [case.flaw for case in found.cases] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_generated_examples_find_nothing_on_the_reference(kind, dialect, in_memory, flaws_of):
    found = explore(in_memory(dialect.name), flaws_of, KINDS[kind](dialect), SearchPlan(MANY[kind], seed=11))

    assert [(case.flaw, written(case.scenario)) for case in found.cases] == []
    assert found.examples >= ASKED[kind]


def test_the_same_seed_gives_the_same_examples(dialect, in_memory, flaws_of):
    def scripts(seed):
        told = []
        plan = SearchPlan(10, seed=seed)
        tell = lambda example: told.append(written(example.scenario))  # noqa: E731
        explore(in_memory(dialect.name), flaws_of, conversations(dialect), plan, tell=tell)
        return told

    assert scripts(5) == scripts(5)
    assert scripts(5) != scripts(6)


def everything(kind):
    return st.sampled_from(sorted(DIALECTS)).flatmap(lambda name: KINDS[kind](DIALECTS[name]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_generated_example_is_a_script_that_reads_back(kind):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(everything(kind))
    def reads_back(scenario):
        again = loads(written(scenario), Path("reports/found/example.yaml"))
        bare = [(each.name, each.argument, each.answer, each.remember) for each in again.steps]

        assert bare == [(each.name, each.argument, each.answer, each.remember) for each in scenario.steps]
        assert again.dialects == scenario.dialects

    reads_back()


def test_an_endpoint_without_features_is_asked_for_none(dialect):
    lean = frozenset({"input_audio"})

    assert not {"voice", "tools", "transcription"} & legal_settings(dialect, lean).keys()
    assert not {each.feature for each in breaches(dialect, lean)} - {"", "input_audio"}


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: f"{breach.setting}-{breach.bound}")
def test_the_reference_refuses_what_breaks_a_bound(breach, in_memory, flaws_of):
    for dialect in DIALECTS.values():
        if breach in breaches(dialect):
            found = explore(in_memory(dialect.name), flaws_of, breaking(dialect, breach), SearchPlan(3))

            assert [case.flaw for case in found.cases] == []
