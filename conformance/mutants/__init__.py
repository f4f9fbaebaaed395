"""The mutants: the reference endpoint with one fault each, which names the rule that must find it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.mutants import (
    cancel,
    connection,
    deltas,
    envelope,
    errors,
    input_audio,
    items,
    items_changed,
    metering,
    ordering,
    overrides,
    rate_limits,
    response,
    response_create,
    revision,
    session,
    sound,
    streaming,
    tools,
    transcription,
    turns,
    usage,
)
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
    revision.faults,
    connection.faults,
    session.faults,
    items.faults,
    items_changed.faults,
    errors.faults,
    rate_limits.faults,
    input_audio.faults,
    turns.faults,
    transcription.faults,
    ordering.faults,
    response.faults,
    response_create.faults,
    overrides.faults,
    cancel.faults,
    streaming.faults,
    sound.faults,
    deltas.faults,
    tools.faults,
    usage.faults,
    metering.faults,
)
