"""Whatever a client sends, the endpoint answers or refuses: it never breaks, and other sessions never notice."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from conformance.contract.dialects import DIALECTS
from conformance.reference.server.loopback import VirtualClock
from conformance.reference.server.server import Server
from conformance.reference.session.core import Endpoint

TYPES = sorted({kind for dialect in DIALECTS.values() for kind in dialect.client_events})
NAMES = ["item", "session", "response", "audio", "item_id", "previous_item_id", "content_index", "audio_end_ms"]
INNER = ["type", "role", "content", "id", "call_id", "output", "name", "arguments", "text", "tools", "tool_choice"]
INNER += ["turn_detection", "input", "format", "output_modalities", "modalities", "max_output_tokens", "metadata"]
WORDS = ["message", "user", "assistant", "function_call", "input_text", "input_audio", "server_vad", "realtime"]
WORDS += ["function_call_output", "audio", "text", "audio/pcm", "pcm16", "auto", "none", "required", "root", "inf"]
SOUND = base64.b64encode(bytes(range(256)) * 40).decode()

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([*WORDS, SOUND, ""]),
    st.text(max_size=20),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(INNER) | st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=12,
)
client_events = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(TYPES) | leaves,
    st.dictionaries(st.sampled_from([*NAMES, "event_id"]), values, max_size=4),
)
frames = st.one_of(
    client_events.map(lambda event: json.dumps(event, ensure_ascii=True)),
    values.map(json.dumps),
    st.text(max_size=50),
    st.binary(max_size=50),
    st.sampled_from(["[" * 5000, '{"a":' * 5000 + "1" + "}" * 5000, "\ud800", "\0", "NaN", "1e999", "9" * 4000]),
)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("intent", ["conversation", "transcription"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_core_answers_whatever_it_is_sent(name, intent, data):
    clock = VirtualClock()
    endpoint = Endpoint(DIALECTS[name], clock=clock, intent=intent)
    said = endpoint.open()
    sent = data.draw(st.lists(frames, min_size=1, max_size=8))
    for frame in sent:
        said += endpoint.receive(frame)
        clock.now += 0.001
        said += endpoint.tick()
    for _ in range(200):
        if (due := endpoint.due()) is None:
            break
        clock.now = max(clock.now, due)
        said += endpoint.tick()
    json.dumps(said)
    said = endpoint.receive(json.dumps({"type": "session.update", "event_id": "after", "session": {"type": "x"}}))
    assert {event["type"] for event in said} <= {"error", "session.updated", *DIALECTS[name].server_events}
    # Only who asks for the end gets it.
    assert endpoint.closing is None or any("session.close" in str(frame) for frame in sent)


def raw_frame(opcode, payload, *, masked=True, fin=True, rsv=0):
    head = bytes([fin << 7 | rsv << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 65536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


async def upgraded(server):
    """Open a socket by hand, up to the end of the upgrade and `session.created`."""
    port = int(server.url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = "GET /v1/realtime?model=gpt-realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    key = base64.b64encode(bytes(16)).decode()
    writer.write(f"{request}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


UPDATE = json.dumps({"type": "session.update", "session": {"type": "realtime"}}).encode()
RAW = {
    "random bytes": os.urandom(4096),
    "a reserved opcode": raw_frame(0x3, b"x"),
    "a reserved bit": raw_frame(0x1, b"{}", rsv=4),
    "a continuation of nothing": raw_frame(0x0, b"{}"),
    "no mask": raw_frame(0x1, b"{}", masked=False),
    "text that is no UTF-8": raw_frame(0x1, b"\xff\xfe"),
    "a long ping": raw_frame(0x9, bytes(126)),
    "a close of one byte": raw_frame(0x8, b"x"),
    "a length of 2^62": b"\x81\xff" + struct.pack("!Q", 2**62),
    "half a frame": raw_frame(0x1, UPDATE)[:20],
    "half a message": raw_frame(0x1, UPDATE[:10], fin=False),
    "10,000 events at once": raw_frame(0x1, UPDATE) * 10_000,
    "40 MB of JSON": raw_frame(0x1, b'{"type":"' + b"x" * 40_000_000 + b'"}'),
    "8 MB of nesting": raw_frame(0x1, b"[" * 8_000_000),
    "binary frames": raw_frame(0x2, bytes(1000)) * 100,
}


async def turn(client):
    asked = {
        "type": "response.create",
        "response": {"instructions": "Count from 1 to 25", "output_modalities": ["text"]},
    }
    await client.send(json.dumps(asked))
    while (event := json.loads(await client.recv()))["type"] != "response.done":
        pass
    return event["response"]["status"]


@pytest.mark.parametrize("garbage", RAW)
@pytest.mark.parametrize("leaves", ["cuts the line", "stays and never reads"])
def test_garbage_on_one_socket_disturbs_no_other_session(garbage, leaves):
    async def play():
        async with (
            asyncio.timeout(30),
            Server() as server,
            connect(f"{server.url}?model=gpt-realtime") as undisturbed,
        ):
            answering = asyncio.create_task(turn(undisturbed))
            _, writer = await upgraded(server)
            writer.write(RAW[garbage])
            if leaves == "cuts the line":
                writer.transport.abort()
            assert await answering == "completed"
            assert await turn(undisturbed) == "completed"
            async with connect(f"{server.url}?model=gpt-realtime") as newcomer:
                assert await turn(newcomer) == "completed"
            writer.transport.abort()

    asyncio.run(play())


def test_sockets_that_say_nothing_or_half_a_request_hold_nobody_up():
    async def play():
        async with asyncio.timeout(30), Server() as server:
            port = int(server.url.split(":")[2].split("/")[0])
            lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
            for _, writer in lines[25:]:
                writer.write(b"GET /v1/realtime HTTP/1.1\r\nHos")
            async with connect(f"{server.url}?model=gpt-realtime") as client:
                assert await turn(client) == "completed"
            for _, writer in lines:
                writer.transport.abort()

    asyncio.run(play())


def test_ten_thousand_events_at_once_are_all_answered_in_order():
    async def play():
        async with asyncio.timeout(60), Server() as server, connect(f"{server.url}?model=gpt-realtime") as client:

            async def send():
                for number in range(10_000):
                    await client.send(json.dumps({"type": "response.cancel", "event_id": str(number)}))

            sending = asyncio.create_task(send())
            await client.recv()
            refused = [json.loads(await client.recv())["error"]["event_id"] for _ in range(10_000)]
            await sending
            assert refused == [str(number) for number in range(10_000)]

    asyncio.run(play())


async def pour(writer, flood):
    for _ in range(5_000):
        writer.write(flood)
        await writer.drain()


async def forever(client):
    while True:
        await client.recv()


def test_a_client_that_never_reads_is_not_listened_to_either():
    async def play():
        async with asyncio.timeout(30), Server() as server:
            _, writer = await upgraded(server)
            writer.transport.set_write_buffer_limits(high=2**16)
            flood = raw_frame(0x1, UPDATE) * 100
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(pour(writer, flood), 3)
            async with connect(f"{server.url}?model=gpt-realtime") as client:
                assert await turn(client) == "completed"
            writer.transport.abort()

    asyncio.run(play())


def test_a_closed_line_ends_its_session(caplog):
    async def play():
        async with asyncio.timeout(20), Server() as server:
            client = await connect(f"{server.url}?model=gpt-realtime")
            await client.send(
                json.dumps({"type": "response.create", "response": {"instructions": "Count from 1 to 900"}})
            )
            await client.recv()
            client.transport.abort()
            with pytest.raises(ConnectionClosed):
                await forever(client)
            while "closed" not in caplog.text:
                await asyncio.sleep(0.01)

    with caplog.at_level("INFO", logger="conformance.reference"):
        asyncio.run(play())
    assert "session 1" in caplog.text
