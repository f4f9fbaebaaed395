"""`docs/gateways/rules.md`: the rules over pairs, each with the requirement, the mutant and the scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.mutants.relays import RELAY_MUTANTS
from conformance.relay.requirements import RELAY_REQUIREMENTS
from conformance.relay.rules import PAIR_RULES
from conformance.relay.rules.pair_rule import PairRule
from conformance.scenario.load import library, load
from conformance.scenario.model import Scenario


def relay_rules_page(generated: str) -> str:
    """Render the page, with the mark of a *generated* page."""
    scripts = [load(path) for path in library(relayed=True)]
    return "\n".join(
        (
            "# Rules over pairs of traces",
            "",
            generated,
            "",
            "These rules compare the traces of a gateway's client and upstream, as recorded by `pytest --relay=URL`",
            "([how](README.md)).  Each rule has a mutant relay that this rule, and no other rule over pairs, detects.",
            "",
            *(line for rule in PAIR_RULES.values() for line in _section(rule, scripts)),
        )
    )


def _section(rule: PairRule, scripts: Iterable[Scenario]) -> Iterator[str]:
    requirements = [RELAY_REQUIREMENTS[each] for each in rule.covers]
    proving = [script.id for script in scripts if rule.id in script.proves]
    mutants = [mutant for mutant in RELAY_MUTANTS.values() if mutant.killed_by == rule.id]
    yield from (f"## {rule.id}", "", f"{rule.keyword}: {rule.sentence}", "")
    yield from (f"* {each.id}: {each.sentence} ({each.source})" for each in requirements)
    yield from (f"* mutant `{each.id}`: {each.sentence}" for each in mutants)
    if proving:
        yield f"* proved by {', '.join(f'`{each}`' for each in proving)}"
    yield ""
