"""The mutant relays, each with one fault, which names the rule over pairs that must find it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.mutants import relays_passing, relays_sessions
from conformance.mutants.relay_mutant import RelayMutant, RelayTable


def _table(*modules: RelayTable) -> Mapping[str, RelayMutant]:
    table: dict[str, RelayMutant] = {}
    for module in modules:
        for mutant in module.mutants:
            if mutant.id in table:
                raise ValueError(f"two mutant relays are called {mutant.id}")
            table[mutant.id] = mutant
    return table


#: Every mutant relay by id.
RELAY_MUTANTS: Mapping[str, RelayMutant] = _table(relays_passing.faults, relays_sessions.faults)
