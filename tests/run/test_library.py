"""A whole run without pytest, against the embedded reference and against what is not there."""

import json
import socket
from datetime import date
from pathlib import Path

import pytest

from conformance.commands.serve import hooks_of
from conformance.contract.dialects import DIALECTS
from conformance.contract.profile import load_profile
from conformance.errors import ConformanceError
from conformance.mutants.omissions import omissions_of
from conformance.reference.server.server import Server
from conformance.run.baseline import Baseline, BaselineEntry
from conformance.run.budget import Limits
from conformance.run.library import judge, play
from conformance.run.outcome import ExitStatus, RunOutcome
from conformance.run.policy import Policy
from conformance.run.state import RunState
from conformance.scenario.load import loads
from tests.records import record, settings, whole_report

TALK = "response/text_turn"
LATE = "ordering.response-done-is-last"
KEY = "sk-a-key-of-the-tests-0123456789"


@pytest.fixture
def reports(tmp_path):
    return tmp_path / "reports"


@pytest.fixture
def faulty(listen):
    """Return `faulty(mutant) -> url`."""
    return lambda mutant: listen(Server(tokens=(KEY,), models=("gpt-realtime",), hooks=hooks_of(mutant))).url


def against(url, reports, *scenarios, **how):
    return play(url, key=KEY, model="gpt-realtime", dialect="ga", scenarios=scenarios or [TALK], reports=reports, **how)


def test_a_run_on_the_embedded_reference_proves_rules_and_leaves_traces(reports):
    result = play(scenarios=[TALK], reports=reports)

    assert (result.outcome, result.status) == (RunOutcome.INCOMPLETE, ExitStatus.CLEAN)
    assert result.played == 1
    assert (reports / result.conversations[TALK].traces[0]).is_file()
    last = json.loads((reports / "verdicts.jsonl").read_text().splitlines()[-1])
    assert last["status"] == 0


def test_a_scenario_in_every_auth_style_is_a_conversation_for_each(reports):
    result = play(scenarios=["connection/accepts_the_key"], reports=reports)

    assert {"connection/accepts_the_key@bearer", "connection/accepts_the_key@subprotocol"} <= {*result.conversations}


def test_an_endpoint_that_lacks_what_its_vendor_documents_is_not_proved_conformant(listen, reports):
    profile = load_profile("yuhuan")
    fact = next(each for each in profile.facts if str(each) == "session field model")

    def hooks(dialect):
        return omissions_of(fact)["not shown"](fact.name, DIALECTS[dialect]).spelled_for(DIALECTS[dialect])

    server = Server(tokens=(KEY,), features=profile.features, hooks=hooks)
    result = play(listen(server).url, key=KEY, model="gpt-realtime", profile="yuhuan", reports=reports)

    assert result.unshown == (fact,)
    assert result.status is ExitStatus.BROKEN


def test_a_fault_is_found_and_recorded_with_its_place(faulty, reports):
    result = against(faulty("delta-follows-its-response"), reports)

    told = result.conversations[TALK].rules[LATE]
    assert result.outcome is RunOutcome.NOT_CONFORMANT
    assert told.findings[0].entry > 0
    assert whole_report(result)["exit_status"] == 1


def test_a_known_failure_is_no_regression_and_no_conformance(faulty, reports):
    known = Policy(baseline=Baseline((BaselineEntry(LATE, "#1"),), date.min), file=reports.parent / "known.yaml")

    result = against(faulty("delta-follows-its-response"), reports, policy=known)

    assert result.baseline.known == 1
    assert not result.review.red
    assert result.status is ExitStatus.CLEAN


def test_a_baseline_is_written_where_the_whole_was_judged(faulty, reports, monkeypatch):
    monkeypatch.setattr("conformance.run.library.suite", lambda: frozenset({TALK}))
    file = reports.parent / "known.yaml"

    result = against(faulty("delta-follows-its-response"), reports, policy=Policy(file=file, update=True))

    assert LATE in file.read_text()
    assert (result.outcome, result.status) == (RunOutcome.NO_REGRESSION, ExitStatus.CLEAN)


def test_a_part_of_the_library_is_no_ground_for_a_baseline(faulty, reports):
    file = reports.parent / "known.yaml"

    result = against(faulty("delta-follows-its-response"), reports, policy=Policy(file=file, update=True))

    assert not file.exists()
    assert result.baseline.refused == "only a part was played"


