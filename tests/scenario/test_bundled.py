"""The library: every scenario plays on the reference, keeps its promises, and together they leave nothing out."""

import re
from functools import cache

import pytest

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.contract.untestable import UNPLAYED
from conformance.mutants import MUTANTS
from conformance.mutants.rehearsal import bundled, rehearse
from conformance.play.player import Outcome
from conformance.reference.session.core import FEATURES
from conformance.resources import PACKAGE, folder
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict, judge
from conformance.scenario.load import library, load
from conformance.trace.views import View

HOME = folder("scenarios")
IDS = sorted(path.relative_to(HOME).with_suffix("").as_posix() for path in library())
PLAYS = [(scenario, dialect) for scenario in IDS for dialect in sorted(bundled(scenario).dialects)]
#: Rules whose occasion no script can bring about on a healthy endpoint.
UNPROVABLE = {
    "session.the-conversation-is-announced-early",
    "session.its-expiry-is-announced",
    "errors.precede-a-failing-close",
}


@cache
def views(scenario_id, dialect):
    """Return every trace of a scenario, in every auth style where it is played in each."""
    scenario = bundled(scenario_id)
    features = FEATURES - scenario.without if scenario.without else None
    found = []
    for style in STYLES if scenario.each == "auth" else [""]:
        played = rehearse(scenario, dialect, variant=style, features=features)
        assert played.outcome is Outcome.PLAYED, f"{played.message}: expected {played.expected}, came {played.actual}"
        found += [View(trace, DIALECTS[trace.dialect]) for trace in played.traces]
    return found


@cache
def verdicts(scenario_id, dialect):
    """Return the verdicts of every rule on a scenario."""
    found = {}
    for view in views(scenario_id, dialect):
        for each in judge(view, RULES.values()):
            found.setdefault(each.rule.id, set()).add(each.verdict)
    return found


@pytest.mark.parametrize(("scenario", "dialect"), PLAYS)
def test_a_scenario_keeps_its_promises_on_the_reference(scenario, dialect):
    told = verdicts(scenario, dialect)
    unkept = {
        rule: told[rule]
        for rule in bundled(scenario).proves
        if not told[rule] & {Verdict.PASS, Verdict.NOT_APPLICABLE} or told[rule] & {Verdict.FAIL, Verdict.WARNING}
    }

    assert unkept == {}


@pytest.mark.parametrize(("scenario", "dialect"), PLAYS)
def test_nothing_is_found_on_the_reference(scenario, dialect):
    found = {rule for rule, told in verdicts(scenario, dialect).items() if told & {Verdict.FAIL, Verdict.WARNING}}
    assert found == set()


def test_every_rule_is_proved_by_some_conversation():
    proved = {rule for play in PLAYS for rule, told in verdicts(*play).items() if Verdict.PASS in told}

    assert set(RULES) - proved == UNPROVABLE


def test_what_no_scenario_promises_is_documented():
    page = (PACKAGE.parent / "docs" / "scenarios.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([a-z_]+\.[a-z-]+)`", page.partition("## What no scenario promises")[2]))
    promised = {rule for scenario in IDS for rule in bundled(scenario).proves}

    assert set(RULES) - promised == listed


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_event_is_said_by_some_conversation_or_listed_with_the_reason(dialect):
    said = {frame.entry.type for play in PLAYS if play[1] == dialect for view in views(*play) for frame in view.frames}
    known = DIALECTS[dialect].client_events | DIALECTS[dialect].server_events

    assert known - said == set(UNPLAYED[dialect])


@pytest.mark.parametrize("scenario", IDS)
def test_a_scenario_says_in_a_sentence_what_happens(scenario):
    assert re.fullmatch(r"[A-Z].{10,110}\.", bundled(scenario).title)


def test_titles_are_told_apart():
    titles = [bundled(scenario).title for scenario in IDS]

    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("scenario", IDS)
def test_a_scenario_names_only_rules_that_exist(scenario):
    assert set(bundled(scenario).proves) <= set(RULES)


def test_there_are_enough_of_them_and_few_are_smoke():
    smoke = [scenario for scenario in IDS if "smoke" in bundled(scenario).tags]

    assert len(IDS) >= 70
    assert 1 <= len(smoke) <= 10


def test_every_mutant_is_seen_in_a_scenario_that_exists():
    assert {mutant.during for mutant in MUTANTS.values()} <= set(IDS)


@pytest.mark.parametrize("feature", [*sorted(FEATURES), "everything"])
def test_an_endpoint_without_a_feature_fails_nothing_that_it_claims(feature):
    missing = FEATURES if feature == "everything" else {feature}
    claimed = [each for each in PLAYS if not bundled(each[0]).needs & missing and bundled(each[0]).without <= missing]
    # The topics in which a feature hides most easily; all of them would be the library once more for each feature.
    topics = ("items", "response", "session", "unsupported")
    near = [each for each in claimed if bundled(each[0]).topic in topics]

    unmet = {
        play: conversation.message
        for play in near
        if (conversation := rehearse(play[0], play[1], features=FEATURES - missing)).outcome is not Outcome.PLAYED
    }
    assert unmet == {}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_response_outlasts_what_interrupts_it(dialect):
    """Where a conversation needs a response that is still running, it is: no race, however fast the socket."""
    (view,) = views("response/collision", dialect)
    colliding = view.client("response.create")[1]
    (done,) = view.server("response.done")

    assert done.index > colliding.index


def test_every_file_in_the_library_is_a_scenario():
    assert [load(HOME / f"{scenario}.yaml").id for scenario in IDS] == IDS
