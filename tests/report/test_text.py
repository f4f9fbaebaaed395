import pytest

from conformance.play.player import Conversation, Outcome
from conformance.report.text import bug_of, finding_text, several, stopped_text
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Finding
from conformance.run.ruling import LocatedFinding, Ruling
from conformance.scenario.model import Scenario
from conformance.scenario.step import Step
from conformance.trace.trace import Direction, Entry, Trace

RULE = RULES["ordering.response-done-is-last"]
TRACE = Trace((Entry(0, Direction.SERVER, 0.1, {"type": "response.done"}),))


def ruling(*findings):
    return Ruling(RULE, Verdict.FAIL, tuple(LocatedFinding(each, TRACE) for each in findings))


def test_a_finding_tells_requirement_source_difference_place_and_repetition():
    finding = Finding(0, "It came twice.", expected="once", actual="twice", path="/response/id")

    lines = finding_text(ruling(finding), "response/text_turn", "pytest x").splitlines()

    assert lines[0].startswith(f"MUST {RULE.sentence[:30]}")
    assert f"  rule  {RULE.id}" in lines
    assert f"  spec  {RULE.spec}" in lines
    assert "  It came twice. (at /response/id)" in lines
    assert "  expected  once" in lines
    assert "  actual    twice" in lines
    assert any(line.startswith(">    0    0.100 ← response.done") for line in lines)
    assert lines[-2:] == ["  reproduce:", "    pytest x"]


@pytest.mark.parametrize(
    ("message", "path", "told"),
    [
        ("It breaks its schema at /session/type (required).", "/session/type", ""),
        ("It breaks its schema at /session/type.", "/session/type", ""),
        ("It breaks its schema at /session/types.", "/session/type", " (at /session/type)"),
        ("It breaks its schema at /session/type.", "/session", " (at /session)"),
        ("It breaks its schema.", "", ""),
    ],
)
def test_a_place_is_told_where_the_message_does_not_name_it(message, path, told):
    text = finding_text(ruling(Finding(0, message, path=path)), "x")

    assert f"  {message}{told}\n" in text


def test_many_findings_are_counted_not_shown():
    text = finding_text(ruling(*(Finding(0, f"Number {number}.") for number in range(7))), "x")

    assert text.count("  in x:") == 3
    assert "… and 4 more" in text


def test_those_that_are_shown_are_at_different_places_and_the_other_places_are_named():
    paths = ["/session/type"] * 4 + ["/item/content/0/text", "/item/content/1/text", "/item/id", "", "/x/y", "/x/z"]
    findings = [Finding(0, f"Number {number}.", path=path) for number, path in enumerate(paths)]

    text = finding_text(ruling(*findings), "x")

    assert [number for number in range(len(paths)) if f"Number {number}." in text] == [0, 4, 6]
    assert "  … and 7 more, also at /x/y, /x/z" in text


def test_two_findings_at_one_place_are_both_shown():
    text = finding_text(ruling(*(Finding(0, f"Number {number}.", path="/a") for number in range(2))), "x")

    assert "Number 0." in text
    assert "Number 1." in text


def test_a_stopped_conversation_names_the_step_and_its_line(tmp_path):
    scenario = Scenario("a/b", "It stops.", (), path=tmp_path / "b.yaml")
    conversation = Conversation(
        scenario,
        "",
        (TRACE,),
        Outcome.STOPPED,
        "response.done never came",
        "response.done",
        "nothing",
        Step("await", line=7),
    )

    text = stopped_text(conversation, "a/b")

    assert "response.done never came" in text
    assert "step  await   (b.yaml, line 7)" in text
    assert "  expected  response.done" in text


def test_a_conversation_that_does_not_end_well_stopped_behind_its_script():
    conversation = Conversation(Scenario("a/b", "t", ()), "", (), Outcome.STOPPED, "The barrier was not answered")

    text = stopped_text(conversation, "a/b", "pytest x")

    assert "  step  the barrier and the close that end every conversation" in text
    assert text.endswith("  reproduce:\n    pytest x")


def test_a_step_without_a_file_has_no_line():
    conversation = Conversation(Scenario("a/b", "t", ()), "", (), Outcome.STOPPED, "m", step=Step("await", line=7))

    assert "step" not in stopped_text(conversation, "a/b")


def test_a_finding_on_a_later_connection_says_so_and_gives_its_hint():
    finding = Finding(0, "It came twice.", hint="a retry in the gateway")
    located = LocatedFinding(finding, TRACE, connection=1)

    lines = finding_text(Ruling(RULE, Verdict.FAIL, (located,)), "x").splitlines()

    assert "  in connection 2 of x:" in lines
    assert "  hint      a retry in the gateway" in lines


def test_several_texts_are_kept_apart():
    above, line, below = several(["a", "b"]).splitlines()

    assert (above, below, set(line)) == ("a", "b", {"─"})


def test_a_rule_that_crashes_is_the_bug_of_whoever_wrote_it():
    assert "This is a bug in realtime-conformance, not in the endpoint" in bug_of("")
    assert "a bug in the rules of acme" in bug_of("acme")
