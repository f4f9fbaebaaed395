from conformance.commands.docs import orphans, proofs_in, requirements_page, rules_page, stale_pages
from conformance.mutants.mutant import Fault, Mutant
from conformance.rules import RULES
from conformance.rules.engine.requirements import FAMILIES, REQUIREMENTS, Requirement
from conformance.rules.engine.rule import Chapter, Keyword

BOTH = frozenset({"ga", "beta"})


def rule_that_covers(*names, relaxed="Not at night."):
    rules = Chapter("sky")

    @rules.must("sky.is-blue", about={"*"}, covers=names, spec="https://sky.test", relaxed=relaxed)
    def is_blue(view):
        """The sky is blue | by day."""
        yield from ()

    return rules.rules[0]


def requirement(name, unchecked=""):
    return Requirement(name, "It is so.", Keyword.MUST, BOTH, unchecked)


def test_every_requirement_is_covered_or_says_why_not():
    assert orphans(REQUIREMENTS, RULES.values()) == []


def test_the_generated_pages_are_current():
    assert [path.name for path in stale_pages()] == [], "run realtime-conformance docs"


def test_every_requirement_belongs_to_a_family():
    assert {each.family for each in REQUIREMENTS.values()} == set(FAMILIES)


def test_a_requirement_without_a_rule_is_an_orphan():
    found = orphans({"FRM-01": requirement("FRM-01")}, [])

    assert found == ["FRM-01 is covered by no rule and does not say why"]


def test_a_rule_that_covers_nothing_known_is_an_orphan():
    found = orphans({}, [rule_that_covers("FRM-99")])

    assert found == ["FRM-99, which sky.is-blue covers, does not exist"]


def test_a_covered_requirement_needs_no_excuse():
    found = orphans({"FRM-01": requirement("FRM-01", "It is hard.")}, [rule_that_covers("FRM-01")])

    assert found == ["FRM-01 says why it is unchecked, but sky.is-blue covers it"]


def test_a_requirement_shows_its_rules_scenarios_and_mutants():
    rule = rule_that_covers("FRM-01")
    mutant = Mutant("the-sky-is-green", "sky.is-blue", "sky/day", "", "", lambda _: Fault())
    table = {"FRM-01": requirement("FRM-01"), "FRM-02": requirement("FRM-02", "It is hard.")}

    page = requirements_page(table, {rule.id: rule}, {"sky.is-blue": ["sky/day"]}, [mutant])

    assert "- **FRM-01** (MUST) It is so." in page
    assert "`sky.is-blue`; proved by `sky/day`; kills `the-sky-is-green`" in page
    assert "*not checked:* It is hard." in page


def test_a_rule_shows_its_source_and_what_softened_it():
    rule = rule_that_covers("FRM-01")

    page = rules_page({rule.id: rule})

    assert "| [`sky.is-blue`](https://sky.test) | MUST | The sky is blue \\| by day. | FRM-01 |" in page
    assert "- `sky.is-blue`: Not at night." in page


def test_proofs_turn_scenarios_around():
    assert proofs_in([("b/x", ("r.one",)), ("a/y", ("r.one", "r.two"))]) == {
        "r.one": ["a/y", "b/x"],
        "r.two": ["a/y"],
    }
