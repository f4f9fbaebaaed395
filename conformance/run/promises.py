"""Rules by their ids: what a scenario promises to prove, and what a run judged."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from conformance.errors import ScenarioError
from conformance.rules.rule_packs import judged_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.rules.engine.rule import Rule
    from conformance.scenario.model import Scenario

#: What the ids of rules over pairs of traces begin with.
OVER_PAIRS = "relay."


def rule_named(rule_id: str) -> Rule | None:
    """Return the rule of that id, ours or a pack's; None if there is none.

    The rules over pairs are imported only where one of them is asked for: hardly any run plays through a gateway.
    """
    if rule_id.startswith(OVER_PAIRS):
        from conformance.relay.rules import PAIR_RULES

        return PAIR_RULES.get(rule_id)
    return judged_rules().get(rule_id)


def rules_among(judged: Iterable[str]) -> Mapping[str, Rule]:
    """Return the table of rules that *judged* belong to: that of a gateway if any of them is over pairs."""
    if not any(rule_id.startswith(OVER_PAIRS) for rule_id in judged):
        return judged_rules()
    from conformance.relay.rules import known_rules

    return known_rules()


def unknown_promises(scenario: Scenario) -> Iterator[ScenarioError]:
    """Yield an error for each promise of a rule that there is not, with its place and the nearest id."""
    for rule_id in scenario.proves:
        if rule_named(rule_id) is None:
            from conformance.relay.rules import known_rules

            near = difflib.get_close_matches(rule_id, known_rules(), n=1)
            yield ScenarioError(
                f"proves: there is no rule {rule_id!r}",
                f"Did you mean {near[0]!r}?" if near else "List them: realtime-conformance rules",
                where=scenario.where_is(rule_id),
            )


def promises_exist(scenario: Scenario) -> None:
    """Raise ScenarioError if a scenario promises to prove a rule that there is not."""
    for error in unknown_promises(scenario):
        raise error
