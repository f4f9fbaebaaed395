"""The recording proxy between a client and the reference endpoint: untouched, harmless, and nothing is lost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from statistics import median
from time import perf_counter

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conformance.corpus.sources import Source
from conformance.corpus.verdict import Demands, RecordingOutcome, judge_recording
from conformance.reference.server.server import Server
from conformance.tap.proxy import Tap
from conformance.trace.trace import Direction, EndKind

MODEL = "?model=gpt-realtime"
KEY = "sk-reference-key-0123456789"
COMMAND = [sys.executable, "-c", "import sys; from conformance.commands.cli import main; main(sys.argv[1:])"]
UNBUFFERED = {**os.environ, "PYTHONUNBUFFERED": "1"}
UPDATE = {"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"]}}
HELLO = {"type": "conversation.item.create", "item": {"type": "message", "role": "user",
         "content": [{"type": "input_text", "text": "Say hello."}]}}  # fmt: skip


def recorded(folder):
    (path,) = folder.glob("*.jsonl")
    (recording,) = Source(str(path)).recordings()
    return path, recording


async def turn(line, seen):
    for event in (UPDATE, HELLO, {"type": "response.create"}):
        await line.send(json.dumps(event))
    async for text in line:
        seen.append(text)
        if json.loads(text)["type"] == "response.done":
            return


def tapped(folder, talk, *, tokens=(KEY,)):
    async def hold():
        async with Server(tokens=tokens) as server, Tap(server.url, folder) as tap, asyncio.timeout(20):
            return await talk(tap, server)

    return asyncio.run(hold())


def test_a_session_leaves_a_trace_that_is_judged_clean(tmp_path):
    seen = []

    async def talk(tap, server):
        async with connect(tap.url + MODEL, additional_headers={"Authorization": f"Bearer {KEY}"}) as line:
            await turn(line, seen)

    tapped(tmp_path, talk)

    path, recording = recorded(tmp_path)
    heard = [each.event for each in recording.trace if not each.sent]
    assert heard[: len(seen)] == [json.loads(text) for text in seen]
    assert [each.event for each in recording.trace if each.sent] == [UPDATE, HELLO, {"type": "response.create"}]
    assert (recording.trace.end.kind, recording.trace.end.by) == (EndKind.CLOSED, Direction.CLIENT)
    assert (recording.trace.handshake.status, recording.trace.handshake.auth) == (101, "bearer")
    assert judge_recording(recording, Demands()).kind is RecordingOutcome.CLEAN
    assert KEY not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("where", ["header", "query", "subprotocol"])
def test_credentials_are_passed_on_and_never_written(tmp_path, where):
    async def talk(tap, server):
        url, asked = tap.url + MODEL, {}
        if where == "header":
            asked = {"additional_headers": {"api-key": KEY}}
        elif where == "query":
            url += f"&api-key={KEY}"
        else:
            asked = {"subprotocols": ["realtime", f"openai-insecure-api-key.{KEY}"]}
        async with connect(url, **asked) as line:
            assert json.loads(await line.recv())["type"] == "session.created"
            await line.send(json.dumps({**UPDATE, "event_id": KEY}))

    tapped(tmp_path, talk)

    path, recording = recorded(tmp_path)
    assert KEY not in path.read_text(encoding="utf-8")
    assert recording.trace.handshake.auth == {"header": "api-key", "query": "query-api-key"}.get(where, where)


def test_a_refusal_is_passed_on_and_recorded(tmp_path):
    async def talk(tap, server):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(tap.url + MODEL, additional_headers={"Authorization": "Bearer wrong-key-0123456789"}):
                pass
        return refused.value.response

    answer = tapped(tmp_path, talk)

    _, recording = recorded(tmp_path)
    assert (answer.status_code, recording.trace.handshake.status) == (401, 401)
    assert recording.trace.handshake.body == answer.body.decode()
    assert recording.trace.end.kind is EndKind.REFUSED
    assert judge_recording(recording, Demands()).kind is RecordingOutcome.CLEAN


def test_an_upstream_that_is_not_there_is_told(tmp_path):
    told = []

    async def hold():
        async with Tap("ws://127.0.0.1:9/v1/realtime", tmp_path, say=told.append) as tap:
            with pytest.raises(InvalidStatus) as refused:
                async with connect(tap.url):
                    pass
            return refused.value.response.status_code

    assert asyncio.run(hold()) == 502
    assert told


def test_it_adds_less_than_a_millisecond_to_an_event(tmp_path):
    async def talk(tap, server):
        asked = {"additional_headers": {"Authorization": f"Bearer {KEY}"}}
        async with connect(tap.url + MODEL, **asked) as through, connect(server.url + MODEL, **asked) as straight:
            times = {through: [], straight: []}
            for line in times:
                await line.recv()
            for _ in range(200):
                for line, taken in times.items():
                    began = perf_counter()
                    await line.send(json.dumps(UPDATE))
                    await line.recv()
                    taken.append(perf_counter() - began)
            return median(times[through]) - median(times[straight])

    # There and back: two events.
    assert tapped(tmp_path, talk) / 2 < 0.001


def test_a_kill_loses_no_finished_line(tmp_path):
    seen = []

    async def hold():
        async with Server(tokens=(KEY,)) as server, asyncio.timeout(60):
            command = [*COMMAND, "tap", "--to", server.url, "--out", str(tmp_path)]
            tap = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=UNBUFFERED)
            url = (await tap.stdout.readline()).decode().split(" ")[0]
            async with connect(url + MODEL, additional_headers={"Authorization": f"Bearer {KEY}"}) as line:
                await turn(line, seen)
                tap.send_signal(signal.SIGKILL)
                await tap.wait()

    asyncio.run(hold())

    _, recording = recorded(tmp_path)
    heard = [each.event for each in recording.trace if not each.sent]
    assert heard[: len(seen)] == [json.loads(text) for text in seen]
    assert recording.trace.end is None


def test_the_official_client_is_recorded(tmp_path):
    openai = pytest.importorskip("openai", reason="the official client is a development dependency")

    async def talk(tap, server):
        base = tap.url.removesuffix("/realtime")
        async with (
            openai.AsyncOpenAI(api_key=KEY, websocket_base_url=base) as client,
            client.realtime.connect(model="gpt-realtime") as line,
        ):
            await line.session.update(session=UPDATE["session"])
            await line.conversation.item.create(item=HELLO["item"])
            await line.response.create()
            async for event in line:
                if event.type == "response.done":
                    return

    tapped(tmp_path, talk)

    path, recording = recorded(tmp_path)
    verdict = judge_recording(recording, Demands())
    assert (verdict.kind, verdict.findings) == (RecordingOutcome.CLEAN, ())
    assert KEY not in path.read_text(encoding="utf-8")
