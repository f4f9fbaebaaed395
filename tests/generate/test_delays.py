"""Generated conversations with legal endpoints, whatever takes how long: no seed makes one of them guilty."""

import pytest

from conformance.generate.conversations import conversations
from conformance.generate.explore import MUST, SearchPlan, explore
from conformance.generate.script import written
from conformance.mutants.mutant import Fault
from conformance.reference.session.pace import Pace
from tests.generate.delays import Delays, playing, together
from tests.legal.endpoints import VARIANTS, Legal

#: Even ones, bursts, and some beyond our patience; a client that is slow itself.
DELAYS = {
    "none": Delays(),
    "short": Delays(up=(0, 0.01, 1), down=(0, 0.01, 1), client=0.005),
    "of what is asked": Delays(up=(0, 0.3, 1), client=0.01),
    "of what is said": Delays(down=(0, 0.3, 1), client=0.01),
    "bursts": Delays(up=(0, 8, 0.1), down=(0, 3, 0.1), client=0.05),
    "a slow client": Delays(client=3),
    "errors overtake": Delays(up=(0, 0.3, 1), down=(0, 0.3, 1), client=0.01, overtaking=True),
    "beyond our patience": Delays(up=(0, 25, 0.1), down=(0, 25, 0.1), client=0.05),
}
#: One in memory has no limit of sessions.
LEGAL = {"plain": Legal(), **{name: each for name, each in VARIANTS.items() if each.server is Legal().server}}
LEGAL["bridge that names nobody"] = together(VARIANTS["bridge"], VARIANTS["anonymous_errors"])
FEW, MANY = 3, 60
ADDED = "conversation.item.added"


def faults(dialect, legal, delays, flaws_of, plan):
    """Return the MUST flaws that are found, each with its script."""
    claimed = legal.settings.get("features")
    features = None if claimed is None else claimed | {"cancel"}

    def grave(conversation):
        return [flaw for flaw in flaws_of(conversation) if flaw.keyword == MUST]

    play = playing(dialect, legal, list(Pace)[plan.seed % len(Pace)], delays, plan.seed)
    found = explore(play, grave, conversations(dialect, features), plan)
    return [(case.flaw, written(case.scenario)) for case in found.cases]


@pytest.mark.parametrize("delays", DELAYS)
@pytest.mark.parametrize("name", ["plain", "anonymous_errors"])
def test_a_few_conversations_blame_no_legal_endpoint(name, delays, dialect, flaws_of):
    assert faults(dialect, LEGAL[name], DELAYS[delays], flaws_of, SearchPlan(FEW, seed=3)) == []


@pytest.mark.slow
@pytest.mark.parametrize("delays", DELAYS)
@pytest.mark.parametrize("name", LEGAL)
def test_many_conversations_blame_no_legal_endpoint(name, delays, dialect, flaws_of):
    assert faults(dialect, LEGAL[name], DELAYS[delays], flaws_of, SearchPlan(MANY, seed=5)) == []


def test_an_endpoint_that_takes_items_in_silence_is_found_behind_any_delay(dialect, flaws_of):
    silent = Legal(lambda _dialect: Fault(sends=lambda event: () if event["type"] == ADDED else (event,)))

    assert faults(dialect, silent, DELAYS["bursts"], flaws_of, SearchPlan(20, seed=1, shrink_sessions=5))
