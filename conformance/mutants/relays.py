"""The mutant relays, each with one fault, which names the rule over pairs that must find it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.mutants import relays_passing, relays_sessions
from conformance.mutants.relay_mutant import RelayMutant
from conformance.registry import by_id

#: Every mutant relay by id.
RELAY_MUTANTS: Mapping[str, RelayMutant] = by_id(relays_passing.faults.mutants, relays_sessions.faults.mutants)
