from datetime import date

import pytest

from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import Baseline, BaselineContext, BaselineEntry, Seen, review, seen_in
from conformance.run.record import FindingRecord, RuleRecord
from tests.records import record

RULE, OTHER = "usage.total-is-the-sum", "ordering.response-done-comes"
TALK = "usage/text_only"
TODAY = date(2026, 11, 21)


def entry(rule=RULE, scenario=TALK, **told):
    return BaselineEntry(rule, "https://issues.test/1", scenario, **told)


def failed(rule=RULE, conversation=TALK, message="The total is wrong.", outcome="fail"):
    return Seen(rule, conversation, outcome, (message,))


def passed(rule=RULE, conversation=TALK):
    return Seen(rule, conversation, "pass")


def compare(entries, seen, partial=False):
    baseline = Baseline(tuple(entries), TODAY)
    excused = [
        Seen(each.rule, each.conversation, each.outcome, each.messages,
             baseline.excuse(each.rule, each.conversation, each.outcome, each.messages) is not None)
        for each in seen
    ]  # fmt: skip
    return review(baseline, excused, partial=partial)


def test_a_listed_failure_is_known_and_green():
    found = compare([entry()], [failed()])

    assert [each.conversations for each in found.known] == [(TALK,)]
    assert not found.unlisted
    assert not found.red


def test_a_failure_that_is_not_listed_is_unlisted():
    assert compare([], [failed()]).unlisted == (failed(),)


def test_a_listed_failure_that_passes_is_stale():
    found = compare([entry()], [passed()])

    assert found.stale == (entry(),)
    assert found.red


def test_what_is_neither_listed_nor_broken_is_nothing():
    found = compare([], [passed()])

    assert (found.known, found.unlisted, found.red) == ((), (), False)


def test_another_message_is_another_failure():
    listed = entry(message="The total is missing")
    found = compare([listed], [failed()])

    assert found.other == ((listed, "The total is wrong."),)
    assert found.unlisted
    assert not found.stale


def test_a_message_is_compared_by_its_beginning():
    assert not compare([entry(message="The total")], [failed()]).red


def test_all_messages_of_a_failure_must_be_known_ones():
    two = Seen(RULE, TALK, "fail", ("The total is wrong.", "Something else."))

    assert compare([entry(message="The total")], [two]).unlisted
    assert not compare([entry(message="The total"), entry(message="Something")], [two]).unlisted


def test_an_expired_entry_excuses_nothing():
    listed = entry(expires=date(2026, 11, 20))
    found = compare([listed], [failed()])

    assert found.expired == (listed,)
    assert found.unlisted


def test_an_entry_holds_on_its_last_day():
    assert not compare([entry(expires=TODAY)], [failed()]).red


def test_an_entry_without_a_scenario_is_about_all_of_them():
    seen = [failed(), failed(conversation="response/text_turn"), passed(conversation="items/roles")]
    found = compare([entry(scenario="")], seen)

    assert found.known[0].conversations == (TALK, "response/text_turn")
    assert not found.red


def test_in_a_partial_run_an_entry_without_a_scenario_is_never_stale():
    assert compare([entry(scenario="")], [passed()], partial=True).stale == ()
    assert compare([entry(scenario="")], [passed()]).stale != ()


def test_what_was_not_judged_is_not_stale():
    assert not compare([entry()], [passed(rule=OTHER)]).red


def test_a_conversation_in_one_auth_style_is_part_of_its_scenario():
    assert not compare([entry(scenario="a/b")], [failed(conversation="a/b@bearer")]).unlisted
    assert compare([entry(scenario="a/b@bearer")], [failed(conversation="a/b@api-key")]).unlisted


def test_an_intermittent_is_never_stale_and_has_a_rate():
    listed = entry(scenario="", outcomes=("pass", "fail"))
    seen = [failed(conversation="x/1"), passed(conversation="x/2"), passed(conversation="x/3")]
    found = compare([listed], seen)

    assert (len(found.known[0].conversations), found.known[0].judged) == (1, 3)
    assert not compare([listed], [passed()]).red


def test_an_unproven_promise_is_no_failure_of_the_endpoint():
    unproven = Seen(RULE, TALK, "unproven")

    assert compare([entry()], [unproven]).unlisted == (unproven,)
    assert not compare([entry(outcomes=("unproven",))], [unproven]).unlisted


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"dialect": ("ga",)}, True),
        ({"dialect": ("beta",)}, False),
        ({"profile": ("azure", "openai")}, True),
        ({"feature": ("tools",)}, True),
        ({"feature": ("images",)}, False),
        ({"dialect": ("ga",), "profile": ("xai",)}, False),
    ],
)
def test_an_entry_counts_only_where_its_when_is_true(when, holds):
    here = BaselineContext("ga", "azure", frozenset({"tools"}))

    assert entry(when=when).applies(here) is holds


def test_an_endpoint_without_a_profile_claims_every_feature():
    assert entry(when={"feature": ("images",)}).applies(BaselineContext("ga"))


def test_a_record_tells_what_was_seen():
    rules = {RULE: RuleRecord(Verdict.FAIL, findings=(FindingRecord("Wrong."),)), OTHER: "not applicable"}
    seen = list(seen_in([record(TALK, rules, "stopped", message="It stopped.")], strict=False))

    assert seen == [Seen("plays", TALK, "fail", ("It stopped.",)), Seen(RULE, TALK, "fail", ("Wrong.",))]


def test_a_should_finding_counts_only_when_it_is_strict():
    told = record(TALK, {RULE: RuleRecord(Verdict.WARNING, findings=(FindingRecord("Odd."),))})

    assert next(each for each in seen_in([told], strict=False) if each.rule == RULE).excused
    assert not next(each for each in seen_in([told], strict=True) if each.rule == RULE).excused
