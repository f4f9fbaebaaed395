"""`serve --upstream`: the scripted upstream alone."""

import os
import re
import signal
import subprocess
import sys

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from conformance.commands.serve_upstream import scripts_of
from conformance.errors import UsageError
from conformance.trace.jsonl import load
from conformance.trace.trace import EndKind

KEY = "sk-of-the-gateway-000000"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")
def test_it_does_what_the_scenario_says_and_keeps_what_it_saw(tmp_path):
    code = "import sys; from conformance.commands.cli import main; main(sys.argv[1:])"
    more = ["--upstream=relay/closed_by_the_upstream", f"--traces={tmp_path}", f"--token={KEY}"]
    with subprocess.Popen([sys.executable, "-c", code, "serve", *more], stdout=subprocess.PIPE, text=True) as running:
        url = re.search(r"ws://\S+", running.stdout.readline()).group()
        headers = {"Authorization": f"Bearer {KEY}"}
        with connect(f"{url}?model=gpt-realtime", additional_headers=headers, proxy=None) as client:
            client.recv()
            client.send('{"type": "response.create"}')
            with pytest.raises(ConnectionClosedError) as closed:
                list(iter(client.recv, None))
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=20)

    seen = load(tmp_path / "session-1.upstream.jsonl")
    assert closed.value.rcvd.code == 4000
    assert (seen.end.kind, seen.end.code) == (EndKind.CLOSED, 4000)
    assert "session 1: bearer, gpt-realtime" in said
    assert KEY not in said + (tmp_path / "session-1.upstream.jsonl").read_text()


@pytest.mark.parametrize(
    ("scenario", "told"), [("nowhere", "there is no scenario"), ("response/text_turn", "has no section `upstream`")]
)
def test_a_scenario_without_an_upstream_is_one_message(scenario, told):
    with pytest.raises(UsageError, match=told):
        scripts_of(scenario)
