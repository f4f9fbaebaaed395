"""The mutants: the reference endpoint with one fault each, which names the rule that must find it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.mutants import (
    cancel,
    connection,
    envelope,
    errors,
    input_audio,
    items,
    metering,
    ordering,
    rate_limits,
    response,
    session,
    streaming,
    tools,
    transcription,
    turns,
    usage,
)
from conformance.mutants import deltas as wholes
from conformance.mutants import items_changed as items_later
from conformance.mutants import response_create as asking
from conformance.mutants.mutant import FaultTable, Mutant


def _table(*chapters: FaultTable) -> Mapping[str, Mutant]:
    table: dict[str, Mutant] = {}
    for chapter in chapters:
        for mutant in chapter.mutants:
            if mutant.id in table:
                raise ValueError(f"two mutants are called {mutant.id}")
            table[mutant.id] = mutant
    return table


#: Every mutant by id, in the order of the chapters.
MUTANTS: Mapping[str, Mutant] = _table(
    envelope.faults,
    connection.faults,
    session.faults,
    items.faults,
    items_later.faults,
    errors.faults,
    rate_limits.faults,
    input_audio.faults,
    turns.faults,
    transcription.faults,
    ordering.faults,
    response.faults,
    asking.faults,
    cancel.faults,
    streaming.faults,
    wholes.faults,
    tools.faults,
    usage.faults,
    metering.faults,
)
