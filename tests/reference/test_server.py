from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from conformance.reference.server.server import Server

KEY = "sk-right"


@dataclass(frozen=True)
class Faulty:
    sends: Any = None
    receives: Any = None
    frames: Any = None
    admits: Any = None
    closes: Any = None
    ends: Any = None
    answers_pings: bool = True


BEARER = {"Authorization": f"Bearer {KEY}"}


def run(scene, **options):
    """Play *scene* against a server of its own."""

    async def play():
        async with asyncio.timeout(20), Server(**{"tokens": (KEY,), **options}) as server:
            await scene(server)

    asyncio.run(play())


def dial(server, *, model="gpt-realtime", query="", headers=None, **options):
    url = f"{server.url}?model={model}{query}"
    return connect(url, additional_headers=headers or {}, compression=None, max_size=None, **options)


async def say(client, kind, **fields):
    await client.send(json.dumps({"type": kind, **fields}))


async def hear(client, until):
    events = []
    while not events or events[-1]["type"] != until:
        events.append(json.loads(await client.recv()))
    return events


@pytest.mark.parametrize(
    "way",
    [
        {"headers": BEARER},
        {"headers": {"api-key": KEY}},
        {"query": f"&token={KEY}"},
        {"query": f"&api_key={KEY}"},
        {"query": f"&api-key={KEY}"},
        {"subprotocols": ["realtime", f"openai-insecure-api-key.{KEY}"]},
    ],
)
def test_a_client_comes_in_by_every_style_and_no_key_comes_back(way):
    async def scene(server):
        async with dial(server, **way) as client:
            created = await client.recv()
            assert json.loads(created)["type"] == "session.created"
            assert KEY not in created
            assert client.subprotocol == ("realtime" if "subprotocols" in way else None)

    run(scene)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_a_wrong_key_is_refused_with_401_and_json(headers):
    async def scene(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(server, headers=headers)
        assert refused.value.response.status_code == 401
        assert json.loads(refused.value.response.body)["error"]["type"] == "invalid_request_error"

    run(scene)


@pytest.mark.parametrize(
    ("options", "model", "headers", "code", "reason"),
    [
        ({"refusal": "openai"}, "gpt-realtime", {}, 3000, "missing_api_key"),
        ({"refusal": "openai"}, "gpt-realtime", {"Authorization": "Bearer x"}, 3000, "invalid_api_key"),
        ({}, "", BEARER, 4000, "missing_model"),
        ({}, "no-such-model", BEARER, 4000, "invalid_model"),
        (
            {"dialect": "ga"},
            "gpt-realtime",
            BEARER | {"OpenAI-Beta": "realtime=v1"},
            4000,
            "beta_api_shape_disabled",
        ),
    ],
)
def test_a_late_refusal_is_an_error_and_a_close(options, model, headers, code, reason):
    async def scene(server):
        async with dial(server, model=model, headers=headers) as client:
            assert json.loads(await client.recv())["error"]["code"] == reason
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, f"invalid_request_error.{reason}")

    run(scene, **options)


def test_a_plain_request_is_told_to_upgrade_and_another_path_does_not_exist():
    async def scene(server):
        for path, status in (("?model=gpt-realtime", 426), ("/elsewhere", 404)):
            url = server.url.replace("ws://", "http://") + path
            request = urllib.request.Request(url, headers=BEARER)
            with pytest.raises(urllib.error.HTTPError) as refused:
                await asyncio.to_thread(urllib.request.urlopen, request)
            refused.value.close()
            assert refused.value.code == status

    run(scene)


@pytest.mark.parametrize("headers", [{}, {"OpenAI-Beta": "realtime=v1"}])
def test_a_turn_is_spoken_in_the_revision_that_the_client_chose(headers):
    async def scene(server):
        async with dial(server, headers=BEARER | headers) as client:
            await say(client, "response.create")
            events = await hear(client, "response.done")
        delta = "response.audio.delta" if headers else "response.output_audio.delta"
        assert delta in {event["type"] for event in events}

    run(scene)


def test_a_long_answer_can_be_cancelled_over_the_socket():
    async def scene(server):
        async with dial(server, headers=BEARER) as client:
            await say(client, "response.create", response={"instructions": "Count from 1 to 100"})
            await hear(client, "response.output_audio.delta")
            await say(client, "response.cancel")
            events = await hear(client, "response.done")
            assert events[-1]["response"]["status"] == "cancelled"
            await say(client, "response.create", response={"instructions": "Say exactly: still here"})
            assert (await hear(client, "response.done"))[-1]["response"]["status"] == "completed"

    run(scene)


def test_a_frame_of_fifteen_mebibytes_is_taken():
    async def scene(server):
        async with dial(server, headers=BEARER) as client:
            await say(client, "input_audio_buffer.append", audio="A" * (20 * 2**20))
            await say(client, "input_audio_buffer.clear")
            assert (await hear(client, "input_audio_buffer.cleared"))[-1]["type"] == "input_audio_buffer.cleared"

    run(scene)


def test_a_stop_closes_every_session_as_going_away():
    async def scene(server):
        client = await dial(server, headers=BEARER)
        await client.recv()
        await server.__aexit__(None, None, None)
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd.code == 1001

    run(scene)


def test_a_session_that_crashes_disturbs_no_other():
    def crashes(event):
        if event["type"] == "session.updated":
            raise ZeroDivisionError
        return (event,)

    async def scene(server):
        async with dial(server, headers=BEARER) as one, dial(server, headers=BEARER) as other:
            await say(one, "session.update", session={"type": "realtime"})
            with pytest.raises(ConnectionClosed) as closed:
                await hear(one, "session.updated")
            assert closed.value.rcvd.code == 1011
            await say(other, "response.create", response={"output_modalities": ["text"]})
            assert (await hear(other, "response.done"))[-1]["response"]["status"] == "completed"

    run(scene, hooks=lambda _dialect: Faulty(sends=crashes))


def test_a_hundred_sessions_speak_at_once():
    async def one(server):
        async with dial(server, headers=BEARER) as client:
            await say(client, "response.create")
            return await hear(client, "response.done")

    async def scene(server):
        for events in await asyncio.gather(*(one(server) for _ in range(100))):
            assert events[-1]["response"]["status"] == "completed"

    run(scene)


@pytest.mark.parametrize(
    ("hooks", "headers", "seen"),
    [
        (Faulty(frames=lambda event: event["type"].encode()), BEARER, b"session.created"),
        (Faulty(sends=lambda _event: ("not an event",)), BEARER, "not an event"),
    ],
)
def test_hooks_change_what_is_sent(hooks, headers, seen):
    async def scene(server):
        async with dial(server, headers=headers) as client:
            assert await client.recv() == seen

    run(scene, hooks=lambda _dialect: hooks)


def test_hooks_change_who_comes_in():
    async def scene(server):
        async with dial(server, headers=BEARER) as client:
            assert json.loads(await client.recv())["session"]["model"] == "another"

    run(scene, hooks=lambda _dialect: Faulty(admits=lambda admission: replace(admission, model="another")))


@pytest.mark.parametrize(("closes", "code"), [(lambda *_: (4999, "so"), 4999), (lambda *_: None, None)])
def test_hooks_change_the_close(closes, code):
    async def scene(server):
        async with dial(server, model="no-such-model", headers=BEARER) as client:
            with pytest.raises(ConnectionClosed) as closed:
                await hear(client, "never")
        assert (closed.value.rcvd and closed.value.rcvd.code) == code

    run(scene, hooks=lambda _dialect: Faulty(closes=closes))
