"""What belongs to a rule: four places, and a message that names each one that is missing."""

import re
from functools import cache
from pathlib import Path

import pytest

import conformance.rules
from conformance.mutants import MUTANTS
from conformance.resources import folder
from conformance.rules import RULES
from conformance.scenario.load import library, load
from tests.samples import loaded

SOURCE = "".join(path.read_text(encoding="utf-8") for path in Path(conformance.rules.__file__).parent.rglob("*.py"))
PAGE = Path(conformance.rules.__file__).parents[2] / "docs" / "scenarios.md"


@cache
def promised():
    """Return the ids that a scenario proves, and those of which docs/scenarios.md says why none can."""
    excused = PAGE.read_text(encoding="utf-8").partition("## What no scenario promises")[2]
    proved = {rule for path in library() for rule in load(path).proves}
    return proved | set(re.findall(r"`([a-z_]+\.[a-z-]+)`", excused))


def missing_of(rule_id):
    """Return what a rule still lacks, one sentence for each place."""
    samples = folder("fixtures") / "rules" / rule_id / "samples.yaml"
    data = loaded(samples) if samples.is_file() else {}
    killers = {each.killed_by for each in MUTANTS.values()}
    wanted = (
        (f'"{rule_id}"' in SOURCE, f'the literal id: @rules.must("{rule_id}", …) in its chapter of conformance/rules/'),
        (
            data.get("rule") == rule_id,
            f"samples: fixtures/rules/{rule_id}/samples.yaml with `rule: {rule_id}`",
        ),
        (data.get("holds"), f"near misses: `holds:` in fixtures/rules/{rule_id}/samples.yaml"),
        (data.get("breaks"), f"violations: `breaks:` in fixtures/rules/{rule_id}/samples.yaml"),
        (
            rule_id in killers,
            f"a mutant: killed_by={rule_id!r} in conformance/mutants/",
        ),
        (rule_id in promised(), f"a promise: `- {rule_id}` under `proves:` of a scenario in scenarios/"),
    )
    return [sentence for there, sentence in wanted if not there]


@pytest.mark.parametrize("rule_id", RULES)
def test_a_rule_has_all_that_belongs_to_it(rule_id):
    assert missing_of(rule_id) == []


def test_each_missing_place_of_a_new_rule_is_asked_for():
    asked = " | ".join(missing_of("items.are-new"))

    for place in ("conformance/rules/", "fixtures/rules/items.are-new/", "conformance/mutants/", "scenarios/"):
        assert place in asked
