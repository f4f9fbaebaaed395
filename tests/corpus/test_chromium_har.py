"""A page in headless Chromium talks to the reference endpoint; what its network panel saw is judged as a HAR."""

import asyncio
import json
import shutil
import subprocess
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect

from conformance.corpus.sources import Source
from conformance.corpus.verdict import Demands, RecordingOutcome, judge_recording
from conformance.reference.server.server import Server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
KEY = "sk-reference-key-0123456789"
#: Opens a session as pages do, holds a text turn, and closes.
SCRIPT = """
new Promise((done, failed) => {
  const line = new WebSocket(%(url)s, ["realtime", "openai-insecure-api-key.%(key)s"]);
  const say = (event) => line.send(JSON.stringify(event));
  line.onerror = () => failed(new Error("the socket failed"));
  line.onclose = () => done("closed");
  line.onmessage = (message) => {
    const event = JSON.parse(message.data);
    if (event.type === "session.created") {
      say({type: "session.update", session: {type: "realtime", output_modalities: ["text"]}});
      say({type: "conversation.item.create", item: {type: "message", role: "user",
           content: [{type: "input_text", text: "Say hello."}]}});
      say({type: "response.create"});
    }
    if (event.type === "rate_limits.updated") line.close(1000);
  };
})
"""


@asynccontextmanager
async def devtools(profile):
    """Start a browser, and give a connection to its DevTools."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("needs chromium")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command = [program, *flags, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
    running = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while not (told := await running.stderr.readline()).startswith(b"DevTools listening on "):
            assert told, "the browser ended before it listened"
        async with connect(told.decode().split()[-1], max_size=None) as line:
            yield line
    finally:
        running.terminate()
        await running.communicate()


class Panel:
    """The network panel: what DevTools tell of the sockets of a page."""

    def __init__(self, line):
        self.line = line
        self.number = 0
        self.told = []

    async def ask(self, method, session=None, **params):
        self.number += 1
        asked = {"id": self.number, "method": method, "params": params}
        await self.line.send(json.dumps(asked | ({"sessionId": session} if session else {})))
        async for text in self.line:
            answer = json.loads(text)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.told.append(answer)
        raise AssertionError("the browser went away")

    def har(self):
        """Put it into a HAR, as the panel's own export does."""
        seen = {}
        for each in self.told:
            seen.setdefault(each["method"], []).append(each["params"])
        asked = seen["Network.webSocketWillSendHandshakeRequest"][0]
        answered = seen["Network.webSocketHandshakeResponseReceived"][0]["response"]
        offset = asked["wallTime"] - asked["timestamp"]
        kinds = {"Network.webSocketFrameSent": "send", "Network.webSocketFrameReceived": "receive"}
        messages = [
            {
                "type": kinds[each["method"]],
                "time": each["params"]["timestamp"] + offset,
                "opcode": each["params"]["response"]["opcode"],
                "data": each["params"]["response"]["payloadData"],
            }
            for each in self.told
            if each["method"] in kinds
        ]
        entry = {
            "_resourceType": "websocket",
            "_webSocketMessages": messages,
            "request": {
                "method": "GET",
                "url": seen["Network.webSocketCreated"][0]["url"],
                "headers": _pairs(asked["request"]["headers"]),
            },
            "response": {"status": answered["status"], "headers": _pairs(answered["headers"])},
        }
        return {"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": [entry]}}


def _pairs(headers):
    return [{"name": name, "value": value} for name, value in headers.items()]


async def _recorded(profile):
    async with asyncio.timeout(90), Server(tokens=(KEY,)) as server, devtools(profile) as line:
        panel = Panel(line)
        page = await panel.ask("Target.createTarget", url="about:blank")
        session = (await panel.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True))["sessionId"]
        await panel.ask("Network.enable", session)
        script = SCRIPT % {"url": json.dumps(f"{server.url}?model=gpt-realtime"), "key": KEY}
        done = await panel.ask("Runtime.evaluate", session, expression=script, awaitPromise=True)
        assert done["result"]["value"] == "closed", done
        return panel.har()


def test_a_har_of_a_real_browser_is_judged(tmp_path):
    har = asyncio.run(_recorded(tmp_path / "profile"))
    path = tmp_path / "page.har"
    path.write_text(json.dumps(har), encoding="utf-8")

    (recording,) = Source(str(path)).recordings()
    verdict = judge_recording(recording, Demands())

    assert (verdict.kind, verdict.findings) == (RecordingOutcome.CLEAN, ())
    assert {"connection.browsers-get-a-subprotocol", "usage.total-is-the-sum"} <= verdict.held.keys()
    assert (recording.trace.handshake.auth, recording.trace.handshake.status) == ("subprotocol", 101)
    assert KEY in json.dumps(har)
    assert KEY not in str(recording.trace)
