import pytest

from conformance.contract.profile import Waiver
from conformance.play.player import Conversation, Outcome
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import HELD, Chapter, Finding
from conformance.run.ruling import dialect_of, judge_conversation, key_of
from conformance.scenario.model import Scenario
from conformance.trace.trace import Direction, Entry, Trace

rules = Chapter("made")


@rules.must("made.nothing-is-bad", about={"*"}, covers=(), spec="")
def nothing_is_bad(view):
    """Nothing is bad."""
    for frame in view.heard:
        yield Finding(frame.index, "bad") if frame.type == "bad" else HELD


@rules.must("made.fields-are-right", about={"*"}, covers=(), spec="")
def fields_are_right(view):
    """Fields are right."""
    for frame in view.heard:
        yield Finding(frame.index, "wrong", path="/a", also=("/b",)) if frame.type == "wrong" else HELD


@rules.should("made.nothing-crashes-us", about={"*"}, covers=(), spec="")
def nothing_crashes_us(view):
    """Nothing crashes us."""
    for frame in view.heard:
        if frame.type == "crash":
            raise KeyError("crash")
        yield HELD


@rules.must("made.never-exercised", about={"no.such.event"}, covers=(), spec="")
def never_exercised(view):
    """Never exercised."""
    yield HELD


@rules.must("made.rests-on-what-is-optional", about={"*"}, covers=(), spec="", left_out=lambda _view: "the good")
def rests_on_what_is_optional(view):
    """Something good comes."""
    for frame in view.server("good"):
        yield HELD if frame.index else Finding(0, "too early")


def rulings(*traces, waivers=None):
    played = tuple(
        Trace(tuple(Entry(n, Direction.SERVER, 0.0, {"type": kind}) for n, kind in enumerate(each))) for each in traces
    )
    conversation = Conversation(Scenario("a/b", "t", ()), "", played, Outcome.PLAYED)
    return {
        name.partition(".")[2]: each
        for name, each in judge_conversation(conversation, rules.rules, waivers).rulings.items()
    }


def test_what_breaks_a_rule_on_one_connection_breaks_it():
    ruling = rulings(["good"], ["good", "bad"])["nothing-is-bad"]

    assert ruling.verdict is Verdict.FAIL
    assert ruling.held == 2
    assert [(each.connection, each.finding.index) for each in ruling.findings] == [(1, 1)]


def test_evidence_on_one_connection_is_enough():
    assert rulings(["good"], [])["nothing-is-bad"].verdict is Verdict.PASS
    assert rulings(["good"], [])["never-exercised"].verdict is Verdict.UNPROVEN


def test_what_an_endpoint_may_leave_out_is_not_owed():
    ruling = rulings(["other"])["rests-on-what-is-optional"]

    assert ruling.verdict is Verdict.NOT_APPLICABLE
    assert ruling.reason == "the endpoint leaves out the good, which is optional"
    assert rulings(["other", "good"])["rests-on-what-is-optional"].verdict is Verdict.PASS
    assert rulings(["good"])["rests-on-what-is-optional"].verdict is Verdict.FAIL


def test_a_bug_in_one_rule_silences_no_other():
    found = rulings(["crash", "bad"])

    assert found["nothing-crashes-us"].verdict is Verdict.ERROR
    assert "KeyError" in found["nothing-crashes-us"].reason
    assert found["nothing-is-bad"].verdict is Verdict.FAIL


def test_a_waived_rule_is_not_applicable_and_says_why():
    ruling = rulings(["bad"], waivers={"made.nothing-is-bad": Waiver("it is documented")})["nothing-is-bad"]

    assert ruling.verdict is Verdict.NOT_APPLICABLE
    assert ruling.reason.endswith("it is documented")


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        (("wrong /a", "wrong /b"), Verdict.NOT_APPLICABLE),
        (("w* /*",), Verdict.NOT_APPLICABLE),
        (("wrong",), Verdict.NOT_APPLICABLE),
        (("wro*",), Verdict.NOT_APPLICABLE),
        (("other",), Verdict.FAIL),
        (("wro",), Verdict.FAIL),
        (("wrong /a",), Verdict.FAIL),
        (("other /*",), Verdict.FAIL),
    ],
)
def test_a_waiver_of_fields_excuses_nothing_else(fields, verdict):
    waivers = {"made.fields-are-right": Waiver("it is documented", fields)}

    assert rulings(["wrong"], waivers=waivers)["fields-are-right"].verdict is verdict
    assert rulings(["fine"], waivers=waivers)["fields-are-right"].verdict is Verdict.PASS


def test_a_refused_connection_has_no_evidence_but_verdicts():
    assert rulings()["nothing-is-bad"].verdict is Verdict.UNPROVEN


def test_the_dialect_is_taken_from_the_note_then_from_the_events():
    beta = Entry(0, Direction.SERVER, event={"type": "session.created", "session": {"modalities": ["text"]}})

    assert dialect_of(Trace(dialect="beta")) == "beta"
    assert dialect_of(Trace((beta,))) == "beta"
    assert dialect_of(Trace()) == "ga"


def test_a_conversation_is_named_by_scenario_and_style():
    assert (key_of("a/b", ""), key_of("a/b", "bearer")) == ("a/b", "a/b@bearer")


def judged(*events):
    trace = Trace(tuple(Entry(n, Direction.SERVER, 0.0, event) for n, event in enumerate(events)), "ga")
    conversation = Conversation(Scenario("a/b", "t", ()), "", (trace,), Outcome.PLAYED)
    return judge_conversation(conversation, RULES.values())


@pytest.mark.parametrize(
    ("item", "cause"),
    [(None, "envelope.fits-its-schema"), ("item_1", "")],
)
def test_events_that_do_not_say_what_they_are_about_explain_what_they_could_not_show(item, cause):
    place = {"response_id": "resp_1", "item_id": item, "output_index": 0, "content_index": 0}
    heard = judged(
        {"type": "response.created", "event_id": "e1", "response": {"id": "resp_1", "status": "in_progress"}},
        {"type": "response.output_text.delta", "event_id": "e2", **place, "delta": "Good"},
    )

    assert heard.cause("deltas.text-is-made-of-its-deltas") == cause
    assert heard.cause("items.ids-are-unique") == ""
