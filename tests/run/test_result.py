import pytest

from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.run.result import sum_up

MUST = "ordering.response-done-is-last"
SHOULD = "ordering.output-item-is-added-before-it-joins"


def run(*records, **how):
    return sum_up({each["conversation"]: each for each in records}, **how)


def said(name, verdicts, outcome="played", questions=("plays",)):
    rules = {rule: {"verdict": verdict} for rule, verdict in verdicts.items()}
    return {
        "conversation": name,
        "outcome": outcome,
        "message": "m",
        "questions": [*questions],
        "rules": rules,
        "facts": [],
        "events": {"sent": [], "seen": []},
    }


def test_each_rule_stands_once_with_its_conversations():
    summed = run(said("a", {MUST: "pass"}), said("b", {MUST: "fail"}), said("c", {MUST: "pass"}))

    line = next(each for each in summed.lines if each.rule.id == MUST)
    assert len(summed.lines) == len(RULES)
    assert line.verdict is Verdict.FAIL
    assert line.conversations == {Verdict.PASS: ("a", "c"), Verdict.FAIL: ("b",)}


def test_a_rule_proved_anywhere_is_not_unproven():
    assert run(said("a", {MUST: "unproven"}), said("b", {MUST: "pass"})).conformant


@pytest.mark.parametrize(
    ("verdicts", "how", "conformant", "told"),
    [
        (
            {MUST: "pass", SHOULD: "pass"},
            {},
            True,
            "conformant: 1 MUST and 1 SHOULD requirement proved over 1 conversation",
        ),
        ({MUST: "fail"}, {}, False, "NOT conformant: 1 MUST requirement broken (over 1 conversation)"),
        ({SHOULD: "warning"}, {}, True, "; 1 SHOULD requirement not kept"),
        ({SHOULD: "warning"}, {"strict": True}, False, "NOT conformant: 1 SHOULD requirement not kept"),
        ({MUST: "unproven"}, {}, False, "not proved: 1 promised requirement unproven"),
        ({MUST: "unproven"}, {"allow_unproven": True}, True, "conformant: 0 MUST"),
        ({MUST: "error"}, {}, False, "not proved: 1 requirement not judged (our bug)"),
        ({MUST: "pass"}, {"partial": True}, True, "conformant: in what was selected, 1 MUST"),
    ],
)
def test_the_verdict_is_one_sentence(verdicts, how, conformant, told):
    summed = run(said("a", verdicts), **how)

    assert summed.conformant is conformant
    assert told in summed.sentence


def test_a_stopped_conversation_counts_if_somebody_asked():
    assert not run(said("a", {}, "unmet")).conformant
    assert run(said("a", {}, "unmet", questions=(MUST,))).conformant


def test_the_environment_is_nobodys_guilt_and_no_pass():
    summed = run(said("a", {}, "environment"))

    assert not summed.conformant
    assert summed.sentence.startswith("not proved: 1 conversation not judged")


def test_what_is_not_applicable_is_not_counted_as_played():
    assert run(said("a", {MUST: "not applicable"}, "not applicable")).played == 0
