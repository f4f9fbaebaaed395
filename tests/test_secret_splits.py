"""A secret that is said piece by piece is found, judged and taken out of what leaves the process."""

import json

import pytest

from conformance.play.recorder import Recorder
from conformance.rules import RULES
from conformance.rules.engine.judge import judge_one
from conformance.run.ruling import view_of
from conformance.secret_splits import split_secrets
from conformance.secrets import Scrubber
from conformance.trace.jsonl import dumps
from conformance.trace.trace import Direction, Entry

KEY = "sk-canary-0123456789abcdef"


def told(*pieces):
    """Return a recorder that heard these deltas."""
    recorder = Recorder("t", "ga", Scrubber((KEY,)))
    for number, piece in enumerate(pieces):
        event = {"type": "response.output_text.delta", "event_id": f"e{number}", "item_id": "i", "delta": piece}
        recorder.note(Direction.SERVER, json.dumps(event), number / 10)
    return recorder


@pytest.mark.parametrize(
    "pieces", [("a sk-canary-01", "23456789abcdef b"), tuple(KEY), ("x", KEY[:3], KEY[3:25], "f!")]
)
def test_a_key_in_pieces_is_in_no_trace_and_is_judged(pieces):
    recorder = told(*pieces)
    trace = recorder.result()
    stored = dumps(recorder.scrub.trace(trace)).decode()
    deltas = "".join(json.loads(line)["event"]["delta"] for line in stored.splitlines()[1:])
    judged = judge_one(RULES["connection.the-key-never-comes-back"], view_of(trace))

    assert deltas == "".join(pieces).replace(KEY, "‹token›")
    assert len(judged.findings) >= 2


def test_pieces_of_different_streams_are_no_key():
    entries = [
        Entry(number, Direction.SERVER, event={"type": "response.output_text.delta", "item_id": item, "delta": piece})
        for number, (item, piece) in enumerate([("a", KEY[:13]), ("b", KEY[13:])])
    ]

    assert split_secrets(entries, (KEY,), "x") == {}


def test_a_key_in_one_piece_is_left_to_whoever_scrubs_that():
    assert split_secrets(told(f"a {KEY}", "b").entries, (KEY,), "x") == {}
