from __future__ import annotations

import pytest

TOOL = {
    "type": "function",
    "name": "f",
    "description": "",
    "parameters": {"type": "object", "properties": {}},
}


def test_an_update_shows_the_whole_session_with_the_new_values(talk):
    before = talk.session()
    (updated,) = talk.update(instructions="Be brief.", tools=[TOOL], tool_choice="none", max_output_tokens=100)
    assert updated["type"] == "session.updated"
    assert talk.setting("instructions") == "Be brief."
    assert talk.setting("tools") == [TOOL]
    assert talk.setting("max_output_tokens") == 100
    assert set(updated["session"]) == set(before)
    assert updated["session"]["id"] == before["id"]


def test_an_update_keeps_what_it_does_not_name(talk):
    talk.update(instructions="Be brief.", turn_detection=None)
    talk.update(voice="echo")
    assert talk.setting("instructions") == "Be brief."
    assert talk.setting("turn_detection") is None
    assert talk.setting("voice") == "echo"
    assert talk.setting("output_format") == talk.dialect.audio_formats["pcm16"]


def test_the_updated_event_does_not_carry_the_clients_id(talk):
    (updated,) = talk.send("session.update", event_id="mine", session=talk.dialect.session({})).hear()
    assert "mine" not in str(updated)


def test_partial_turn_detection_is_completed(talk):
    talk.update(turn_detection={"type": "server_vad", "threshold": 0.7})
    assert talk.setting("turn_detection")["silence_duration_ms"] == 200
    talk.update(turn_detection={"silence_duration_ms": 700})
    assert talk.setting("turn_detection")["threshold"] == 0.7
    talk.update(turn_detection={"type": "semantic_vad"})
    assert talk.setting("turn_detection") == {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    }


def test_a_format_is_replaced_as_a_whole(talk):
    talk.update(input_format="g711_ulaw")
    assert talk.setting("input_format") == talk.dialect.audio_formats["g711_ulaw"]
    talk.update(input_format="pcm16")
    assert talk.setting("input_format") == talk.dialect.audio_formats["pcm16"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"max_output_tokens": 0}, "integer_below_min_value"),
        ({"max_output_tokens": 5000}, "integer_above_max_value"),
        ({"max_output_tokens": "many"}, "invalid_value"),
        ({"max_output_tokens": 1.5}, "invalid_type"),
        ({"speed": 3}, "decimal_above_max_value"),
        ({"turn_detection": {"type": "server_vad", "threshold": 2}}, "decimal_above_max_value"),
        ({"turn_detection": {"type": "psychic"}}, "invalid_value"),
        ({"turn_detection": {"type": "server_vad", "eagerness": "low"}}, "unknown_parameter"),
        ({"instructions": 7}, "invalid_type"),
        ({"instructions": None}, "invalid_type"),
        ({"tool_choice": "maybe"}, "invalid_value"),
        ({"tools": {}}, "invalid_type"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter"),
        ({"modalities": ["text", "smell"]}, "invalid_value"),
        ({"modalities": []}, "invalid_value"),
        ({"input_format": {"type": "audio/mp3"}}, None),
        ({"noise_reduction": {"type": "magic"}}, "invalid_value"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_path_and_nothing_changes(talk, settings, code):
    before = talk.session()
    wrong = talk.dialect.session({"voice": "echo", **settings})
    error = talk.send("session.update", session=wrong).refused()
    assert error["code"] == code or code is None
    (name,) = settings
    assert error["param"].startswith(".".join(("session", *talk.dialect.session_paths[name])))
    talk.update()
    assert talk.session() == before


def test_an_unknown_setting_is_refused(talk):
    error = talk.send("session.update", session=talk.dialect.session({}) | {"bogus_field": 1}).refused()
    assert (error["code"], error["param"]) == ("unknown_parameter", "session.bogus_field")


def test_temperature_is_bounded_in_beta_and_unknown_in_ga(talk):
    error = talk.send("session.update", session=talk.dialect.session({}) | {"temperature": 2}).refused()
    expected = {"ga": "unknown_parameter", "beta": "decimal_above_max_value"}
    assert (error["code"], error["param"]) == (expected[talk.dialect.name], "session.temperature")


def test_the_modalities_that_the_revision_does_not_know_are_refused(talk):
    wrong = {"ga": ["text", "audio"], "beta": ["audio"]}[talk.dialect.name]
    error = talk.send("session.update", session=talk.dialect.session({"modalities": wrong})).refused()
    assert error["code"] == "invalid_value"


def test_ga_needs_the_session_type(new_talk):
    talk = new_talk()
    talk.send("session.update", session={"instructions": "x"})
    if talk.dialect.name == "ga":
        error = talk.refused()
        assert (error["code"], error["param"]) == ("missing_required_parameter", "session.type")
    else:
        assert talk.kinds(talk.hear()) == ["session.updated"]


def test_the_model_never_changes(talk):
    talk.update(model="gpt-another")
    talk.update()
    assert talk.setting("model") == "gpt-realtime"


def test_the_voice_is_fixed_once_it_was_heard(talk):
    talk.update(voice="echo")
    talk.turn("Hello")
    error = talk.send("session.update", session=talk.dialect.session({"voice": "alloy"})).refused()
    assert error["code"] == "cannot_update_voice"
    talk.update(voice="echo", instructions="on")
    assert talk.setting("voice") == "echo"
