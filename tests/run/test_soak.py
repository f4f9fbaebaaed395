"""Many sessions at once, each judged: against the embedded reference, and against endpoints that mix sessions up."""

from itertools import count

import pytest

from conformance.play.player import Outcome
from conformance.reference.server.server import Server
from conformance.reference.session.hooks import Hooks
from conformance.run.budget import Exhausted, Limits
from conformance.run.library import settings_for
from conformance.run.outcome import ExitStatus
from conformance.run.policy import Policy
from conformance.run.result import result_of
from conformance.run.runner import Runner
from conformance.run.soak import Soak
from conformance.run.soak_plan import SoakPlan
from conformance.run.soak_script import session_id_of
from conformance.trace.trace import Direction, Entry, Trace

KEY = "sk-a-key-of-the-tests-0123456789"
#: Sessions that are played alone, before the load: one of each kind.
ALONE = 2


class Burst:
    """A load of three sessions at once that is over after a few looks, however long those take."""

    sessions, pause = 3, 0.001

    def __init__(self, looks=3):
        self.looks = looks

    def at(self, _passed):
        self.looks -= 1
        return self.sessions if self.looks >= 0 else None


class Numbered:
    """Makes the hooks of sessions; *spoils(number, event)* returns what is sent in the place of an event."""

    def __init__(self, spoils):
        self.spoils, self.numbers = spoils, count(1)

    def __call__(self, _dialect):
        number = next(self.numbers)
        return Hooks(sends=lambda event: self.spoils(number, event))


@pytest.fixture
def soak(listen, tmp_path):
    """Return `soak(spoils or None, policy=…) -> Soak`, ready to be played against a reference that is spoilt so."""
    runners = []

    def make(spoils=None, policy=None, tell=lambda *_: None):
        url = listen(Server(tokens=(KEY,), models=("gpt-realtime",), hooks=Numbered(spoils))).url if spoils else ""
        key, model = (KEY, "gpt-realtime") if url else ("", None)
        settings = settings_for(url, key=key, model=model, dialect="ga", profile=None, reports=tmp_path)
        runner = Runner(settings, policy or Policy(), window=1, cautious=False)
        runners.append(runner)
        runner.prepare(FOUND if url else None)
        return Soak(runner, Burst(), tell)

    yield make
    for runner in runners:
        runner.close()


#: What first connections would have found: nothing is asked of an endpoint whose sessions are counted.
FOUND = {"dialect": "ga", "auth": "bearer", "latency": 0.0, "lacking": {}, "offered": (), "names": {}}


def verdict_of(soak):
    records = {each.conversation: each for each in soak.records()}
    return result_of(records, soak.runner.settings)


def test_on_the_reference_no_verdict_differs_and_no_session_hears_of_another(soak):
    heard = []
    played = soak(tell=lambda member, _, times, why: heard.append((member.kind, times, why)))
    tally = played.play()

    assert tally.kept_apart, tally.as_data()
    assert tally.outcomes == {"played": tally.played}
    assert tally.played == len(heard) >= 3
    assert tally.most_open == 3
    assert all(why == "" and times["response_done"] for _, times, why in heard)
    assert tally.percentiles("response_done")["p50"] > 0
    assert {each.conversation for each in played.records()} >= {"soak/text"}
    assert tally.beside.sessions == ALONE + 1  # the last one asks whether slots are free again
    assert verdict_of(played).status is ExitStatus.CLEAN


def test_a_session_that_is_told_the_words_of_another_is_found_with_its_trace(soak, tmp_path):
    said = {}

    def spoils(number, event):
        if event["type"] != "response.output_text.done" or number <= ALONE:
            return (event,)
        return ({**event, "text": said.setdefault("text", event["text"])},)

    played = soak(spoils)
    tally = played.play()

    leak = tally.leaks[0]
    assert "what belongs to soak/" in leak.told
    assert (tmp_path / "traces" / f"{leak.conversation}.jsonl").is_file()
    assert "soak/isolation" in {each.conversation for each in played.records()}
    assert verdict_of(played).status is ExitStatus.BROKEN


def test_two_sessions_with_one_id_are_found(soak):
    def spoils(number, event):
        named = event.get("session")
        return ({**event, "session": {**named, "id": "sess_1"}} if isinstance(named, dict) else event,)

    tally = soak(spoils).play()

    assert any("the id of the session of" in leak.told and "sess_1" in leak.told for leak in tally.leaks)


def test_what_breaks_beside_others_and_not_alone_is_what_the_load_did(soak, monkeypatch):
    monkeypatch.setattr("conformance.run.soak.MOST_TRACES", 1)

    def spoils(number, event):
        return (event, event) if event["type"] == "response.done" and number > ALONE else (event,)

    tally = soak(spoils).play()

    assert tally.differing["ordering.response-done-comes-once"] == tally.played
    assert tally.left_out == tally.played - 1
    assert not tally.leaks


def test_what_breaks_alone_too_is_no_doing_of_the_load(soak):
    def spoils(number, event):
        return (event, event) if event["type"] == "response.done" else (event,)

    played = soak(spoils)
    tally = played.play()

    assert not tally.differing
    assert verdict_of(played).status is ExitStatus.BROKEN


def test_a_budget_ends_the_load_and_what_was_played_stays(soak):
    played = soak(policy=Policy(limits=Limits(sessions=4)))

    with pytest.raises(Exhausted):
        played.play()

    assert played.tally.played == 1
    assert {each.conversation for each in played.records()} <= {"soak/text", "soak/voice"}


def test_a_session_that_is_refused_when_all_others_are_closed_is_a_slot_that_was_lost(soak):
    played = soak()
    played.tally.slots = "HTTP 429: too many sessions"

    (record,) = (each for each in played.records() if each.conversation == "soak/slots")
    assert record.outcome is Outcome.STOPPED
    assert record.actual == "HTTP 429: too many sessions"
    assert not played.tally.kept_apart


def test_the_load_grows_to_its_full_height_in_a_third_of_the_time_and_ends():
    plan = SoakPlan(sessions=9, seconds=90)

    assert [plan.at(passed) for passed in (0, 10, 30, 89, 90)] == [1, 3, 9, 9, None]
    assert (plan.pause, SoakPlan(9, 12).pause) == (5.0, 1.0)


def test_the_id_of_a_session_is_what_the_endpoint_gave_it():
    told = [
        Entry(0, Direction.CLIENT, event={"session": {"id": "mine"}}),
        Entry(1, Direction.SERVER, event={"session": "none"}),
        Entry(2, Direction.SERVER, event={"session": {"id": "sess_7"}}),
    ]

    assert session_id_of(Trace(tuple(told))) == "sess_7"
    assert session_id_of(Trace()) == ""
