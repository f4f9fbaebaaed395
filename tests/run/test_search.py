"""A search among generated examples: what it finds, which of its cases stands for it in the record, what it keeps."""

from collections import Counter
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import orjson
import pytest

from conformance.commands.serve import hooks_of
from conformance.generate.configs import INVALID, VALID
from conformance.generate.conversations import CONVERSATIONS
from conformance.generate.explore import MUST, SHOULD, Case, Example, Exploration, Flaw, SearchPlan
from conformance.play.player import Conversation, Outcome
from conformance.reference.server.server import Server
from conformance.reference.session.hooks import Hooks
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Chapter, Finding
from conformance.rules.rule_packs import Pack
from conformance.run.baseline import Baseline, BaselineEntry
from conformance.run.budget import Limits
from conformance.run.library import settings_for
from conformance.run.policy import Policy
from conformance.run.runner import Runner
from conformance.run.search import Search, _at_work
from conformance.run.search_options import SearchOptions
from conformance.scenario.model import Scenario
from tests.records import settings

KEY = "sk-a-key-of-the-tests-0123456789"
RESETS, UNTOUCHED = "an-update-resets-what-it-does-not-name", "session.untouched-settings-stay"
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


#: Seconds of real time must not decide: so little is searched that each search ends by its numbers.
LEAN = {"examples": 4, "shrink_sessions": 12, "repeatable": True}


@pytest.fixture
def searching(listen, tmp_path):
    """Return `searching(mutant or hooks, kind, policy=…, vendor=…, …) -> Search` against a reference that listens."""
    runners = []

    def make(mutant, kind=VALID, policy=None, vendor="", options=None, **more):
        hooks = hooks_of(mutant) if mutant and isinstance(mutant, str) else mutant or None
        url = listen(Server(tokens=(KEY,), models=("m",), hooks=hooks)).url
        told = settings_for(url, key=KEY, model="m", dialect="ga", profile=None, reports=tmp_path)
        runner = Runner(replace(told, discovery=False), policy or Policy(), window=1, cautious=False)
        runners.append(runner)
        runner.prepare()
        claim = Scenario(id=kind, title="What is generated is answered.", steps=())
        return Search(runner, options or SearchOptions(**{"seed": 1, **LEAN, **more}), claim, vendor)

    yield make
    for runner in runners:
        runner.close()


def examples_in(reports):
    lines = (reports / "generated/examples.jsonl").read_text(encoding="utf-8").splitlines()
    return [orjson.loads(line) for line in lines]


@pytest.mark.parametrize("kind", [VALID, INVALID, CONVERSATIONS])
def test_on_the_reference_a_search_finds_nothing_and_keeps_every_example(searching, tmp_path, kind):
    search = searching("", kind)
    found = search.explore()
    told = search.record(found)

    assert (found.cases, found.trouble) == ((), "")
    assert told.outcome is Outcome.PLAYED
    assert told.title == "What is generated is answered."
    assert told.spent.sessions == found.sessions
    assert {each["during"] for each in examples_in(tmp_path)} == {"generate"}
    assert search.runner.watch.search == ""


def test_a_found_case_stands_for_the_search_with_its_trace_and_its_script(searching, tmp_path):
    search = searching(RESETS)
    found = search.explore()
    told = search.record(found)

    assert told.rules[UNTOUCHED].verdict is Verdict.FAIL
    assert search.grave(search.gravest(found))
    assert "session.untouched-settings-stay" in (tmp_path / told.script).read_text(encoding="utf-8")
    assert all((tmp_path / each).is_file() for each in told.traces)
    assert {"generate", "confirm"} <= {each["during"] for each in examples_in(tmp_path)}


def test_what_an_earlier_run_found_is_played_first_unless_the_same_shall_come_again(searching, tmp_path):
    searching(RESETS).explore()
    (tmp_path / "generated/examples.jsonl").unlink()

    searching(RESETS, repeatable=False, examples=1, shrink_sessions=1).explore()

    assert examples_in(tmp_path)[0]["during"] == "replay"


