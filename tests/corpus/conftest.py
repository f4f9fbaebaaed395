"""Recordings to be judged, made from plain events."""

import gzip
import json
from pathlib import Path

import pytest

from conformance.mutants.rehearsal import rehearse
from conformance.resources import folder
from conformance.scenario.load import load
from conformance.trace.jsonl import dumps

SESSION = {"type": "session.created", "event_id": "event_1", "session": {"object": "realtime.session"}}
TWICE = [SESSION, {"type": "response.done", "event_id": "event_1", "response": {}}]


def write(path, *events):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(json.dumps(each) + "\n" for each in events).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture(scope="session")
def turn():
    """Return the trace of a text turn on the reference endpoint."""
    (trace,) = rehearse(load(folder("scenarios") / "response" / "text_turn.yaml"), "ga").traces
    return trace


@pytest.fixture
def corpus(tmp_path, turn):
    """Return a folder with good conversations, a broken one, one of another protocol and a file that cannot be read."""
    home = tmp_path / "corpus"
    for number in range(12):
        path = home / f"day{number % 2}" / f"{number:02}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dumps(turn))
    write(home / "day0" / "90-broken.jsonl", *TWICE)
    write(home / "day1" / "91-stranger.jsonl", {"type": "ping"}, {"type": "pong"})
    (home / "day1" / "92-unreadable.jsonl").write_text("{oops\n", encoding="utf-8")
    return home


@pytest.fixture
def recordings():
    """Return the recordings of real endpoints, where the knowledge folder is at hand."""
    home = Path(__file__).parents[2].parent / "shared" / "traces"
    if not home.is_dir():
        pytest.skip("the recordings of real endpoints are not at hand")
    return sorted(home.glob("*.jsonl"))
