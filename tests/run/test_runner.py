"""What stands between the first connection and the last: repetitions, budgets, and what first connections found."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.mutants.rehearsal import bundled
from conformance.play.target import Patience
from conformance.reference.server.server import Server
from conformance.reference.session.hooks import Hooks
from conformance.run.budget import Limits
from conformance.run.library import play, play_with, settings_for
from conformance.run.outcome import ExitStatus, RunOutcome
from conformance.run.policy import Policy
from conformance.run.runner import Job, Runner
from conformance.scenario.load import loads

TALK = "response/text_turn"
ONCE = "ordering.response-done-comes-once"
KEY = "sk-a-key-of-the-tests-0123456789"


@pytest.fixture
def settings(listen, tmp_path):
    """Return `settings(sends) -> Settings` for a reference whose events, of all its sessions, *sends* changes."""

    def make(sends=lambda event: (event,)):
        url = listen(Server(tokens=(KEY,), models=("m",), hooks=lambda _dialect: Hooks(sends=sends))).url
        told = settings_for(url, key=KEY, model="m", dialect="ga", profile=None, reports=tmp_path)
        return replace(told, discovery=False)

    return make


def doubling(times):
    """Return hooks for an endpoint that says the first *times* `response.done` twice."""
    left = [times]

    def sends(event):
        if event["type"] == "response.done" and left[0] > 0:
            left[0] -= 1
            return (event, event)
        return (event,)

    return sends


def test_what_fails_once_and_not_again_is_flaky_and_both_plays_are_kept(settings, tmp_path):
    result = play_with(settings(doubling(1)), [bundled(TALK)], Policy(retry_unexpected=2))

    told = result.conversations[TALK]
    assert told.flaky
    assert ONCE in told.attempts[0].broken
    assert str(told.rules[ONCE].verdict) == "pass"
    assert {told.traces[0], told.attempts[0].traces[0]} == {f"traces/{TALK}.jsonl", f"traces/{TALK}~2.jsonl"}
    assert all((tmp_path / each).is_file() for each in (*told.traces, *told.attempts[0].traces))
    assert result.status is ExitStatus.CLEAN


def test_what_fails_each_time_is_no_flake(settings):
    result = play_with(settings(doubling(9)), [bundled(TALK)], Policy(retry_unexpected=1))

    told = result.conversations[TALK]
    assert (told.flaky, len(told.attempts)) == (False, 1)
    assert result.outcome is RunOutcome.NOT_CONFORMANT


def test_a_budget_ends_the_repetitions_and_the_last_play_counts(settings):
    twice = Policy(retry_unexpected=5, limits=Limits(sessions=3))

    result = play_with(settings(doubling(9)), [bundled(TALK)], twice)

    assert len(result.conversations[TALK].attempts) == 1
    assert result.outcome is RunOutcome.NOT_CONFORMANT


def test_a_run_without_time_plays_nothing(settings):
    result = play_with(settings(), [bundled(TALK)], Policy(limits=Limits(seconds=0.0)))

    assert result.conversations == {}
    assert result.status is ExitStatus.BUDGET


def test_an_endpoint_that_only_repeats_itself_is_not_asked_again_and_again(settings):
    runner = Runner(settings(), Policy(), window=1, cautious=False)
    try:
        runner.prepare()
        runner.repetition.same, runner.repetition.row = "response.done never came", 6
        told = []
        for job in [Job.of(bundled(TALK))] * 2:
            with pytest.raises(Exception, match="6 conversations in a row had ended the same way") as raised:
                runner.take(job)
            told.append(raised.value)
    finally:
        runner.close()

    assert told[0] is told[1]


def test_another_process_goes_on_with_what_the_first_connections_found(settings, tmp_path):
    first = Runner(replace(settings(), discovery=True), Policy(), window=1, cautious=False)
    second = Runner(first.settings, Policy(), window=1, cautious=False)
    try:
        first.prepare()
        found = first.found
        assert second.prepare({**found, "latency": 20.0}) is None
    finally:
        first.close()
        second.close()

    assert second.settings.target.dialect is first.settings.target.dialect
    assert second.settings.lacking == first.settings.lacking
    assert second.settings.target.styles == first.settings.target.styles
    assert second.settings.target.patience.answer > Patience().answer
    assert second.settings.target.voices == first.settings.target.voices


def test_where_an_update_that_changes_nothing_is_refused_nothing_is_excused_and_the_run_says_so(settings):
    asked = []

    def sends(event):
        if event["type"] != "session.updated" or asked:
            return (event,)
        asked.append(event)
        error = {"type": "invalid_request_error", "code": "no", "message": "No updates here.", "event_id": "discover_1"}
        return ({"type": "error", "event_id": event["event_id"], "error": error},)

    asking = replace(settings(sends), discovery=True)
    result = play_with(asking, [loads("scenario: A session opens.\nsteps: [connect]\n", Path("opens.yaml"))])

    assert "nothing is excused: " in " ".join(result.notes)
    assert "--dialect=beta" in " ".join(result.notes)
    assert result.settings.lacking == {}


def test_an_endpoint_that_is_overloaded_is_asked_again_and_that_is_told(odd_endpoint, tmp_path):
    asked = []

    def busy(connection, request):
        asked.append(request)
        refusal = connection.respond(429, "too many")
        refusal.headers["Retry-After"] = "0"
        return refusal

    async def never(_connection):
        raise AssertionError("nobody is let in")

    url = odd_endpoint(never, process_request=busy)
    result = play(url, key=KEY, dialect="ga", scenarios=[TALK], reports=tmp_path, policy=Policy(retries=1))

    assert len(asked) == 2
    assert "(2 attempts). " in result.ending.unreachable
    assert result.status is ExitStatus.UNREACHABLE


def test_a_connection_that_breaks_at_the_same_step_each_time_is_no_flake_though_a_should_explains_it(
    odd_endpoint, tmp_path
):
    async def breaks_at_garbage(connection):
        await connection.send('{"type": "session.created", "event_id": "e0", "session": {"type": "realtime"}}')
        async for frame in connection:
            try:
                number = json.loads(frame)["event_id"]
            except (ValueError, TypeError):
                connection.transport.abort()
                return
            await connection.send(f'{{"type": "session.updated", "event_id": "of_{number}", "session": {{}}}}')

    url = odd_endpoint(breaks_at_garbage)
    told = settings_for(url, key=KEY, model="m", dialect="ga", profile=None, reports=tmp_path)
    result = play_with(replace(told, discovery=False), [bundled("errors/bad_json")], Policy())

    garbage = result.conversations["errors/bad_json"]
    assert len(garbage.attempts) == 2
    assert garbage.cause == "errors.garbage-leaves-the-session-open"
    assert not garbage.flaky
