"""A run as its journal tells it: whole, cut in the middle, killed, and written by another version."""

import json
from dataclasses import replace

import pytest

from conformance.contract.profile import load_profile
from conformance.errors import UsageError
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import BaselineCount
from conformance.run.budget import Spent
from conformance.run.finished import GIVEN, finished
from conformance.run.journal import NAME, Journal, about, read
from conformance.run.outcome import Ending
from conformance.run.record import (
    AttemptRecord,
    ConversationRecord,
    EventTypes,
    FindingRecord,
    KnownFailure,
    RuleRecord,
)
from conformance.run.result import result_of
from conformance.scenario.cost import Tokens
from conformance.secrets import Scrubber
from tests.records import record, settings

RULE, KEY = "ordering.response-done-is-last", "sk-canary-0123456789abcdef"
FOUND = FindingRecord("It came twice.", "once", "twice", "/response", 7, 1, "a retry")
EVERYTHING = ConversationRecord(
    conversation="a@bearer",
    title="A title.",
    promises=(RULE,),
    questions=("plays",),
    outcome="stopped",
    message="It stopped.",
    script="found/a.yaml",
    step="await",
    expected="response.done",
    actual="nothing",
    seconds=1.5,
    traces=("traces/a.jsonl",),
    upstream_traces=("traces/a.upstream.jsonl",),
    facts=(("field", "usage"),),
    events=EventTypes(("response.create",), ("response.done",)),
    rules={RULE: RuleRecord(Verdict.KNOWN, 2, "why", (FOUND,), "plays", KnownFailure("#1", "fail"))},
    spent=Spent(2, Tokens(1, 2, 3, 4, 5, 6), 1.25, estimated=True),
    known="#1",
    cause="usage.completed-has-usage",
    attempts=(AttemptRecord("environment", "HTTP 429", (RULE,), ("traces/a~2.jsonl",)),),
    flaky=True,
)


@pytest.fixture
def reports(tmp_path):
    """A folder whose journal is whole: two conversations, and a clean end."""
    told = settings(reports=tmp_path, scrub=Scrubber((KEY,)), strict=True)
    journal = Journal(tmp_path, told.scrub)
    journal.begin(about(replace(told, target=replace(told.target, key=KEY, model="m")), ["report.json"]))
    journal.add(EVERYTHING)
    journal.add(record("b", {RULE: "pass"}, message=f"said {KEY}"))
    journal.finish(0, result_of({}, told, ending=Ending(selection=True), baseline=BaselineCount(known=1)))
    return tmp_path


def test_a_record_comes_back_as_it_was_written(reports):
    told = read(reports).records["a@bearer"]

    assert told.as_data() == EVERYTHING.as_data()
    assert told == ConversationRecord.from_data(EVERYTHING.as_data())


def test_a_key_never_reaches_the_journal(reports):
    assert KEY not in (reports / NAME).read_text(encoding="utf-8")


def test_a_run_that_is_over_is_the_same_result_again(reports):
    told = finished(reports)

    assert set(told.conversations) == {"a@bearer", "b"}
    assert told.ending == Ending(selection=True)
    assert (told.settings.strict, told.settings.target.model, told.settings.target.key) == (True, "m", GIVEN)


def test_the_profile_is_found_again_by_its_name_and_a_run_outlives_it(tmp_path):
    for name, found in (("openai", "openai"), ("gone-since", None)):
        profile = replace(load_profile("openai"), name=name)
        journal = Journal(tmp_path, Scrubber())
        journal.begin(about(settings(profile=profile)))
        journal.finish(0, result_of({}, settings()))

        read_again = finished(tmp_path).settings.profile
        assert (read_again.name if read_again is not None else None) == found


def test_a_run_that_was_killed_tells_what_was_over_and_is_no_finished_one(reports):
    whole = (reports / NAME).read_bytes().splitlines(keepends=True)
    (reports / NAME).write_bytes(b"".join(whole[:2]) + whole[2][:40])

    told = read(reports)

    assert [*told.records] == ["a@bearer"]
    assert (told.status, told.ending.interrupted) == (None, True)
    with pytest.raises(UsageError, match="did not come to its end"):
        finished(reports)


def test_a_folder_without_a_run_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"verdicts\.jsonl: No such file"):
        read(tmp_path)


@pytest.mark.parametrize(
    "strange",
    [
        {"record": {"conversation": "c"}},
        {"record": "c"},
        {"record": {**EVERYTHING.as_data(), "rules": []}},
        {"record": {**EVERYTHING.as_data(), "spent": None}},
        {"record": {**EVERYTHING.as_data(), "outcome": "perhaps"}},
        {"status": 0, "ending": {"unheard_of": True}},
        {"status": 0, "ending": None},
        {"status": "0"},
        ["a", "list"],
        {},
    ],
)
def test_a_line_of_another_version_is_passed_over(tmp_path, strange):
    (tmp_path / NAME).write_text(json.dumps(strange) + "\n")

    told = read(tmp_path)

    assert (told.records, told.status) == ({}, None)


def test_a_new_run_forgets_the_journal_of_the_last_one(reports):
    Journal(reports, Scrubber()).begin(about(settings()))

    assert read(reports).records == {}
