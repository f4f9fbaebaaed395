"""The mutants: the reference endpoint with one fault each, which names the rule that must find it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.mutants import input_audio, transcription, turns
from conformance.mutants.mutant import Faults, Mutant


def _table(*chapters: Faults) -> Mapping[str, Mutant]:
    table: dict[str, Mutant] = {}
    for chapter in chapters:
        for mutant in chapter.mutants:
            if mutant.id in table:
                raise ValueError(f"two mutants are called {mutant.id}")
            table[mutant.id] = mutant
    return table


#: Every mutant by id, in the order of the chapters.
MUTANTS: Mapping[str, Mutant] = _table(input_audio.faults, turns.faults, transcription.faults)
