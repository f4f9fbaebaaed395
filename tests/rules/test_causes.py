from fnmatch import fnmatchcase

import pytest

from conformance.rules import RULES
from conformance.rules.causes import AWAITED, PRESUPPOSED, cause_of, stops_a_script


@pytest.mark.parametrize("pattern", [*PRESUPPOSED, *AWAITED])
def test_every_pattern_of_the_tables_names_a_rule(pattern):
    assert any(fnmatchcase(rule, pattern) for rule in RULES)


@pytest.mark.parametrize("cause", sorted({each for causes in PRESUPPOSED.values() for each in causes}))
def test_every_cause_is_a_rule(cause):
    assert cause in RULES


def test_only_what_has_to_do_with_the_evidence_explains_that_it_is_missing():
    assert cause_of("usage.total-is-the-sum", {"usage.completed-has-usage"}) == "usage.completed-has-usage"
    assert cause_of("metering.counts-its-output", {"usage.counts-are-natural-numbers"}) == (
        "usage.counts-are-natural-numbers"
    )
    assert cause_of("usage.total-is-the-sum", {"envelope.errors-have-an-id"}) == ""
    assert cause_of("usage.completed-has-usage", {"usage.completed-has-usage"}) == ""


def test_a_script_stops_where_a_refusal_is_demanded_and_not_given():
    assert stops_a_script("errors.garbage-is-refused")
    assert not stops_a_script("envelope.errors-have-an-id")
