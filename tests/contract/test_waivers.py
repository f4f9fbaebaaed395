"""What bundled profiles excuse: what is known of the vendor comes out clean, and nothing else is excused with it."""

from pathlib import Path

import pytest

from conformance.contract.profile import load_profile
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.run.ruling import rule_on, view_of
from conformance.trace.jsonl import load
from conformance.trace.trace import Direction, End, EndKind, Entry, Handshake, Trace

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "traces"
XAI = RECORDINGS / "36-xai-ga-compat-text-in-audio-out-turn.jsonl"


def broken(trace, profile):
    rulings = rule_on((view_of(trace),), tuple(RULES.values()), load_profile(profile).waivers)
    return {name: each.findings for name, each in rulings.items() if each.verdict is Verdict.FAIL}


@pytest.mark.skipif(not XAI.is_file(), reason="needs the recordings in ../shared/traces")
def test_what_xai_was_recorded_to_say_is_excused_by_its_profile():
    assert broken(load(XAI), "xai") == {}


def heard(*events):
    entries = tuple(Entry(n, Direction.SERVER, n / 10, event) for n, event in enumerate(events))
    return Trace(
        entries, "ga", Handshake("wss://x/v1/realtime", status=101), End(EndKind.CLOSED, Direction.CLIENT, 1000)
    )


BEGINNING = {"type": "session.created", "id": "sess_1", "created": 1}


def test_what_vllm_says_is_excused_by_its_profile():
    assert broken(heard(BEGINNING, {"type": "error", "error": "no model", "code": "x"}), "vllm") == {}


@pytest.mark.parametrize("profile", ["vllm", "xai"])
def test_a_profile_that_excuses_fields_excuses_no_others(profile):
    other = {"type": "input_audio_buffer.cleared", "event_id": 7}
    delta = {"type": "response.output_text.delta", "event_id": "e1", "delta": 7}

    assert "envelope.fits-its-schema" in broken(heard(BEGINNING, other, delta), profile)
