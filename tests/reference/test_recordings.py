"""The reference does what real endpoints did: order and fields of recorded sessions."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.reference.audio.sound import tone

TRACES = Path(__file__).resolve().parents[3] / "shared" / "traces"
#: Free of the response's order, or added by the recorder's endpoint on demand.
FREE = ("rate_limits.updated", "conversation.item.input_audio_transcription.")

pytestmark = pytest.mark.skipif(not TRACES.is_dir(), reason=f"no recordings in {TRACES}")


def recording(number):
    (path,) = TRACES.glob(f"{number}-*.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ordered(events):
    return [event for event in events if not event["type"].endswith(".delta") and not event["type"].startswith(FREE)]


def fields(value):
    """The shape of a JSON value: keys of objects, shape of the first element of arrays."""
    if isinstance(value, dict):
        return {key: fields(each) for key, each in value.items() if key != "obfuscation"}
    if isinstance(value, list):
        return [fields(each) for each in value[:1]]
    return None


def replayed(talk, lines):
    """Play the recording's client; sound, which recordings leave out, is made here."""
    calls = []
    heard_sound = False
    for line in lines:
        event = line["event"]
        if line["direction"] != "client":
            continue
        if event["type"] == "input_audio_buffer.append":
            if not heard_sound:
                sound = base64.b64encode(tone("pcm16", 600) + bytes(48_000)).decode()
                talk.send("input_audio_buffer.append", audio=sound)
            heard_sound = True
        else:
            if "call_id" in event.get("item", {}):
                event = {**event, "item": {**event["item"], "call_id": calls.pop()}}
            talk.raw(json.dumps(event))
        calls += [event["call_id"] for event in talk.hear() if event["type"].endswith("arguments.done")]
    return talk.heard


@pytest.mark.parametrize(("number", "name"), [(14, "ga"), (17, "ga"), (18, "ga"), (55, "beta")])
def test_order_and_fields_are_those_of_the_recording(new_talk, dialect, number, name):
    if dialect.name != name:
        pytest.skip(f"recording {number} speaks {name}")
    lines = recording(number)
    said = [line["event"] for line in lines if line["direction"] == "server" and "event" in line]
    said = [{**event, "type": DIALECTS[name].canonical(event["type"])} for event in said]
    ours = replayed(new_talk(), lines)

    assert [event["type"] for event in ordered(ours)] == [event["type"] for event in ordered(said)]
    for own, real in zip(ordered(ours), ordered(said), strict=True):
        assert fields(own) == fields(real), own["type"]

    samples = {event["type"]: fields(event) for event in said if event["type"].endswith(".delta")}
    for event in ours:
        if event["type"] in samples:
            assert fields(event) == samples[event["type"]]
