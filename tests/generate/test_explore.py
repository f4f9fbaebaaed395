"""The search: what is wrong is found, made small, kept, and can be played again from its script alone."""

import gc
import weakref
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.generate.configs import invalid, valid
from conformance.generate.conversations import conversations
from conformance.generate.explore import Case, Example, Flaw, SearchPlan, explore
from conformance.generate.found import FoundCases, told
from conformance.mutants import MUTANTS
from conformance.mutants.mutant import Fault
from conformance.play.player import Outcome
from conformance.scenario.load import load, loads

#: The most steps of a case made small: the shrinker of older versions leaves one more.
SHORT = 5 if tuple(int(part) for part in version("hypothesis").split(".")[:2]) >= (6, 155) else 6
KINDS = {"valid": valid, "invalid": invalid, "conversations": conversations}


def shows_the_session_before(_dialect):
    """`session.updated` shows the session as it was before the update."""
    shown = []

    def sends(event):
        if "session" not in event:
            yield event
            return
        before = shown[-1] if shown else event["session"]
        shown.append(event["session"])
        yield {**event, "session": before}

    return Fault(sends=sends)


def a_deleted_item_stays_a_predecessor(_dialect):
    """An item that comes after a deletion is said to follow the deleted one."""
    gone = []

    def sends(event):
        if event["type"] == "conversation.item.deleted":
            gone[:] = [event["item_id"]]
        elif gone and event["type"] == "conversation.item.added":
            event = {**event, "previous_item_id": gone[0]}
        yield event

    return Fault(sends=sends)


def a_cancelled_response_dangles(_dialect):
    """A cancelled response never gets its `response.done`."""

    def sends(event):
        if event["type"] != "response.done" or event["response"]["status"] != "cancelled":
            yield event

    return Fault(sends=sends)


def a_refused_update_leaves_its_instructions(dialect):
    """The instructions of an update take effect, even if the rest is refused."""
    hidden = []

    def receives(event):
        session = event.get("session")
        if event.get("type") == "session.update" and isinstance(session, dict) and "instructions" in session:
            hidden.append(event)
            part = {key: session[key] for key in ("type", "instructions") if key in session}
            yield {**event, "session": part}
        yield event

    def sends(event):
        if hidden and event["type"] in ("session.updated", "error"):
            hidden.clear()
            return
        yield event

    return Fault(sends=sends, receives=receives)


def any_limit_is_accepted(dialect):
    """A token limit beyond the largest is cut to it."""
    (name,) = dialect.session_paths["max_output_tokens"]

    def receives(event):
        session = event.get("session")
        limit = session.get(name) if isinstance(session, dict) else None
        yield {**event, "session": {**session, name: 4096}} if isinstance(limit, int) and limit > 4096 else event

    return Fault(receives=receives)


OWN = (
    any_limit_is_accepted,
    a_refused_update_leaves_its_instructions,
    shows_the_session_before,
    a_deleted_item_stays_a_predecessor,
    a_cancelled_response_dangles,
)
WRONG = {
    "valid": """updates-are-acknowledged-twice an-update-shows-a-part every-update-makes-a-new-session-id
        instructions-are-passed-over the-voice-is-passed-over an-update-resets-what-it-does-not-name
        tools-cannot-be-cleared instructions-cannot-be-cleared shows_the_session_before""",
    "invalid": """a-refused-update-is-acknowledged-as-well a_refused_update_leaves_its_instructions
        any_limit_is_accepted any-temperature-will-do a-refusal-does-not-say-what-was-wrong
        text-and-audio-at-once audio-without-text""",
    "conversations": """items-never-have-a-predecessor an-id-may-be-taken-twice anything-can-be-deleted
        an-unknown-place-is-the-end item-left-open-by-a-cancel second-response-kills-the-first
        needless-cancel-is-ignored errors-come-twice response-id-used-again
        a_deleted_item_stays_a_predecessor a_cancelled_response_dangles
        positions-are-counted-at-another-rate turns-are-never-answered the-response-comes-before-the-commit
        an-interruption-blames-the-client speech-stops-twice speech-is-committed-under-another-id
        speech-never-stops create-response-is-ignored speech-interrupts-nothing""",
}
ALL = [(kind, name) for kind, names in WRONG.items() for name in names.split()]
QUICK = (
    "an-update-resets-what-it-does-not-name",
    "a_refused_update_leaves_its_instructions",
    "an-id-may-be-taken-twice",
)


