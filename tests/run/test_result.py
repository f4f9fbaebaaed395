import pytest

from conformance.report.sentence import sentence_of
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.run.outcome import Ending, ExitStatus, RunOutcome
from conformance.run.record import KnownFailure, RuleRecord
from tests.records import record, result

MUST = "ordering.response-done-is-last"
SHOULD = "ordering.output-item-is-added-before-it-joins"


def test_each_rule_stands_once_with_its_conversations():
    summed = result(record("a", {MUST: "pass"}), record("b", {MUST: "fail"}), record("c", {MUST: "pass"})).rules

    line = next(each for each in summed.lines if each.rule.id == MUST)
    assert len(summed.lines) == len(RULES)
    assert line.verdict is Verdict.FAIL
    assert line.conversations == {Verdict.PASS: ("a", "c"), Verdict.FAIL: ("b",)}


def test_a_rule_proved_anywhere_is_not_unproven():
    assert result(record("a", {MUST: "unproven"}), record("b", {MUST: "pass"})).outcome is RunOutcome.CONFORMANT


def test_a_promise_that_one_conversation_keeps_is_proved_and_the_others_are_told():
    broken_word, kept = record("a", {MUST: "unproven"}, promises=(MUST,)), record("b", {MUST: "pass"}, promises=(MUST,))

    told, strict = result(broken_word, kept), result(broken_word, kept, strict=True)

    assert told.outcome is RunOutcome.CONFORMANT
    assert "1 requirement proved, but not by every conversation that promised it" in sentence_of(told)
    assert strict.outcome is RunOutcome.NOT_PROVED
    assert [each.rule.id for each in strict.rules.unmet] == [MUST]


def test_a_promise_that_nobody_keeps_counts_though_a_conversation_showed_the_rule_by_the_way():
    told = result(record("a", {MUST: "unproven"}, promises=(MUST,)), record("b", {MUST: "pass"}))

    assert told.outcome is RunOutcome.NOT_PROVED
    assert [each.rule.id for each in told.rules.unmet] == [MUST]


@pytest.mark.parametrize(
    ("verdicts", "how", "outcome", "told"),
    [
        (
            {MUST: "pass", SHOULD: "pass"},
            {},
            "conformant",
            "conformant: 1 MUST and 1 SHOULD requirement proved over 1 conversation",
        ),
        ({MUST: "fail"}, {}, "not conformant", "NOT conformant: 1 MUST requirement broken (over 1 conversation)"),
        ({SHOULD: "warning"}, {}, "conformant", "; 1 SHOULD requirement not kept"),
        ({SHOULD: "warning"}, {"strict": True}, "not conformant", "NOT conformant: 1 SHOULD requirement not kept"),
        ({MUST: "unproven"}, {}, "not proved", "not proved: 1 promised requirement unproven"),
        ({MUST: "unproven"}, {"allow_unproven": True}, "conformant", "conformant: 0 MUST"),
        ({SHOULD: "unproven"}, {}, "conformant", "1 promised requirement unproven, which does not count"),
        ({SHOULD: "unproven"}, {"strict": True}, "not proved", "not proved: 1 promised requirement unproven"),
        ({MUST: "inconclusive"}, {}, "conformant", "conformant: 0 MUST"),
        ({MUST: "inconclusive"}, {"strict_evidence": True}, "not proved", "1 promised requirement inconclusive"),
        ({MUST: "error"}, {}, "not proved", "not proved: 1 requirement not judged because of an internal error"),
        ({MUST: "pass"}, {"ending": Ending(selection=True)}, "incomplete", "incomplete (a selection): nothing broken"),
        ({MUST: "fail"}, {"ending": Ending(interrupted=True)}, "not conformant", "1 MUST requirement broken"),
        (
            {MUST: "pass"},
            {"ending": Ending(interrupted=True)},
            "incomplete",
            "incomplete (interrupted): nothing broken",
        ),
    ],
)
def test_the_verdict_is_one_sentence_that_begins_with_the_outcome(verdicts, how, outcome, told):
    summed = result(record("a", verdicts), **how)

    assert summed.outcome == outcome
    assert told in sentence_of(summed)
    assert sentence_of(summed).lower().startswith(outcome)


def test_a_stopped_conversation_counts_if_somebody_asked():
    assert result(record("a", {}, "stopped")).outcome is RunOutcome.NOT_CONFORMANT
    assert result(record("a", {MUST: "pass"}, "stopped", questions=(MUST,))).outcome is RunOutcome.CONFORMANT


