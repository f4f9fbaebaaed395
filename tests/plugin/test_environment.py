"""Endpoints that are overloaded or cut off: nobody is blamed for that, and nothing is hidden."""

import itertools
import json

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response

from conformance.reference.server.admission import AcceptThenClose
from conformance.reference.server.server import Server
from conformance.reference.session.refusals import error_body


class Moody(Server):
    """The reference behind a proxy: *refuses* and *cuts* say which connections (from 1) are turned away or cut."""

    def __init__(self, key, refuses=lambda _number: False, cuts=lambda _number: False, patience="0"):
        super().__init__(tokens=(key,), models=("gpt-realtime",))
        self.refuses, self.cuts, self.patience = refuses, cuts, patience
        self.knocks, self.opened = itertools.count(1), itertools.count(1)
        self.seen = 0

    def _process(self, connection, request):
        self.seen += 1
        if self.refuses(next(self.knocks)):
            headers = Headers({"Retry-After": self.patience, "Content-Length": "4", "Connection": "close"})
            return Response(429, "Too Many Requests", headers, b"busy")
        return super()._process(connection, request)

    async def _converse(self, connection):
        if self.cuts(next(self.opened)):
            await connection.send(json.dumps({"type": "session.created", "event_id": "event_1", "session": {}}))
            await connection.recv()
            connection.transport.abort()
            return
        await super()._converse(connection)


@pytest.fixture
def moody(listen, key):
    """Return `moody(**how) -> (server, url)`."""

    def make(**how):
        server = Moody(key, **how)
        listen(server)
        return server, server.url + "?model=gpt-realtime"

    return make


def records(folder):
    report = json.loads((folder.path / "reports/report.json").read_text())
    return {each["conversation"]: each for each in report["conversations"]}


def test_an_endpoint_that_is_busy_twice_and_then_works_is_judged(folder, moody):
    folder.talk("talk")
    server, url = moody(refuses=lambda number: number <= 2)
    result = folder.pytest(f"--endpoint={url}", "talk.yaml")

    assert result.returncode == 0, result.stdout
    assert server.seen == 4
    assert "nothing broken in what was judged" in result.stdout


def test_a_conversation_that_is_turned_away_twice_is_played_again(folder, moody):
    folder.talk("talk")
    _, url = moody(refuses=lambda number: number in (2, 3))
    result = folder.pytest(f"--endpoint={url}", "talk.yaml")

    assert result.returncode == 0, result.stdout
    assert "again      talk: attempt 1: HTTP 429 Too Many Requests: busy; attempt 2:" in result.stdout
    assert [each["outcome"] for each in records(folder)["talk"]["attempts"]] == ["environment"] * 2
    assert "flaky" not in records(folder)["talk"]


def test_an_endpoint_that_is_always_busy_is_not_ready(folder, moody):
    folder.talk("talk")
    server, url = moody(refuses=lambda _number: True)
    result = folder.pytest(f"--endpoint={url}", "talk.yaml")

    assert result.returncode == 6
    assert "limits the rate" in result.stdout
    assert "(3 attempts)" in result.stdout.replace("\n ", "")
    assert server.seen == 3
    assert "FAILED" not in result.stdout


def test_an_endpoint_that_gets_busy_for_good_is_not_blamed(folder, moody):
    folder.talk("talk")
    server, url = moody(refuses=lambda number: number > 1)
    result = folder.pytest(f"--endpoint={url}", "talk.yaml", "--retries=1")

    assert result.returncode == 1
    assert server.seen == 3
    assert records(folder)["talk"]["outcome"] == "environment"
    assert "not proved: 1 conversation not judged" in result.stdout
    assert "NOT conformant" not in result.stdout
    assert "HTTP 429 Too Many Requests: busy (2 attempts)" in result.stdout


def test_who_asks_for_an_hour_of_patience_is_not_waited_for(folder, moody):
    folder.talk("talk")
    server, url = moody(refuses=lambda number: number > 1, patience="3600")
    result = folder.pytest(f"--endpoint={url}", "talk.yaml")

    assert result.returncode == 1
    assert server.seen == 2


