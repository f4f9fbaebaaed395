"""The baseline beside what really happened, and what was played again: sections of the terminal's summary."""

from datetime import date

from conformance.play.player import Outcome
from conformance.report.baseline import MOST_SHOWN, baseline_section, repetitions_section
from conformance.run.baseline import BaselineEntry, Known, Review, Seen
from conformance.run.record import AttemptRecord
from tests.records import record
from tests.report.kept_lines import KeptLines

RULE, ISSUE = "ordering.response-done-is-last", "https://x.test/7"
ENTRY = BaselineEntry(RULE, ISSUE, where="known.yaml:12")
AT = "the entry in line 12 of known.yaml"


def told(**review):
    screen = KeptLines()
    baseline_section(screen, Review(**review), "known.yaml")
    assert max(map(len, screen.lines)) <= 80
    return "\n".join(screen.lines)


def joined(text):
    return " ".join(text.split())


def test_a_baseline_of_which_nothing_was_met_says_so():
    assert told() == "baseline known.yaml\nNo listed failure occurred, and nothing else failed."


def test_a_known_failure_is_told_with_its_issue_and_where_it_was_met():
    wide = joined(told(known=(Known(ENTRY, ("a", "b"), 2),)))
    narrow = BaselineEntry(RULE, ISSUE, scenario="a")

    assert f"known {RULE}: {ISSUE}: in 2 conversations" in wide
    assert joined(told(known=(Known(narrow, ("a",), 2),))).endswith(f"known {RULE} in a: {ISSUE}")
    assert joined(told(known=(Known(ENTRY, ("",), 1),))).endswith(f"known {RULE}: {ISSUE}")


def test_an_intermittent_failure_is_told_with_its_rate():
    sometimes = BaselineEntry(RULE, ISSUE, outcomes=("fail", "pass"))

    assert f"sometimes {RULE}: {ISSUE}: failed in 1 of 4 (25%)" in joined(told(known=(Known(sometimes, ("a",), 4),)))


def test_what_has_to_be_edited_is_told_with_its_line():
    lines = joined(told(stale=(ENTRY,), other=((ENTRY, "another message"),)))
    over = BaselineEntry(RULE, ISSUE, expires=date(2026, 1, 1), where="known.yaml:12")

    assert f"fixed {RULE} passes now. Delete {AT}." in lines
    assert f"different {RULE} fails with a message that differs from {AT}: another message" in lines
    assert f"expired {RULE} was accepted until 2026-01-01 ({ISSUE}). Edit {AT}." in joined(told(expired=(over,)))


def test_failures_that_are_not_listed_are_told_once_for_each_rule():
    seen = (Seen(RULE, "a", "fail", ("It came.",)), Seen(RULE, "b", "fail"), Seen("field usage", "", "unproven"))

    lines = joined(told(unlisted=seen))

    assert f"not listed {RULE} in a and 1 more conversation: It came." in lines
    assert "not listed field usage: unproven" in lines


def test_of_very_many_failures_the_first_are_told_and_the_others_counted():
    seen = tuple(Seen(f"rule.{number}", "a", "fail") for number in range(MOST_SHOWN + 3))

    lines = told(unlisted=seen)

    assert lines.count("not listed rule.") == MOST_SHOWN
    assert "… and 3 more rules not listed" in lines


def repeated(*records, strict=False):
    screen = KeptLines()
    repetitions_section(screen, records, strict=strict)
    return screen


def test_a_run_without_repetitions_says_nothing_of_them():
    assert repeated(record("a")).lines == []


def test_what_was_played_again_is_told_with_the_reason_of_each_attempt():
    limited = AttemptRecord(Outcome.ENVIRONMENT, "HTTP 429")
    broken = AttemptRecord(Outcome.PLAYED, "", (RULE,))
    flaky = record("a", attempts=(broken,), flaky=True)
    again = record("b", attempts=(limited,))
    failed = record("c", {RULE: "fail"}, attempts=(limited,))

    told = repeated(flaky, again, failed)
    title, *lines = told.lines
    text = joined(" ".join(lines))

    assert title == "played again"
    assert RULE in text
    assert "again b: attempt 1: " in text
    assert "HTTP 429; attempt 2: fine" in text
    assert "again c: attempt 1: " in text
    assert not text.endswith("fine")
    assert {*told.markup[1:]} == {("yellow",)}
    assert {*repeated(flaky, strict=True).markup[1:]} == {("red",)}


def test_what_was_played_again_for_one_reason_is_told_once():
    lost = tuple(AttemptRecord(Outcome.ENVIRONMENT, "Connection refused") for _ in range(2))
    gone = [record(f"a/{each}", outcome="environment", message="Connection refused", attempts=lost) for each in "bcdef"]
    flaky = [record(f"f/{each}", attempts=(AttemptRecord(Outcome.PLAYED, "", (RULE,)),), flaky=True) for each in "ghij"]

    text = joined(" ".join(repeated(*gone, *flaky).lines))

    assert text.count("Connection refused; attempt 2: Connection refused; attempt 3: Connection refused") == 1
    assert "again a/b, a/c, a/d and 2 more: attempt 1: " in text
    assert all(f"flaky f/{each}: attempt 1: " in text for each in "ghij")
