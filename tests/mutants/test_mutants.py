"""A mutant has one fault, and no other: it stays up whatever a client sends."""

from functools import partial

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants import MUTANTS
from conformance.mutants.rehearsal import bundled, rehearse

#: Conversations with malformed and misplaced client events.
ODD = ("errors/bad_items", "errors/wrong_types", "errors/missing_fields", "items/retrieve_unknown")


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_survives_malformed_events(mutant):
    for dialect in mutant.dialects:
        for scenario in ODD:
            if dialect in bundled(scenario).dialects:
                assert rehearse(scenario, dialect, partial(mutant.make, DIALECTS[dialect])).traces