def test_every_third_connection_that_breaks_is_shown_as_flaky(folder, moody):
    for name in ("one", "two", "three", "four"):
        folder.talk(name)
    _, url = moody(cuts=lambda number: number % 3 == 0)
    result = folder.pytest(f"--endpoint={url}", ".", "--sessions=1")
    kept = records(folder)
    flaky = [name for name, each in kept.items() if "flaky" in each]

    assert result.returncode == 0, result.stdout
    assert len(flaky) == 2
    assert "2 conversations flaky" in result.stdout
    assert all(f"flaky      {name}: attempt 1: the connection" in result.stdout for name in flaky)
    assert all((folder.path / "reports" / kept[name]["attempts"][0]["traces"][0]).is_file() for name in flaky)


def test_flaky_is_not_good_enough_when_it_is_strict(folder, moody):
    folder.talk("talk")
    _, url = moody(cuts=lambda number: number == 2)
    result = folder.pytest(f"--endpoint={url}", "talk.yaml", "--strict-conformance")

    assert result.returncode == 1
    assert "1 conversation flaky" in result.stdout


def test_a_connection_that_always_breaks_at_the_same_step_is_the_endpoints_doing(folder, moody):
    folder.talk("talk")
    server, url = moody(cuts=lambda number: number > 1)
    result = folder.pytest(f"--endpoint={url}", "talk.yaml", "--retries=1")

    assert result.returncode == 1
    assert records(folder)["talk"]["outcome"] == "stopped"
    assert "NOT conformant" in result.stdout
    assert server.seen == 3


def test_an_unexpected_failure_is_played_again_and_both_are_kept(folder, moody):
    folder.talk("talk")
    _, url = moody(cuts=lambda number: number == 2)
    result = folder.pytest(f"--endpoint={url}", "talk.yaml", "--retries=0", "--retry-unexpected=1")
    record = records(folder)["talk"]

    assert result.returncode == 0, result.stdout
    assert record["flaky"] is True
    assert "plays" in record["attempts"][0]["broken"]
    assert record["attempts"][0]["traces"] == ["traces/talk.jsonl"]
    assert record["traces"] == ["traces/talk~2.jsonl"]


def test_a_failure_that_comes_again_is_a_failure(folder, endpoint):
    folder.talk("talk")
    result = folder.pytest(f"--endpoint={endpoint('delta-follows-its-response')}", "talk.yaml", "--retry-unexpected=2")
    record = records(folder)["talk"]

    assert result.returncode == 1
    assert len(record["attempts"]) == 2
    assert "flaky" not in record


class FullForAWhile(Server):
    """Refuses the second and the third connection politely: there are too many sessions."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.knocks = itertools.count(1)

    def _decide(self, request):
        attempt = super()._decide(request)
        full = AcceptThenClose(error_body("session_limit_reached", "Too many sessions are open."), 1008)
        return type(attempt)(full, attempt.hooks) if next(self.knocks) in (2, 3) else attempt


def test_a_limit_of_sessions_is_told_on_the_terminal_and_in_the_report(folder, listen, key):
    url = listen(FullForAWhile(tokens=(key,), models=("gpt-realtime",))).url
    for name in ("first", "second"):
        folder.talk(name)

    result = folder.pytest(".", "--examples=0", f"--endpoint={url}", "--model=gpt-realtime")
    report = json.loads((folder.path / "reports" / "report.json").read_text())

    assert result.returncode == 0, result.stdout
    assert "connection.a-valid-key-opens-a-session" not in result.stdout
    assert any(note.startswith("the endpoint limits the number of sessions") for note in report["notes"])
    assert "note: the endpoint limits the number of sessions" in result.stdout


def test_an_upgrade_that_is_never_answered_after_a_wrong_key_is_the_endpoints_doing(folder, odd_endpoint, key):
    async def process(connection, request):
        if key not in request.headers.get("Authorization", ""):
            await connection.wait_closed()
        return

    async def talk(ws):
        await ws.send(json.dumps({"type": "session.created", "event_id": "e1", "session": {}}))
        await ws.wait_closed()

    url = odd_endpoint(talk, process_request=process)
    options = ("--connect-timeout=0.5", "-k", "refuses_no_key", "--dialect=ga")
    result = folder.pytest(f"--endpoint={url}", *options)

    assert result.returncode == 1, result.stdout
    assert "connection.a-refusal-is-visible" in result.stdout
    assert "not judged" not in result.stdout