def wrong(name):
    """Return (dialect, make) of a faulty endpoint."""
    own = {each.__name__: each for each in OWN}
    if name in own:
        return "ga", own[name]
    return max(MUTANTS[name].dialects), MUTANTS[name].make


def marked(kind, name):
    return pytest.param(kind, name, id=name, marks=() if name in QUICK else pytest.mark.slow)


@pytest.mark.parametrize(("kind", "name"), [marked(*each) for each in ALL])
def test_a_fault_is_found_over_the_socket_and_becomes_a_short_script(kind, name, tmp_path, over_a_socket, flaws_of):
    spoken, make = wrong(name)
    shelf = FoundCases(tmp_path, f"generated/{kind}", str)
    with over_a_socket(spoken, make) as play:
        found = explore(
            play, flaws_of, KINDS[kind](DIALECTS[spoken]), SearchPlan(200, 1, most_cases=1), keep=shelf.keep
        )

        (case,) = found.cases
        (path,) = tmp_path.iterdir()
        script = load(path)
        assert found.examples <= 200
        assert len(script.steps) <= SHORT
        assert case.flaw.rule in {flaw.rule for flaw in flaws_of(play(script))}


def broken_by(*names):
    """Judge a conversation by whether its script has all these steps."""

    def judge(conversation):
        steps = {step.name for step in conversation.scenario.steps}
        return [Flaw("made.up", "MUST", "It is there.")] if set(names) <= steps else []

    return judge


def search(in_memory, judge, plan, **hears):
    return explore(in_memory("ga"), judge, conversations(DIALECTS["ga"]), plan, **hears)


def test_an_interrupted_search_has_written_its_best(in_memory, tmp_path):
    shelf, heard = FoundCases(tmp_path, "generated/conversations", str), []

    def tell(example):
        heard.append(example)
        if sum(each.during == "shrink" for each in heard) == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(in_memory, broken_by("delete", "say", "respond"), SearchPlan(200, seed=2), tell=tell, keep=shelf.keep)

    (path,) = tmp_path.iterdir()
    sizes = [len(each.scenario.steps) for each in heard[:-1] if each.flaws]
    assert len(load(path).steps) == min(sizes)


def test_a_case_ends_with_the_step_at_which_it_stopped(in_memory):
    steps = "[say: Hello., respond, {await: response.done}, {say: Once more.}]"
    script = loads(f"scenario: A turn.\nsteps: {steps}", Path("turn.yaml"))
    conversation = in_memory("ga", lambda: hooks_without("response.done"))(script)

    case = Case(Flaw("ordering.response-done-comes", "MUST", ""), Example(1, "generate", script, conversation, ()))

    assert conversation.step is case.scenario.steps[-1]
    assert [step.name for step in case.scenario.steps] == ["say", "respond", "await"]


def hooks_without(kind):
    return Fault(sends=lambda event: [] if event["type"] == kind else [event])


def test_shrinking_ends_with_its_sessions(in_memory):
    heard = []
    plan = SearchPlan(200, seed=2, shrink_sessions=5)
    found = search(in_memory, broken_by("delete", "say", "respond"), plan, tell=heard.append)

    assert sum(each.during == "shrink" for each in heard) == 5
    assert [case.flaw.rule for case in found.cases] == ["made.up"]


def test_what_only_warns_is_made_small_with_a_few_sessions(in_memory):
    heard = []

    def judge(conversation):
        return [replace(flaw, keyword="SHOULD") for flaw in broken_by("delete", "say", "respond")(conversation)]

    found = search(in_memory, judge, SearchPlan(200, seed=2, shrink_sessions=20), tell=heard.append)

    assert sum(each.during == "shrink" for each in heard) == 4
    assert [case.flaw.rule for case in found.cases] == ["made.up"]


def test_a_warning_does_not_keep_the_search_from_making_a_fault_small(in_memory):
    heard = []

    def judge(conversation):
        mild = [Flaw("made.mild", "SHOULD", "It is there.")] if broken_by("say")(conversation) else []
        return mild + [replace(flaw, rule="made.grave") for flaw in broken_by("delete", "respond")(conversation)]

    found = search(in_memory, judge, SearchPlan(200, seed=2, shrink_sessions=40), tell=heard.append)

    assert {case.flaw.rule for case in found.cases} == {"made.mild", "made.grave"}
    assert 8 < sum(each.during == "shrink" for each in heard) <= 40


