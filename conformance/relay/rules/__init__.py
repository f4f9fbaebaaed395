"""The rules over pairs of traces: what a gateway does to a conversation.  Pure functions; no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.relay.rules import (
    charges,
    credentials,
    endings,
    opening,
    passing_down,
    passing_up,
    slow_clients,
    timing,
)
from conformance.relay.rules.pair_rule import PairChapter, PairRule
from conformance.rules.engine.rule import Rule
from conformance.rules.rule_packs import judged_rules


def _table(*chapters: PairChapter) -> Mapping[str, PairRule]:
    table: dict[str, PairRule] = {}
    for chapter in chapters:
        for rule in chapter.rules:
            if rule.id in table:
                raise ValueError(f"two rules are called {rule.id}")
            table[rule.id] = rule
    return table


#: Every rule over pairs by id, in the order of the modules.
PAIR_RULES: Mapping[str, PairRule] = _table(
    passing_down.rules,
    passing_up.rules,
    credentials.rules,
    opening.rules,
    endings.rules,
    timing.rules,
    slow_clients.rules,
    charges.rules,
)


def known_rules() -> Mapping[str, Rule]:
    """Return every rule there is: those of a conversation with an endpoint, and those over pairs."""
    return {**judged_rules(), **PAIR_RULES}
