"""What a run sent and saw of a revision's events, and what it says of the rest."""

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.untestable import UNPLAYED
from conformance.mutants.rehearsal import rehearse
from conformance.rules.engine.judge import Verdict
from conformance.run.event_coverage import coverage_of, events_in
from conformance.run.record import EventTypes, FindingRecord, RuleRecord
from conformance.trace.trace import Direction, Entry, Trace
from tests.records import record as a_record
from tests.records import result


def record(sent=(), seen=()):
    return a_record("talk", events=EventTypes(tuple(sent), tuple(seen)))


def everything(dialect):
    spoken = DIALECTS[dialect]
    return record(spoken.client_events - UNPLAYED[dialect].keys(), spoken.server_events - UNPLAYED[dialect].keys())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whatever_can_be_played_was_played(dialect):
    coverage = coverage_of([everything(dialect)], DIALECTS[dialect])

    assert (coverage.unsent, coverage.unseen) == (set(), set())
    assert coverage.unplayed == UNPLAYED[dialect]


def test_what_nobody_said_is_named():
    full = everything("ga")
    sent, seen = {*full.events.sent} - {"response.cancel"}, {*full.events.seen} - {"rate_limits.updated"}
    coverage = coverage_of([record(sent, seen)], DIALECTS["ga"])

    assert (coverage.unsent, coverage.unseen) == ({"response.cancel"}, {"rate_limits.updated"})


def test_conversations_add_up():
    coverage = coverage_of(
        [record(["session.update"], ["session.updated"]), record(["response.create"])], DIALECTS["ga"]
    )

    assert coverage.sent == {"session.update", "response.create"}
    assert coverage.seen == {"session.updated"}


def test_what_cannot_be_played_counts_where_an_endpoint_says_it_nevertheless():
    coverage = coverage_of([record(seen=["conversation.created"])], DIALECTS["ga"])

    assert "conversation.created" in coverage.seen
    assert "conversation.created" not in coverage.unplayed


def test_a_conversation_knows_what_was_said_in_it():
    told = events_in(rehearse("response/text_turn", "beta").traces)

    assert {"session.update", "response.create"} <= set(told.sent)
    assert {"session.created", "response.text.delta", "response.done"} <= set(told.seen)


def test_types_that_no_revision_knows_are_not_kept():
    nonsense = Entry(0, Direction.SERVER, event={"type": "x" * 1000})

    assert events_in([Trace(entries=(nonsense,))]).seen == ()


def failing(*rules, expected="error"):
    found = (FindingRecord("It was accepted.", expected, "nothing", ""),)
    return {rule: RuleRecord(Verdict.FAIL, findings=found) for rule in rules}


REFUSED = ("errors.unknown-types-are-refused", "errors.a-missing-type-is-refused", "items.a-duplicate-id-is-refused")
TALK = {"events": EventTypes(("session.update",), ("session.created",))}


def test_an_event_that_never_came_is_told_as_the_one_cause_of_many_findings():
    told = failing(*REFUSED) | failing("usage.sums-up", expected="3")

    run = result(a_record("talk", told, **TALK))

    assert run.notes == ("3 of the broken requirements ask for `error`, which never came: one cause for all",)


@pytest.mark.parametrize(
    ("rules", "seen"), [(REFUSED[:2], ("session.created",)), (REFUSED, ("error",))], ids=["few", "it came"]
)
def test_no_cause_is_told_of_a_few_findings_or_of_an_event_that_came(rules, seen):
    assert result(a_record("talk", failing(*rules), events=EventTypes(("session.update",), seen))).notes == ()