def test_shrinking_ends_when_its_conversations_have_lasted_long_enough(in_memory):
    heard = []
    plan = SearchPlan(200, seed=2, shrink_seconds=60)
    play = in_memory("ga")

    def slow(scenario):
        return replace(play(scenario), seconds=25.0)

    judge = broken_by("delete", "say", "respond")
    found = explore(slow, judge, conversations(DIALECTS["ga"]), plan, tell=heard.append)

    assert sum(each.during == "shrink" for each in heard) == 3
    assert [case.flaw.rule for case in found.cases] == ["made.up"]


def test_no_script_is_played_twice_but_to_confirm_it(in_memory):
    heard = []
    search(in_memory, broken_by("delete", "say", "respond"), SearchPlan(100, seed=2), tell=heard.append)

    scripts = [told(each, "conversations")["script"] for each in heard if each.during != "confirm"]
    assert len(set(scripts)) == len(scripts)
    assert sum(each.during == "confirm" for each in heard) == 1


def test_several_faults_are_told_apart(in_memory):
    def judge(conversation):
        names = {step.name for step in conversation.scenario.steps}
        return [Flaw(f"made.up-{each}", "SHOULD", "It is there.") for each in ("cancel", "retrieve") if each in names]

    found = search(in_memory, judge, SearchPlan(200, seed=2))

    assert {case.flaw.rule for case in found.cases} == {"made.up-cancel", "made.up-retrieve"}
    assert all(len(case.scenario.steps) <= 3 for case in found.cases)


def test_a_flaw_that_does_not_come_again_is_called_unsteady(in_memory):
    times = []

    def judge(conversation):
        times.append(conversation)
        return [Flaw("made.up", "MUST", "Once.")] if len(times) == 1 else []

    (case,) = search(in_memory, judge, SearchPlan(5, seed=2)).cases

    assert not case.steady


def test_the_environments_trouble_ends_the_search_and_blames_nobody(in_memory):
    played = in_memory("ga")

    def play(scenario):
        return replace(played(scenario), outcome=Outcome.ENVIRONMENT, message="429")

    found = explore(play, lambda _: [], conversations(DIALECTS["ga"]), SearchPlan(20))

    assert (found.cases, found.sessions, found.trouble) == ((), 1, "429")


def test_a_case_of_an_earlier_run_is_played_first(in_memory, tmp_path):
    judge, heard = broken_by("delete"), []
    shelf = FoundCases(tmp_path, "generated/conversations", str)
    search(in_memory, judge, SearchPlan(100, seed=2), keep=shelf.keep)

    first = FoundCases(tmp_path, "generated/conversations", str).earlier("ga")
    found = search(in_memory, judge, SearchPlan(5, seed=3), first=first, tell=heard.append)

    assert heard[0].during == "replay"
    assert [case.flaw.rule for case in found.cases] == ["made.up"]
    assert list(FoundCases(tmp_path, "generated/configs::valid", str).earlier("ga")) == []


def test_what_hypothesis_remembers_is_kept_for_each_endpoint(in_memory, tmp_path):
    judge = broken_by("delete", "say", "respond")
    plan = SearchPlan(60, seed=2, most_cases=1, database=tmp_path, key="wss://one.test gpt-realtime ga")
    search(in_memory, judge, plan)

    again = search(in_memory, judge, replace(plan, seed=99))
    elsewhere = search(in_memory, judge, replace(plan, seed=98, key="wss://two.test gpt-realtime ga"))

    assert again.examples == 1
    assert elsewhere.examples > 1


def test_the_comment_of_a_case_says_what_was_found_and_how_to_see_it_again(in_memory, tmp_path):
    shelf = FoundCases(tmp_path, "generated/conversations", lambda path: f"pytest {path.name} --endpoint=wss://x.test")
    search(in_memory, broken_by("delete"), SearchPlan(100, seed=2), keep=shelf.keep)

    (path,) = tmp_path.iterdir()
    text = path.read_text(encoding="utf-8")
    assert path.name.startswith("made.up-")
    assert "# MUST made.up: It is there." in text
    assert f"# Again: pytest {path.name} --endpoint=wss://x.test" in text


def test_a_search_keeps_only_what_was_said_in_the_smallest_cases(in_memory):
    heard = []

    def tell(example):
        heard.append(weakref.ref(example))

    found = search(in_memory, broken_by("delete", "say", "respond"), SearchPlan(100, seed=2), tell=tell)

    gc.collect()  # frames of exceptions hold each other
    assert found.sessions > 20
    assert [each() for each in heard if each() is not None] == [case.example for case in found.cases]
