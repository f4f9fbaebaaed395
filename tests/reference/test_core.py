from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract.dialects import DIALECTS
from conformance.reference.session.core import FEATURES, Endpoint

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "item",
        "session",
        "response",
        "audio",
        "item_id",
        "content_index",
        "audio_end_ms",
        "previous_item_id",
        "event_id",
        "response_id",
        "content",
        "role",
        "tools",
        "turn_detection",
        "instructions",
        "input",
    ]
)
KINDS = st.sampled_from(sorted(DIALECTS["ga"].client_events | DIALECTS["beta"].client_events))
NESTED = st.recursive(JSON, lambda inner: st.dictionaries(NAMES, inner, max_size=5), max_leaves=10)


def test_the_session_begins_with_the_whole_session_object(talk):
    (created,) = talk.heard
    assert created["type"] == "session.created"
    assert created["session"]["object"] == "realtime.session"
    assert created["session"]["id"].startswith("sess_")


def test_every_event_has_its_own_id(talk):
    talk.turn("Say exactly: one two three")
    ids = [event["event_id"] for event in talk.heard]
    assert len(set(ids)) == len(ids)


def test_the_same_seed_says_the_same(new_talk):
    first, second = (new_talk(seed="x", wall=lambda: 0.0) for _ in range(2))
    first.turn("Hello")
    second.turn("Hello")
    assert first.heard == second.heard


@pytest.mark.parametrize(
    ("frame", "code", "param"),
    [
        ("not json", "invalid_json", None),
        ("[1]", "invalid_event", None),
        ("null", "invalid_event", None),
        (b"\x00\x01", "invalid_event", None),
        ("{}", "invalid_event", "type"),
        ('{"type": "nope"}', "invalid_value", "type"),
        ('{"type": 3}', "invalid_type", "type"),
        ('{"type": "response.cancel", "event_id": 3}', "invalid_type", "event_id"),
        ('{"type": "conversation.item.create"}', "missing_required_parameter", "item"),
        ('{"type": "conversation.item.create", "item": 3}', "invalid_type", "item"),
        ('{"type": "input_audio_buffer.append", "audio": 3}', "invalid_type", "audio"),
        ('{"type": "response.create", "response": []}', "invalid_type", "response"),
        ('{"type": "response.create", "surprise": 1}', "unknown_parameter", "surprise"),
        (
            '{"type": "response.create", "response": {"metadata": {"a": 1}}}',
            "invalid_type",
            "response.metadata.a",
        ),
        ("[" * 2000 + "]" * 2000, "invalid_json", None),
        ('{"type": ' + '{"a":' * 300 + "1" + "}" * 300 + "}", "invalid_event", None),
    ],
)
def test_a_wrong_frame_is_refused_and_the_session_lives(talk, frame, code, param):
    error = talk.raw(frame).refused()
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
    assert [event["type"] for event in talk.update(instructions="on")] == ["session.updated"]


def test_an_error_names_the_event_that_it_answers(talk):
    assert talk.send("response.cancel", event_id="mine").refused()["event_id"] == "mine"
    assert talk.send("response.cancel").refused()["event_id"] is None


def test_hooks_see_every_event_in_both_directions(talk):
    heard, said = [], []
    talk.line.endpoint.receives = lambda event: (heard.append(event["type"]), (event,))[1]
    talk.line.endpoint.sends = lambda event: (said.append(event["type"]), (event,))[1]
    talk.turn("Hello")
    assert heard == ["conversation.item.create", "response.create"]
    assert len(said) == len(talk.heard) - 1


@pytest.mark.parametrize(
    ("feature", "kind", "fields"),
    [
        ("truncate", "conversation.item.truncate", {"item_id": "x", "content_index": 0, "audio_end_ms": 0}),
        ("retrieve", "conversation.item.retrieve", {"item_id": "x"}),
        ("delete", "conversation.item.delete", {"item_id": "x"}),
        ("input_audio", "input_audio_buffer.append", {"audio": "AAAA"}),
        ("out_of_band", "response.create", {"response": {"conversation": "none"}}),
    ],
)
def test_a_feature_that_is_off_is_refused_and_the_session_lives(new_talk, feature, kind, fields):
    talk = new_talk(features=FEATURES - {feature})
    error = talk.send(kind, **fields).refused()
    assert error["code"] == "invalid_value"
    assert talk.kinds(talk.update(instructions="on")) == ["session.updated"]


@pytest.mark.parametrize(
    ("feature", "settings"),
    [
        ("audio_output", {"modalities": "audio"}),
        ("transcription", {"transcription": {"model": "whisper-1"}}),
        ("tools", {"tools": [{"type": "function", "name": "f"}]}),
        ("server_vad", {"turn_detection": {"type": "server_vad"}}),
        ("semantic_vad", {"turn_detection": {"type": "semantic_vad"}}),
    ],
)
def test_a_setting_of_a_feature_that_is_off_is_refused(new_talk, feature, settings):
    talk = new_talk(features=FEATURES - {feature})
    error = talk.send("session.update", session=talk.dialect.session(settings)).refused()
    assert error["code"] == "invalid_value"
    assert talk.kinds(talk.turn("Hello"))[-1] in ("response.done", "rate_limits.updated")


def test_a_session_expires_with_an_error_and_a_close(new_talk):
    talk = new_talk(lifetime=120.0)
    talk.hear(within=200.0)
    assert talk.heard[-1]["error"]["code"] == "session_expired"
    assert (talk.closed.code, talk.closed.reason) == (
        1001,
        "Your session hit the maximum duration of 2 minutes.",
    )


def test_a_transcription_session_never_responds(new_talk):
    talk = new_talk(intent="transcription")
    (created,) = talk.heard
    assert created["session"]["object"] == "realtime.transcription_session"
    assert "create_response" not in talk.setting("turn_detection")
    assert talk.respond().refused()["param"] == "type"


def test_a_transcription_session_is_configured_under_its_own_name(new_talk):
    talk = new_talk(intent="transcription")
    beta = talk.dialect.name == "beta"
    kind = "transcription_session.update" if beta else "session.update"
    session = talk.dialect.session({"transcription": {"model": "whisper-1"}})
    (updated,) = talk.send(kind, session=session if beta else session | {"type": "transcription"}).hear()
    assert updated["type"] == ("transcription_session.updated" if beta else "session.updated")
    assert talk.setting("transcription") == {"model": "whisper-1", "language": None, "prompt": None}


def test_an_endpoint_never_raises_and_lives_on_after_garbage():
    @given(
        st.sampled_from(sorted(DIALECTS)),
        st.lists(
            st.text(max_size=30)
            | st.binary(max_size=10)
            | JSON.map(json.dumps)
            | st.builds(lambda kind, rest: json.dumps({**rest, "type": kind}), KINDS, st.dictionaries(NAMES, NESTED)),
            max_size=6,
        ),
    )
    def property_holds(name, frames):
        dialect, now = DIALECTS[name], [0.0]
        endpoint = Endpoint(dialect, clock=lambda: now[0])
        endpoint.open()
        for frame in frames:
            endpoint.receive(frame)
            now[0] += 1
            endpoint.tick()
        answers = endpoint.receive(json.dumps({"type": "session.update", "session": dialect.session({})}))
        assert [event["type"] for event in answers if event["type"] == "session.updated"]

    property_holds()
