"""Endpoints made of raw sockets: they upgrade as they should, and then do what no library lets a server do."""

import asyncio
import base64
import hashlib
import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.contract.revisions.ga import GA
from conformance.play.bounds import Bounds
from conformance.play.player import Player
from conformance.play.target import Patience, Target
from conformance.play.wire import Wire
from conformance.scenario.audio import clip
from conformance.scenario.load import loads
from conformance.secrets import Scrubber

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CREATED = {"type": "session.created", "event_id": "event_1", "session": {"id": "sess_1", "object": "realtime.session"}}
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
KEY = "sk-canary-0123456789abcdef"
TURN = """\
scenario: A text turn
steps:
  - connect
  - configure: {modalities: text}
  - say: Say hello.
  - respond
  - await: response.done
"""


def frame(payload, opcode=TEXT, fin=True, rsv=0, announced=None, masked=False):
    """Return the bytes of one frame; *announced* lies about its length."""
    data = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    length = len(data) if announced is None else announced
    head = bytes([fin << 7 | rsv << 4 | opcode])
    mask = 0x80 if masked else 0
    if length < 126:
        head += bytes([mask | length])
    elif length < 2**16:
        head += bytes([mask | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + length.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + data


def event(kind, **fields):
    """Return the frame of one event."""
    return frame(json.dumps({"type": kind, "event_id": "event_x", **fields}))


class Raw:
    """A TCP server that answers each upgrade, and leaves the rest of the connection to *behave(reader, writer)*."""

    def __init__(self, behave, *, upgrades=True, headers=""):
        self.behave, self.upgrades, self.headers = behave, upgrades, headers
        self.serving = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/v1/realtime"
        return self

    async def __aexit__(self, *error):
        self.server.close()
        for each in self.serving:
            each.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def _serve(self, reader, writer):
        self.serving.add(asyncio.current_task())
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if self.upgrades and "sec-websocket-key" in request.lower():
                writer.write(self._accepted(request))
                await writer.drain()
            await self.behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.serving.discard(asyncio.current_task())
            writer.transport.abort()

    def _accepted(self, request):
        told = dict(line.lower().split(": ", 1) for line in request.split("\r\n") if ": " in line)
        key = next(line[19:] for line in request.split("\r\n") if line.lower().startswith("sec-websocket-key: "))
        accept = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()
        chosen = "Sec-WebSocket-Protocol: realtime\r\n" if "realtime" in told.get("sec-websocket-protocol", "") else ""
        return (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n{chosen}{self.headers}\r\n"
        ).encode()


def says(*frames, then="wait"):
    """Return a behaviour: send these frames, then `wait` for the client to go, `hold` and read nothing, or `end`."""

    async def behave(reader, writer):
        for each in frames:
            writer.write(each)
        await writer.drain()
        while then == "wait" and await reader.read(65536):
            pass
        if then == "hold":
            await asyncio.Event().wait()

    return behave


def repeats(*frames, first=(), pause=0.0, reads=True):
    """Return a behaviour: after the *first* frames send these again and again, whether the client reads or not."""

    async def behave(reader, writer):
        reading = asyncio.create_task(_read_on(reader)) if reads else None
        for each in first:
            writer.write(each)
        try:
            while reading is None or not reading.done():
                for each in frames:
                    writer.write(each)
                await writer.drain()
                await asyncio.sleep(pause)
        finally:
            if reading is not None:
                reading.cancel()

    return behave


async def _read_on(reader):
    while await reader.read(65536):
        pass


@pytest.fixture
def bytes_of():
    """Return makers of bytes (`frame`, `event`), of behaviours (`says`, `repeats`), and the first event, `created`."""
    created = frame(json.dumps(CREATED))
    return SimpleNamespace(frame=frame, event=event, says=says, repeats=repeats, created=created)


@pytest.fixture
def raw_endpoint(listen):
    """Return `raw_endpoint(behave, **settings) -> url`."""
    return lambda behave, **settings: listen(Raw(behave, **settings)).url


@pytest.fixture
def raw_play():
    """Return `raw_play(behave, script, bounds=…, **patience) -> (conversation, seconds)`: a script played over TCP."""

    def play(behave, text=TURN, *, bounds=None, upgrades=True, headers="", **patience):
        waits = {"connect": 1.0, "first_event": 0.5, "answer": 0.5, "conversation": 10.0, **patience}

        async def within():
            async with Raw(behave, upgrades=upgrades, headers=headers) as server:
                target = Target(server.url, GA, KEY, "m", patience=Patience(**waits), bounds=bounds or Bounds())
                began = time.monotonic()
                conversation = await Player(Wire(target), target, Scrubber((KEY,)), clip).play(
                    loads(text, Path("t.yaml"))
                )
                return conversation, time.monotonic() - began

        return asyncio.run(within())

    return play