def test_a_stop_that_a_should_finding_explains_only_warns():
    stopped = record("a", {SHOULD: "warning"}, "stopped", cause=SHOULD)

    assert result(stopped).outcome is RunOutcome.CONFORMANT
    assert result(stopped, strict=True).outcome is RunOutcome.NOT_CONFORMANT


def test_what_a_finding_explains_is_told_under_it_and_counts_no_more():
    rules = {SHOULD: "warning", MUST: RuleRecord(Verdict.UNPROVEN, cause=SHOULD)}
    summed = result(record("a", rules))

    assert summed.outcome is RunOutcome.CONFORMANT
    assert [each.rule.id for each in summed.rules.consequences[SHOULD]] == [MUST]


def test_the_environment_is_nobodys_guilt_and_no_pass():
    summed = result(record("a", {}, "environment"), record("b", {MUST: "pass"}))

    assert summed.outcome is RunOutcome.NOT_PROVED
    assert sentence_of(summed).startswith("not proved: 1 conversation not judged")


def test_a_run_in_which_the_environment_got_in_the_way_of_everything_judged_nothing():
    summed = result(record("a", {}, "environment"))

    assert (summed.outcome, summed.status) == (RunOutcome.NOTHING_JUDGED, ExitStatus.UNREACHABLE)


@pytest.mark.parametrize(
    ("records", "ending", "status", "told"),
    [
        ((), Ending(unreachable="refused"), 6, "nothing judged: the endpoint is not ready"),
        ((), Ending(interrupted=True), 2, "nothing judged: interrupted"),
        ((), Ending(misused=True), 4, "nothing judged: a scenario is broken"),
        ((), Ending(exhausted="--max-time=1"), 7, "nothing judged: the budget"),
        ((record("a", {}, "not applicable"),), Ending(), 5, "nothing judged: nothing that was selected applies"),
        ((record("a", {}, "not run"),), Ending(exhausted="--max-time=1"), 7, "nothing judged: the budget"),
    ],
)
def test_where_nothing_was_judged_nothing_is_said_of_the_endpoint(records, ending, status, told):
    summed = result(*records, ending=ending)

    assert summed.outcome is RunOutcome.NOTHING_JUDGED
    assert summed.status == status
    assert sentence_of(summed).startswith(told)


def test_known_failures_are_no_conformance_and_no_regression():
    known = RuleRecord(Verdict.KNOWN, known=KnownFailure("#1", "fail"))
    summed = result(record("a", {MUST: known}))

    assert (summed.outcome, summed.status) == (RunOutcome.NO_REGRESSION, ExitStatus.CLEAN)
    assert sentence_of(summed).startswith("no regression: 1 known failure")


def test_what_is_not_applicable_is_not_counted_as_played():
    assert result(record("a", {MUST: "not applicable"}, "not applicable")).played == 0


def test_a_mistake_of_ours_is_ours_even_where_nothing_was_judged():
    summed = result(record("a", {}, "error"), ending=Ending(crashed=True))

    assert (summed.outcome, summed.status) == (RunOutcome.NOTHING_JUDGED, ExitStatus.INTERNAL)


def test_a_run_in_which_the_model_did_little_is_not_called_conformant():
    idle = [record(name, {MUST: "inconclusive"}, "inconclusive") for name in "abc"]

    summed = result(record("d", {MUST: "pass"}), *idle)

    assert summed.outcome is RunOutcome.NOT_PROVED
    assert sentence_of(summed).startswith("not proved: 3 conversations inconclusive, more than half")
    assert result(record("d", {MUST: "pass"}), idle[0]).outcome is RunOutcome.CONFORMANT


def test_a_run_that_only_repeated_itself_does_not_speak_of_a_budget():
    silent = "6 conversations in a row had ended the same way (nothing came)"

    summed = result(record("a", {MUST: "pass"}), record("b", {}, "not run"), ending=Ending(exhausted=silent))

    assert summed.outcome is RunOutcome.INCOMPLETE
    assert "1 conversation not run because they would end the same way again" in sentence_of(summed)
    assert "budget" not in sentence_of(summed)
    nothing = sentence_of(result(record("a", {}, "environment"), ending=Ending(exhausted=silent)))
    assert nothing == "nothing judged: the first conversations all ended the same way"


def test_a_soak_says_how_many_conversations_it_judged():
    summed = result(record("soak/text", {MUST: "pass"}), ending=Ending(selection=True, soak=740))

    assert sentence_of(summed).startswith("incomplete (a soak, which is not the suite): nothing broken")
    assert "over 740 conversations" in sentence_of(summed)
