"""The rules over pairs of traces: what a gateway does to a conversation.  Pure functions; no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.registry import by_id
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
from conformance.relay.rules.pair_rule import PairRule
from conformance.rules.engine.rule import Rule
from conformance.rules.rule_packs import judged_rules

#: Every rule over pairs by id, in the order of the modules.
PAIR_RULES: Mapping[str, PairRule] = by_id(
    passing_down.rules.rules,
    passing_up.rules.rules,
    credentials.rules.rules,
    opening.rules.rules,
    endings.rules.rules,
    timing.rules.rules,
    slow_clients.rules.rules,
    charges.rules.rules,
)


def known_rules() -> Mapping[str, Rule]:
    """Return every rule there is: those of a conversation with an endpoint, and those over pairs."""
    return {**judged_rules(), **PAIR_RULES}