def test_a_known_failure_is_no_case_and_is_told_as_known(searching):
    known = Policy(baseline=Baseline((BaselineEntry(UNTOUCHED, "#1"),), date.min))
    search = searching(RESETS, policy=known)
    found = search.explore()

    told = search.record(found)
    assert not found.cases
    assert told.rules[UNTOUCHED].verdict is Verdict.KNOWN
    assert told.script == ""


def test_a_budget_that_ends_a_search_blames_nobody(searching):
    search = searching("", policy=Policy(limits=Limits(sessions=3)))
    found = search.explore()

    told = search.record(found)
    assert found.examples == 2
    assert told.outcome is Outcome.NOT_RUN
    assert "max-sessions" in told.message
    assert told.spent.sessions == 2


def agreeable(_dialect):
    """Make the hooks of an endpoint that accepts every update, however wrong."""
    last = {}

    def sends(event):
        if event["type"] == "error":
            return ({**last, "type": "session.updated", "event_id": event["event_id"]},)
        last.update(event)
        return (event,)

    return Hooks(sends=sends)


def test_a_step_that_was_not_answered_as_the_protocol_owes_is_a_case_of_its_own(searching):
    search = searching(agreeable, INVALID, examples=16)
    found = search.explore()

    told = search.record(found)
    assert told.outcome is Outcome.STOPPED
    assert told.step == "configure"
    assert "plays.configure" in {flaw.rule for case in found.cases for flaw in case.example.flaws}


def test_the_upper_bound_of_a_search_counts_its_sessions_and_plays_nothing(searching, tmp_path):
    search = searching("")

    bound = search.bound()

    plays = LEAN["examples"] + LEAN["shrink_sessions"] + SearchPlan().most_cases
    assert bound.sessions == plays
    assert not (tmp_path / "generated").exists()


def test_whoever_looks_on_is_told_how_far_a_search_is():
    plan = SearchPlan(examples=9, shrink_sessions=30)

    assert _at_work("generate", Counter(generate=3), plan) == "3/9"
    assert _at_work("shrink", Counter(shrink=7), plan) == "making a case small, 7/30"
    assert _at_work("replay", Counter(replay=1), plan) == "earlier cases"


@pytest.fixture
def acme(monkeypatch):
    """The rules of a vendor that every update breaks, as an installed package would bring them."""
    rules = Chapter("acme/")

    @rules.must("acme/updates-rhyme", about={"session.updated"}, covers=(), spec="https://acme.test/spec")
    def updates_rhyme(view):
        """An update is answered in verse."""
        for frame in view.server("session.updated"):
            yield Finding(frame.index, "It is in prose.")

    pack = Pack("acme", "acme-rules 1.0", {rule.id: rule for rule in rules.rules})
    monkeypatch.setattr("conformance.run.search.packs", lambda: {"acme": pack})


@pytest.mark.usefixtures("acme")
def test_a_vendors_rules_judge_what_was_played_for_ours_without_playing_it_again(searching, tmp_path):
    options = SearchOptions(seed=1, **{**LEAN, "shrink_sessions": 0})
    ours = searching("", options=options)
    ours.explore()
    theirs = searching("", vendor="acme", options=options)
    found = theirs.explore()

    told = theirs.record(found)
    assert ours.spent.sessions == LEAN["examples"]
    assert [case.flaw.rule for case in found.cases] == ["acme/updates-rhyme"]
    assert theirs.spent.sessions < LEAN["examples"]
    assert told.rules["acme/updates-rhyme"].verdict is Verdict.FAIL
    assert told.questions == ("keeps-every-other-rule-of-acme",)
    assert "acme" in (tmp_path / told.script).name


@pytest.mark.usefixtures("acme")
def test_whether_a_conversation_gets_through_its_script_is_no_question_of_a_vendor(searching):
    search = searching(agreeable, INVALID, vendor="acme", examples=1, shrink_sessions=0)
    found = search.explore()

    assert {flaw.rule for case in found.cases for flaw in case.example.flaws} <= {"acme/updates-rhyme"}
