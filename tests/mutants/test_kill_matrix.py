"""Each mutant is found by the rule that it names, and by no other; each rule has one."""

from dataclasses import replace

import pytest

from conformance.commands.selftest import found_in
from conformance.mutants import MUTANTS
from conformance.mutants.selftest import run, try_one
from conformance.rules import RULES

TRIALS = [(mutant, dialect) for mutant in MUTANTS.values() for dialect in sorted(mutant.dialects)]


@pytest.mark.parametrize(("mutant", "dialect"), TRIALS, ids=[f"{mutant.id}-{dialect}" for mutant, dialect in TRIALS])
def test_a_mutant_is_found_by_the_rule_it_names_and_by_no_other(mutant, dialect):
    assert try_one(mutant, dialect, found_in).found_by == {mutant.killed_by}


def test_every_rule_has_a_mutant():
    assert set(RULES) - {mutant.killed_by for mutant in MUTANTS.values()} == set()


def test_a_mutant_that_names_the_wrong_rule_survives():
    wrong = replace(MUTANTS["usage-is-missing"], killed_by="usage.total-is-the-sum")

    (trial,) = run(found_in, (), mutants={wrong.id: replace(wrong, dialects=frozenset({"ga"}))}).trials

    assert not trial.killed
    assert trial.collateral == {"usage.completed-has-usage"}
