"""What bundled profiles excuse: what is known of the vendor comes out clean, and nothing else is excused with it."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.contract.profile import load_profile
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.run.ruling import rule_on, view_of
from conformance.trace.jsonl import load
from conformance.trace.trace import Direction
from tests.contract.vendor_events import client, conversation, localai, server, speaches, speech_to_speech

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "traces"
XAI = RECORDINGS / "36-xai-ga-compat-text-in-audio-out-turn.jsonl"
BEGINNING = {"type": "session.created", "id": "sess_1", "created": 1}


def broken(trace, profile, verdicts=(Verdict.FAIL,)):
    rulings = rule_on((view_of(trace),), tuple(RULES.values()), load_profile(profile).waivers)
    return {name: each.findings for name, each in rulings.items() if each.verdict in verdicts}


def heard(*events):
    return conversation("ga", *((Direction.SERVER, event) for event in events))


def without(trace, kind):
    return replace(trace, entries=tuple(each for each in trace.entries if each.type != kind))


@pytest.mark.skipif(not XAI.is_file(), reason="needs the recordings in ../shared/traces")
def test_what_xai_was_recorded_to_say_is_excused_by_its_profile():
    assert broken(load(XAI), "xai", (Verdict.FAIL, Verdict.WARNING)) == {}


def test_what_vllm_says_is_excused_by_its_profile():
    assert broken(heard(BEGINNING, {"type": "error", "error": "no model", "code": "x"}), "vllm") == {}


@pytest.mark.parametrize(("told", "profile"), [(speaches, "speaches"), (speech_to_speech, "hf-speech-to-speech")])
def test_what_a_vendor_s_source_sends_is_excused_by_its_profile(told, profile):
    assert broken(told(), "anyone")
    assert broken(told(), profile) == {}


def test_what_localai_itself_would_call_a_bug_is_not_excused():
    assert set(broken(localai(), "localai")) == {"streaming.part-holds-what-its-type-says"}


@pytest.mark.parametrize("profile", ["vllm", "xai", "localai"])
def test_a_profile_that_excuses_fields_excuses_no_others(profile):
    other = {"type": "input_audio_buffer.cleared", "event_id": 7}
    delta = {"type": "response.output_text.delta", "event_id": "e1", "delta": 7}

    assert "envelope.fits-its-schema" in broken(heard(BEGINNING, other, delta), profile)


@pytest.mark.parametrize(
    ("told", "profile", "rule"),
    [
        (lambda: without(localai(), "response.content_part.done"), "localai", "ordering.content-part-done-comes"),
        (lambda: speaches(server("response.done", response={"id": "resp_1", "status": "completed"})),
         "speaches", "ordering.response-done-comes-once"),
        (lambda: speech_to_speech(server("input_audio_buffer.speech_stopped", audio_end_ms=1, item_id="item_3")),
         "hf-speech-to-speech", "turns.speech-alternates"),
        (lambda: without(speech_to_speech(client("session.update", session={"type": "realtime"})),
                         "conversation.item.created"),
         "hf-speech-to-speech", "items.creation-is-answered"),
    ],
)  # fmt: skip
def test_what_the_vendor_does_right_today_is_judged(told, profile, rule):
    assert rule in broken(told(), profile)


def test_speaches_is_asked_for_what_its_documents_promise_and_for_nothing_else():
    profile = load_profile("speaches")

    assert profile.features is not None
    assert {"cancel", "retrieve", "transcription_session"} & profile.features == {"cancel"}


def test_who_answers_in_no_text_is_not_asked_for_any():
    assert load_profile("vllm").features == {"input_audio"}
    assert "text_output" not in (load_profile("xai").features or {"text_output"})


def test_nobody_is_expected_to_refuse_what_it_documents():
    preview, speech = load_profile("azure-preview").features, load_profile("hf-speech-to-speech").features

    assert preview is not None
    assert {"retrieve", "semantic_vad"} <= preview
    assert speech is not None
    assert "out_of_band" in speech
