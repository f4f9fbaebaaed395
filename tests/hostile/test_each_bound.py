"""Each row of docs/bounds.md has a test that reaches it; those that stand elsewhere are named here."""

import asyncio
import json
from pathlib import Path

import pytest

from conformance.play.bounds import REFUSAL_KEPT, TABLE
from conformance.play.player import Outcome
from conformance.trace.trace import EndKind

TESTS = Path(__file__).parent.parent
#: Row -> file and test.
REACHED = {
    "one message of the endpoint": ("hostile/test_bad_framing.py", "test_a_gibibyte_that_is_announced_is_told"),
    "bytes received on one connection": ("hostile/test_bad_framing.py", "test_a_flood_ends_at_its_bound"),
    "messages received on one connection": ("hostile/test_bad_framing.py", "test_a_flood_ends_at_its_bound"),
    "bytes received on all open connections": ("hostile/test_bad_framing.py", "test_many_connections_together"),
    "conversations that send more than a minute of audio": ("hostile/test_each_bound.py", "test_long_audio_is_sent"),
    "bytes waiting for an endpoint that does not read": ("hostile/test_bad_framing.py", "test_pings_of_an_endpoint"),
    "finished conversations waiting for verdicts": ("play/test_pool.py", "test_no_conversation_begins_while_those"),
    "body of a refused upgrade": ("hostile/test_each_bound.py", "test_of_a_refusals_body"),
    "handshake": ("hostile/test_each_bound.py", "test_an_upgrade_that_is_never_answered"),
    "first event": ("hostile/test_each_bound.py", "test_silence_ends_a_conversation"),
    "silence while an answer is owed": ("hostile/test_each_bound.py", "test_silence_ends_a_conversation"),
    "one conversation": ("hostile/test_each_bound.py", "test_a_conversation_that_goes_on_and_on"),
    "closing handshake": ("hostile/test_each_bound.py", "test_a_close_frame_that_is_never_answered"),
    "end of TCP after a close frame": ("hostile/test_bad_framing.py", "test_a_close_frame_without_the_end_of_tcp"),
    "`Retry-After` of the endpoint": ("run/test_retry_policy.py", "test_who_asks_for_an_hour_is_not_waited_for"),
    "the whole run": ("hostile/test_whole_runs.py", "test_the_time_of_a_run_holds_in_every_phase"),
}
LONG = "scenario: Long audio\nsteps:\n  - connect\n  - pause: {milliseconds: 61000, chunk: 20000}\n"
OPEN = "scenario: It opens\nsteps: [connect]\n"


@pytest.mark.parametrize("row", [row.what for row in TABLE])
def test_a_test_reaches_every_bound(row):
    file, name = REACHED[row]

    assert f"def {name}" in (TESTS / file).read_text(encoding="utf-8")


def test_long_audio_is_sent_by_one_conversation_at_a_time(folder, odd_endpoint):
    session = {"id": "sess_1", "object": "realtime.session"}
    now, most = set(), []

    async def hears(connection):
        await connection.send(json.dumps({"type": "session.created", "event_id": "e", "session": session}))
        async for text in connection:
            if json.loads(text)["type"] == "input_audio_buffer.append":
                now.add(connection)
                most.append(len(now))
            else:
                await connection.send(json.dumps({"type": "session.updated", "event_id": "e", "session": session}))
        now.discard(connection)

    for number in range(4):
        folder.write(f"long{number}.yaml", LONG)
    folder.pytest(f"--endpoint={odd_endpoint(hears, max_size=None)}", ".")

    assert len(most) == 4 * 4
    assert max(most) == 1


def test_of_a_refusals_body_a_part_is_kept(raw_play):
    async def refuses(_reader, writer):
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60000)
        await writer.drain()

    conversation, _ = raw_play(refuses, OPEN, upgrades=False)

    assert len(conversation.traces[0].handshake.body) == REFUSAL_KEPT


def test_an_upgrade_that_is_never_answered_ends(raw_play):
    async def holds(_reader, _writer):
        await asyncio.Event().wait()

    conversation, seconds = raw_play(holds, OPEN, upgrades=False, connect=0.3)

    assert conversation.outcome is Outcome.ENVIRONMENT
    assert "did not answer the upgrade within 0.3 s" in conversation.message
    assert seconds < 3


@pytest.mark.parametrize("opens", [False, True], ids=["first event", "answer"])
def test_silence_ends_a_conversation(raw_play, bytes_of, opens):
    said = [bytes_of.created] if opens else []
    conversation, seconds = raw_play(bytes_of.says(*said), first_event=0.3, answer=0.3)

    assert conversation.outcome in (Outcome.STOPPED, Outcome.INCONCLUSIVE)
    assert conversation.traces[0].end.kind is EndKind.TIMEOUT
    assert seconds < 9  # with the closing handshake, which nobody answers


def test_a_conversation_that_goes_on_and_on_ends(raw_play, bytes_of):
    updated = bytes_of.event("session.updated", session={"id": "sess_1", "object": "realtime.session"})
    delta = bytes_of.event("response.output_text.delta", delta="x", response_id="r", item_id="i")
    behave = bytes_of.repeats(updated + delta, first=[bytes_of.created], pause=0.05)
    conversation, seconds = raw_play(behave, conversation=1.0, answer=0.6)

    assert conversation.outcome is not Outcome.PLAYED
    assert seconds < 5


def test_a_close_frame_that_is_never_answered_is_waited_for_in_bounds(raw_play, bytes_of, monkeypatch):
    monkeypatch.setattr("conformance.play.wire.CLOSING", 0.3)
    answers = bytes_of.event("session.updated", session={"id": "sess_1", "object": "realtime.session"})

    async def never_closes(reader, writer):
        writer.write(bytes_of.created)
        await reader.read(65536)
        writer.write(answers)
        await asyncio.Event().wait()

    conversation, seconds = raw_play(never_closes, OPEN)

    assert conversation.traces[0].end.graceful is False
    assert seconds < 3


def test_proxies_of_the_environment_are_not_used(folder, endpoint, deaf_port, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{deaf_port}")
    folder.talk("talk")

    assert folder.pytest(f"--endpoint={endpoint()}", "talk.yaml").returncode == 0


def test_a_name_that_nobody_knows_is_one_sentence(folder):
    folder.talk("talk")
    result = folder.pytest("--endpoint=ws://no-such-host.invalid/v1/realtime", "talk.yaml")

    assert result.returncode == 6
    assert "unknown host" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
