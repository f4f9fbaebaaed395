"""The reference lets a real tool server be called: a small one, over HTTP, in the JSON-RPC of MCP."""

import asyncio
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from conformance.commands.selftest import found_in
from conformance.contract.dialects import DIALECTS
from conformance.mutants.rehearsal import bundled
from conformance.play.player import Outcome, Player
from conformance.play.target import Target
from conformance.play.wire import Wire
from conformance.reference.server.server import Server
from conformance.reference.session.tool_servers import ToolServerFailed
from conformance.rules import RULES
from conformance.rules.engine.judge import judge_one
from conformance.scenario.audio import clip
from conformance.secrets import Scrubber
from conformance.trace.views import View

GA = DIALECTS["ga"]
ECHO = {
    "name": "echo",
    "description": "Says what it is told.",
    "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
}


class Echoing(BaseHTTPRequestHandler):
    """A tool server with one tool."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked["method"])
        arguments = asked.get("params", {}).get("arguments", {})
        results = {
            "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {}},
            "tools/list": {"tools": [ECHO]},
            "tools/call": {"content": [{"type": "text", "text": str(arguments.get("text"))}], "isError": False},
        }
        if "id" not in asked:
            self.send_response(202)
            self.end_headers()
            return
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": results[asked["method"]]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


class OverHttp:
    """What the reference needs of a tool server, asked for over HTTP."""

    def __init__(self, tool):
        self.url, self.number = tool["server_url"], 0
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
        self.ask("initialize", params)
        self.ask("notifications/initialized", None, notify=True)

    def ask(self, method, params, *, notify=False):
        self.number += 1
        asked = {"jsonrpc": "2.0", "method": method, **({} if notify else {"id": self.number, "params": params or {}})}
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        try:
            with urlopen(Request(self.url, json.dumps(asked).encode(), headers), timeout=5) as answer:
                return None if notify else json.load(answer)["result"]
        except (URLError, OSError) as failure:
            raise ToolServerFailed(str(failure)) from failure

    def tools(self):
        told = self.ask("tools/list", {})["tools"]
        return [{"name": t["name"], "description": t["description"], "input_schema": t["inputSchema"]} for t in told]

    def call(self, name, arguments):
        told = self.ask("tools/call", {"name": name, "arguments": json.loads(arguments)})
        return "".join(part["text"] for part in told["content"])


@pytest.fixture
def tool_server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echoing)
    server.asked = []
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def played_with(url):
    async def play():
        async with Server(tokens=("k",), tool_servers=OverHttp) as server:
            target = Target(server.url, GA, "k", "gpt-realtime", tool_server=url)
            return await Player(Wire(target), target, Scrubber(), clip).play(bundled("tools/mcp_server"))

    return asyncio.run(play())


def test_a_small_tool_server_is_listed_and_called(tool_server):
    played = played_with(f"http://127.0.0.1:{tool_server.server_address[1]}/mcp")

    (trace,) = played.traces
    assert (played.outcome, played.message) == (Outcome.PLAYED, "")
    assert tool_server.asked == ["initialize", "notifications/initialized", "tools/list", "tools/call"]
    assert found_in(trace) == frozenset()
    assert all(judge_one(RULES[rule], View(trace, GA)).held for rule in played.scenario.proves)


def test_a_tool_server_that_is_not_there_is_told(tool_server):
    port = tool_server.server_address[1]
    tool_server.socket.close()  # nobody listens there any more
    played = played_with(f"http://127.0.0.1:{port}/mcp")

    (trace,) = played.traces
    assert "mcp_list_tools.failed" in {entry.type for entry in trace}
    assert found_in(trace) == frozenset()
