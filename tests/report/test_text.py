from conformance.play.player import Conversation, Outcome
from conformance.report.text import finding_text, stopped_text
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


def test_many_findings_are_counted_not_shown():
    text = finding_text(ruling(*(Finding(0, f"Number {number}.") for number in range(7))), "x")

    assert text.count("  in x:") == 3
    assert "… and 4 more" in text


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
