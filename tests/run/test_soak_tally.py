"""What many conversations at once come to: counts, times by load, and the gravest that a rule said of any."""

import pytest

from conformance.run.budget import Spent
from conformance.run.soak_tally import Leak, SoakTally, graver
from conformance.trace.trace import Direction, Entry, Trace
from tests.records import record

RULE, OTHER = "ordering.response-done-is-last", "usage.completed-has-usage"


def tally(alone, **told):
    return SoakTally(8, alone={"text": alone}, **told)


def test_every_frame_is_counted_by_its_direction_and_type():
    counted = SoakTally(1)
    entries = (Entry(0, Direction.CLIENT, event={"type": "a"}), Entry(1, Direction.SERVER, event={"type": "a"}))

    counted.count([Trace(entries), Trace(entries[1:])])

    assert (counted.sent, counted.received) == ({"a": 1}, {"a": 2})


def test_times_are_told_by_the_height_of_the_load_at_which_a_conversation_began():
    timed = SoakTally(8)
    for load, seconds in ((1, 0.1), (4, 0.2), (8, 0.3), (20, 0.4)):
        timed.time({"response_done": (seconds,)}, load)

    assert timed.percentiles("response_done", 1)["p50"] == pytest.approx(0.1)
    assert timed.percentiles("response_done", 4)["p50"] == pytest.approx(0.35)
    assert timed.percentiles("response_done", 3)["p50"] is None
    assert timed.as_data()["latency"]["response_done"]["all"]["p50"] == pytest.approx(0.25)


def test_a_verdict_differs_only_where_it_is_worse_than_alone():
    told = tally(record("alone", {RULE: "warning", OTHER: "pass"}))

    assert not told.add("text", record("a", {RULE: "fail", OTHER: "pass"}))
    assert told.add("text", record("b", {RULE: "pass", OTHER: "fail"}))
    assert told.add("text", record("c", outcome="stopped"))
    assert told.differing == {OTHER: 1, "plays": 1}
    assert told.outcomes == {"played": 2, "stopped": 1}


def test_a_conversation_that_stops_alone_too_is_no_difference():
    told = tally(record("alone", outcome="stopped"))

    assert not told.add("text", record("a", outcome="stopped"))
    assert told.kept_apart


def test_of_each_rule_the_gravest_verdict_stays_and_costs_add_up():
    mild = record("a", {RULE: "pass", OTHER: "fail"}, spent=Spent(1))
    worse = record("b", {RULE: "fail", OTHER: "pass"}, "stopped", spent=Spent(2))

    for kept in (graver(mild, worse), graver(worse, mild)):
        assert (kept.conversation, str(kept.outcome)) == ("b", "stopped")
        assert {name: str(each.verdict) for name, each in kept.rules.items()} == {RULE: "fail", OTHER: "fail"}
        assert kept.spent == Spent(3)


def test_what_the_environment_kept_from_being_played_says_nothing_of_a_kind():
    kept = graver(record("a", outcome="environment"), record("b"))

    assert kept.conversation == "b"


def test_how_many_sessions_were_open_is_told_at_most_and_on_average():
    looked = SoakTally(4)
    assert looked.average_open == 0

    for number in (1, 4, 4):
        looked.look(number)

    assert (looked.most_open, looked.average_open) == (4, 3)


@pytest.mark.parametrize("shown", [{"leaks": [Leak("a", 3, "what belongs to b")]}, {"slots": "HTTP 429"}])
def test_a_leak_or_a_lost_slot_is_a_fault_of_the_load_whatever_the_rules_say(shown):
    assert not tally(record("alone"), **shown).kept_apart
