import pytest

from conformance.contract.dialects import DIALECTS
from conformance.trace.latency import latency_of, measured, percentile, summary
from conformance.trace.trace import Direction, Entry, Handshake, Trace
from conformance.trace.views import View


def view_of(*lines):
    entries = tuple(
        Entry(index, Direction(who), at=at, event={"type": kind, **fields})
        for index, (who, at, kind, fields) in enumerate(lines)
    )
    return View(Trace(entries, "ga", Handshake("wss://example.test/v1/realtime", status=101)), DIALECTS["ga"])


def response(name):
    return {"response": {"id": name}}


def delta(name):
    return {"response_id": name, "item_id": "item_1", "content_index": 0, "delta": "a"}


ASKED = (
    ("server", 0.2, "session.created", {}),
    ("client", 1.0, "response.create", {}),
    ("server", 1.1, "response.created", response("resp_1")),
    ("server", 1.5, "response.output_audio_transcript.delta", delta("resp_1")),
    ("server", 1.7, "response.output_audio.delta", delta("resp_1")),
    ("server", 2.0, "response.output_audio.delta", delta("resp_1")),
    ("server", 2.5, "response.done", response("resp_1")),
)


def test_a_response_is_timed_from_the_moment_it_was_asked_for():
    latency = latency_of(view_of(*ASKED))

    (timed,) = latency.responses
    assert latency.session_created == 0.2
    assert timed.id == "resp_1"
    told = (timed.created, timed.first_text, timed.first_audio, timed.done)
    assert told == pytest.approx((0.1, 0.5, 0.7, 1.5))
    assert timed.gaps == pytest.approx((0.2, 0.3))


def test_a_response_to_speech_is_timed_from_the_commit_of_its_turn():
    latency = latency_of(
        view_of(
            ("server", 3.0, "input_audio_buffer.speech_started", {"item_id": "item_1"}),
            ("server", 5.0, "input_audio_buffer.speech_stopped", {"item_id": "item_1"}),
            ("server", 5.1, "input_audio_buffer.committed", {"item_id": "item_1"}),
            ("server", 5.3, "response.created", response("resp_1")),
        )
    )

    assert latency.responses[0].created == pytest.approx(0.2)
    assert latency.responses[0].done is None


def test_the_first_sound_after_speech_is_timed_from_the_end_of_the_speech():
    latency = latency_of(
        view_of(
            ("server", 3.0, "input_audio_buffer.speech_started", {"item_id": "item_1"}),
            ("server", 5.0, "input_audio_buffer.speech_stopped", {"item_id": "item_1"}),
            ("server", 5.3, "response.created", response("resp_1")),
            ("server", 5.7, "response.output_audio.delta", delta("resp_1")),
        )
    )

    assert measured([latency])["audio_after_speech"] == pytest.approx((0.7,))
    assert measured([latency_of(view_of(*ASKED))])["audio_after_speech"] == ()


def test_what_the_recorder_did_not_time_stays_unknown():
    untimed = tuple((who, None, kind, fields) for who, _, kind, fields in ASKED)

    latency = latency_of(view_of(*untimed))

    assert latency.session_created is None
    assert latency.responses[0].created is None
    assert latency.responses[0].gaps == ()
    assert summary(measured([latency])) == {}


def test_a_percentile_lies_between_its_neighbours():
    assert percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 2.5
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([], 0.5) is None


def test_a_summary_counts_only_what_was_timed():
    latency = latency_of(view_of(*ASKED))

    told = summary(measured([latency, latency]))

    assert told["session_created"]["count"] == 2
    assert told["between_deltas"]["count"] == 4
    assert told["between_deltas"]["max"] == pytest.approx(0.3)
    assert told["response_done"]["p50"] == pytest.approx(1.5)