def test_a_baseline_that_cannot_be_edited_stays_as_it_is_and_the_run_says_so(faulty, reports, monkeypatch):
    monkeypatch.setattr("conformance.run.library.suite", lambda: frozenset({TALK}))
    file = reports.parent / "known.yaml"
    file.write_text("known: [{rule: plays, issue: 1}]\n")

    result = against(faulty("delta-follows-its-response"), reports, policy=Policy(file=file, update=True))

    assert file.read_text() == "known: [{rule: plays, issue: 1}]\n"
    assert "known.yaml: each entry must be on lines of its own" in result.baseline.refused
    assert (result.baseline.written, result.status) == (False, ExitStatus.BROKEN)
    assert json.loads((reports / "verdicts.jsonl").read_text().splitlines()[-1])["status"] == 1


def test_a_baseline_that_cannot_be_written_is_told_and_ends_nothing(faulty, reports, monkeypatch):
    monkeypatch.setattr("conformance.run.library.suite", lambda: frozenset({TALK}))
    file = reports.parent / "no-such-folder/known.yaml"

    result = against(faulty("delta-follows-its-response"), reports, policy=Policy(file=file, update=True))

    assert "No such file" in result.baseline.refused
    assert result.status is ExitStatus.BROKEN


def test_nobody_there_is_nothing_judged(reports):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        result = against(f"ws://127.0.0.1:{bound.getsockname()[1]}/v1/realtime", reports, policy=Policy(retries=0))

    assert (result.outcome, result.status) == (RunOutcome.NOTHING_JUDGED, ExitStatus.UNREACHABLE)


def test_a_budget_leaves_conversations_not_run(reports):
    result = play(scenarios=[TALK], reports=reports, policy=Policy(limits=Limits(tokens=10)))

    assert result.conversations[TALK].outcome == "not run"
    assert (result.outcome, result.status) == (RunOutcome.NOTHING_JUDGED, ExitStatus.BUDGET)


def test_a_budget_that_does_not_allow_the_first_connection_ends_the_run(reports):
    result = play(scenarios=[TALK], reports=reports, policy=Policy(limits=Limits(sessions=0)))

    assert (result.conversations, result.status) == ({}, ExitStatus.BUDGET)


def test_what_the_revision_does_not_have_is_not_applicable(reports):
    result = play(scenarios=["turns/idle_timeout"], dialect="beta", reports=reports)

    assert (result.outcome, result.status) == (RunOutcome.NOTHING_JUDGED, ExitStatus.NOTHING)


@pytest.mark.parametrize("wrong", [{"endpoint": "host"}, {"scenarios": ["no/such"]}, {"profile": "nobody"}])
def test_a_mistake_of_the_caller_is_one_message(wrong, reports):
    with pytest.raises(ConformanceError):
        play(**wrong, reports=reports)


def test_a_recorded_file_is_judged_like_its_events(reports):
    result = play(scenarios=[TALK], reports=reports)

    path = reports / result.conversations[TALK].traces[0]
    rulings = judge(path)
    assert {name: each.verdict for name, each in judge(str(path)).items()} == {
        name: each.verdict for name, each in rulings.items()
    }
    assert not any(each.findings for each in rulings.values())


def test_what_an_earlier_run_left_is_worth_more_than_a_run_that_reached_nobody(reports):
    play(scenarios=[TALK], reports=reports)
    before = (reports / "verdicts.jsonl").read_bytes()

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        against(f"ws://127.0.0.1:{bound.getsockname()[1]}/v1/realtime", reports, policy=Policy(retries=0))

    assert (reports / "verdicts.jsonl").read_bytes() == before


def test_a_crash_of_ours_is_told_by_the_status(reports):
    told = settings(reports=reports)
    state = RunState(told)
    state.begin(told)
    state.add(record("a", {LATE: "error"}))

    result = state.finish(told, Policy())

    assert (result.outcome, result.status) == (RunOutcome.NOT_PROVED, ExitStatus.INTERNAL)


def test_events_are_judged_as_the_revision_that_is_named():
    told = {"type": "session.created", "event_id": "e", "session": {"object": "realtime.session"}}

    assert judge([told], dialect="ga").keys() == judge([told]).keys()
    assert judge([told], dialect="beta")["session.created-comes-first"].verdict == "pass"


def test_a_loaded_scenario_is_played_as_it_is(reports):
    result = play(
        scenarios=[loads("scenario: A session opens.\nsteps: [connect]\n", Path("opens.yaml"))], reports=reports
    )

    assert [*result.conversations] == ["opens"]
