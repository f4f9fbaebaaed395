from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import subprocess
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from conformance.errors import UsageError
from conformance.reference.server.admission import AcceptThenClose, Admitted
from conformance.reference.server.server import named
from conformance.reference.server.serving import Serving, greeting, serve_forever

TOKEN = "sk-nobody-may-read-this"


@pytest.fixture
def served(tmp_path):
    """The command, running; its first lines are read."""
    script = tmp_path / "script.yaml"
    script.write_text("script: A parrot\nanswers: [{say: 'You said {user}'}]", encoding="utf-8")
    code = "import sys; from conformance.commands.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "serve", "--script", str(script), "--pace", "instant"]
    with subprocess.Popen(
        command,
        env={**os.environ, "REALTIME_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        url = re.search(r"ws://\S+", running.stdout.readline()).group()
        yield running, url
        running.kill()


def dial(url):
    return connect(f"{url}?model=gpt-realtime", additional_headers={"Authorization": f"Bearer {TOKEN}"})


async def forever(client):
    while True:
        await client.recv()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(served, number):
    running, url = served

    async def talk():
        async with asyncio.timeout(20), dial(url) as client:
            content = [{"type": "input_text", "text": "Polly"}]
            item = {"type": "message", "role": "user", "content": content}
            await client.send(json.dumps({"type": "conversation.item.create", "item": item}))
            asked = {"output_modalities": ["text"]}
            await client.send(json.dumps({"type": "response.create", "response": asked}))
            events = [json.loads(await client.recv())]
            while events[-1]["type"] != "response.done":
                events.append(json.loads(await client.recv()))
            running.send_signal(number)
            with pytest.raises(ConnectionClosed) as closed:
                await forever(client)
            return events[-1]["response"]["output"][0]["content"][0]["text"], closed.value.rcvd.code

    assert asyncio.run(talk()) == ("You said Polly", 1001)
    assert running.wait(10) == 0
    said, logged = running.stdout.read(), running.stderr.read()
    assert "dialect:" in said
    assert "try it:" in said
    assert said.endswith("stopped\n")
    (line,) = logged.splitlines()
    assert re.search(
        r"session 1: ga conversation, gpt-realtime; \d\.\d s, 2 frames received, \d+ sent, closed 1001",
        line,
    )
    assert TOKEN not in logged


def test_the_greeting_tells_how_to_use_it():
    lines = greeting(Serving(token=TOKEN, quirks="real-openai-2026-09"), "ws://127.0.0.1:1/v1/realtime")
    assert [line.partition(":")[0] for line in lines] == ["listening", "token", "dialect", "try it", "or"]
    assert sum(TOKEN in line for line in lines) == 1
    assert "real-openai-2026-09" in lines[2]
    assert "--endpoint=ws://127.0.0.1:1/v1/realtime" in lines[3]


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"quirks": "real-nobody"}, "there are no quirks"),
        ({"key": "key.pem"}, "without a certificate"),
        ({"cert": "nowhere.pem"}, "cannot be used"),
        ({"host": "203.0.113.1"}, "cannot listen on"),
    ],
)
def test_what_cannot_be_served_is_one_clear_error(wanted, complaint, monkeypatch):
    log = logging.getLogger("conformance.reference")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    with pytest.raises(UsageError, match=complaint):
        serve_forever(Serving(**wanted), [].append)


def test_the_log_names_no_more_than_was_admitted():
    assert named(Admitted("ga", "gpt-real\nsession 2: closed")) == "ga conversation, gpt-real\\nsession 2: closed"
    refused = AcceptThenClose({"type": "invalid_request_error", "code": "invalid_api_key"}, 3000)
    assert named(refused) == "refused, invalid_request_error.invalid_api_key"
