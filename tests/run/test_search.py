"""A search among generated examples: which of its cases stands for it in the record."""

from types import SimpleNamespace

from conformance.generate.explore import MUST, SHOULD, Case, Example, Exploration, Flaw
from conformance.play.player import Conversation, Outcome
from conformance.run.search import Search
from conformance.run.search_options import SearchOptions
from conformance.scenario.model import Scenario
from tests.records import settings

CLAIM = Scenario(id="generated/conversations", title="A generated conversation.", steps=())


def case(number, *flaws):
    return Case(flaws[0], Example(number, "shrink", CLAIM, Conversation(CLAIM, "", (), Outcome.PLAYED), flaws))


def gravest(*cases, **how):
    search = Search(SimpleNamespace(settings=settings(**how)), SearchOptions(seed=1), CLAIM)
    return search.gravest(Exploration(cases, examples=9, sessions=12, seed=1))


def test_a_case_that_fails_the_search_stands_for_it_before_one_that_only_warns():
    mild = case(1, Flaw("envelope.errors-have-an-id", SHOULD, "no event_id"))
    grave = case(2, Flaw("plays.commit", MUST, "commit was accepted"))

    assert gravest(mild, grave) is grave
    assert gravest(mild) is mild
    assert gravest() is None
