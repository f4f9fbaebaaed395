from conformance.play.player import Conversation, Outcome
from conformance.report.dedup import Dedup
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Finding
from conformance.run.ruling import LocatedFinding, Ruling
from conformance.scenario.model import Scenario
from conformance.scenario.step import Step
from conformance.trace.trace import Direction, Entry, Trace

TRACE = Trace((Entry(0, Direction.SERVER, 0.1, {"type": "response.done"}),))


def ruling(rule, *messages):
    return Ruling(RULES[rule], Verdict.FAIL, tuple(LocatedFinding(Finding(0, each), TRACE) for each in messages))


def stopped(name, message, actual=""):
    step = Step("commit", line=7)
    return Conversation(Scenario(name, name, ()), "", (TRACE,), Outcome.STOPPED, message, "an error", actual, step)


LAST, ONCE = "ordering.response-done-is-last", "ordering.response-done-comes-once"


def test_a_rule_is_told_in_full_once_and_then_in_brief():
    telling = Dedup()

    whole = telling.finding(ruling(LAST, "It came late."), "a/b", "a/b.yaml::x", "pytest a")
    brief = telling.finding(ruling(LAST, "It came later.", "And later."), "a/c", "a/c.yaml::x", "pytest c")

    assert "  reproduce:" in whole.splitlines()
    assert brief.splitlines()[0].startswith("MUST Nothing that belongs")
    assert brief.splitlines()[-2:] == ["  It came later. (and 1 more)", "  reported in full at a/b.yaml::x"]
    assert "again:" not in brief


def test_another_rule_is_told_in_full():
    telling = Dedup()
    telling.finding(ruling(LAST, "It came late."), "a/b", "a/b.yaml::x", "pytest a")

    assert "  reproduce:" in telling.finding(ruling(ONCE, "Twice."), "a/c", "a/c.yaml::x", "pytest c").splitlines()


def test_an_item_that_is_asked_twice_tells_the_same():
    telling = Dedup()

    texts = {telling.finding(ruling(LAST, "It came late."), "a/b", "a/b.yaml::x", "pytest a") for _ in range(2)}

    assert len(texts) == 1


def test_the_same_reason_to_stop_is_told_in_full_once():
    telling = Dedup()

    whole = telling.stopped(stopped("a/b", "commit was accepted"), "a/b", "a/b.yaml::plays", "pytest a")
    brief = telling.stopped(stopped("a/c", "commit was accepted"), "a/c", "a/c.yaml::plays", "pytest c")
    other = telling.stopped(stopped("a/d", "error never came"), "a/d", "a/d.yaml::plays", "pytest d")

    assert "  the end of a/b:" in whole.splitlines()
    assert brief.splitlines()[-2:] == ["  commit, line 7", "  reported in full at a/b.yaml::plays"]
    assert "  the end of a/d:" in other.splitlines()


def test_everything_is_told_in_full_where_that_is_asked_for():
    telling = Dedup(always=True)
    for node in ("a/b.yaml::x", "a/c.yaml::x"):
        assert "  reproduce:" in telling.finding(ruling(LAST, "It came late."), "a/b", node, "pytest a").splitlines()
