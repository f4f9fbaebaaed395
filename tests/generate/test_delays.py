"""Generated conversations with legal endpoints, whatever takes how long: no seed makes one of them guilty."""

from itertools import product

import pytest

from conformance.generate.conversations import conversations
from conformance.generate.explore import MUST, SearchPlan, explore
from conformance.generate.script import written
from conformance.mutants.mutant import Fault
from conformance.reference.session.model import Call, Pause, Say, answer
from conformance.reference.session.pace import Pace
from conformance.scenario.audio import clip
from tests.generate.delays import Delays, playing, together, twice
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


def talks_and_calls(prompt):
    acts = answer(prompt)
    return [Say("One moment."), *acts] if isinstance(acts[0], Call) else acts


def pauses(prompt):
    return [*answer(prompt), Pause(24.0), Say("That is all.")] if not prompt.tools else answer(prompt)


#: One in memory has no limit of sessions.
LEGAL = {"plain": Legal(), **{name: each for name, each in VARIANTS.items() if each.server is Legal().server}}
LEGAL["talks before it calls"] = Legal(settings={"scripted_model": talks_and_calls})
LEGAL["pauses"] = Legal(settings={"scripted_model": pauses})
LEGAL["says nothing"] = Legal(settings={"scripted_model": lambda _prompt: []})
LEGAL["like OpenAI"] = Legal(settings={"quirks": "real-openai-2026-09"})
LEGAL["like Azure"] = Legal(settings={"quirks": "real-azure-2026-09"})
LEGAL["bridge that names nobody"] = together(VARIANTS["bridge"], VARIANTS["anonymous_errors"])
#: The pause of the one and the delay of the other may make 49 s of silence in a response: that is not borne.
TOO_MUCH = {("pauses", "beyond our patience")}
FEW, MANY = 6, 60
ADDED = "conversation.item.added"


def faults(dialect, legal, delays, flaws_of, plan, spoken=clip):
    """Return the MUST flaws that are found, each with its script."""
    claimed = legal.settings.get("features")
    features = None if claimed is None else claimed | {"cancel"}

    def grave(conversation):
        return [flaw for flaw in flaws_of(conversation) if flaw.keyword == MUST]

    play = playing(dialect, legal, list(Pace)[plan.seed % len(Pace)], delays, plan.seed, spoken)
    found = explore(play, grave, conversations(dialect, features), plan)
    return [(case.flaw, written(case.scenario)) for case in found.cases]


@pytest.mark.parametrize("delays", DELAYS)
@pytest.mark.parametrize("name", ["plain", "anonymous_errors"])
def test_a_few_conversations_blame_no_legal_endpoint(name, delays, dialect, flaws_of):
    assert faults(dialect, LEGAL[name], DELAYS[delays], flaws_of, SearchPlan(FEW, seed=3)) == []


@pytest.mark.parametrize("delays", ["none", "of what is asked", "bursts"])
@pytest.mark.parametrize("name", ["plain", "anonymous_errors", "pauses"])
def test_a_second_turn_that_nobody_expects_blames_no_legal_endpoint(name, delays, dialect, flaws_of):
    assert faults(dialect, LEGAL[name], DELAYS[delays], flaws_of, SearchPlan(FEW, seed=21), twice) == []


@pytest.mark.slow
@pytest.mark.parametrize("delays", DELAYS)
def test_many_second_turns_blame_no_legal_endpoint(delays, dialect, flaws_of):
    for name in ("plain", "anonymous_errors", "bridge"):
        assert faults(dialect, LEGAL[name], DELAYS[delays], flaws_of, SearchPlan(MANY, seed=22), twice) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "delays"), [each for each in product(LEGAL, DELAYS) if each not in TOO_MUCH])
def test_many_conversations_blame_no_legal_endpoint(name, delays, dialect, flaws_of):
    assert faults(dialect, LEGAL[name], DELAYS[delays], flaws_of, SearchPlan(MANY, seed=5)) == []


def test_an_endpoint_that_takes_items_in_silence_is_found_behind_any_delay(dialect, flaws_of):
    silent = Legal(lambda _dialect: Fault(sends=lambda event: () if event["type"] == ADDED else (event,)))

    assert faults(dialect, silent, DELAYS["bursts"], flaws_of, SearchPlan(20, seed=1, shrink_sessions=5))
