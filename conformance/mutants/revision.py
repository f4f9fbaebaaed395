"""Endpoints that speak the names of another revision."""

from __future__ import annotations

import orjson

from conformance.contract.dialect import Dialect
from conformance.contract.dialects import aliases
from conformance.mutants.mutant import Fault, FaultTable
from conformance.trace.trace import Event

faults = FaultTable()


@faults.mutant(killed_by="envelope.names-are-of-the-revision", during="response/text_turn", like="ga-names-on-beta")
def every_event_has_the_other_revisions_name(dialect: Dialect) -> Fault:
    """Every event that the revisions call differently comes under the other revision's name."""
    other = {mine: foreign for foreign, mine in aliases(dialect.name).items()}

    def framed(event: Event) -> str:
        kind = event.get("type")
        return orjson.dumps({**event, "type": other.get(kind, kind) if isinstance(kind, str) else kind}).decode()

    return Fault(frames=framed)
