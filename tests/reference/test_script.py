from __future__ import annotations

import base64
import json
import wave

import pytest

from conformance.commands.lint import remarks
from conformance.reference.audio.sound import tone
from conformance.reference.session.script import ScriptError, lint_script, load_script

DESK = """
script: The weather desk
answers:
  - when: {tool_says: degrees}
    say: "It is {tool} outside."
  - when: {says: weather}
    call: {name: get_weather, arguments: {city: Paris}}
  - when: {matches: '^wait (a|one)'}
    takes: 5
    say: "You said: {user}"
  - when: {says: both}
    say: Two calls.
    call: [{name: one}, {name: two}]
  - when: {says: break}
    fail: {code: overloaded, message: Too much.}
  - when: {says: sing}
    say: la la la la
    sound: song.wav
"""


@pytest.fixture
def desk(tmp_path, new_talk):
    """A conversation with a scripted model."""
    with wave.open(str(tmp_path / "song.wav"), "wb") as song:
        song.setparams((1, 2, 24_000, 0, "NONE", ""))
        song.writeframes(tone("pcm16", 950))
    path = tmp_path / "desk.yaml"
    path.write_text(DESK, encoding="utf-8")
    talk = new_talk(scripted_model=load_script(path))
    talk.hear()
    return talk


def response(talk, text, **settings):
    return talk.only(talk.turn(text, modalities="text", **settings), "response.done")["response"]


def written(shown):
    (item,) = shown["output"]
    return item["content"][0]["text"]


def test_a_tool_is_called_and_its_output_is_told_not_asked_for_again(desk):
    (call,) = response(desk, "How is the WEATHER?")["output"]
    assert (call["name"], json.loads(call["arguments"])) == ("get_weather", {"city": "Paris"})
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "12 degrees"}
    desk.send("conversation.item.create", item=output).respond(modalities="text")
    assert written(desk.only(desk.hear(), "response.done")["response"]) == "It is 12 degrees outside."


def test_an_answer_takes_its_time_and_can_be_cancelled_in_it(desk):
    desk.say("Wait a moment").respond(modalities="text")
    desk.hear_until("response.created")
    began = desk.line.clock.now
    desk.hear_until("response.output_item.added")
    assert desk.line.clock.now - began >= 5
    assert written(desk.only(desk.hear(), "response.done")["response"]) == "You said: Wait a moment"
    desk.respond().hear_until("response.created")
    desk.send("response.cancel")
    cancelled = desk.only(desk.hear(), "response.done")["response"]
    assert (cancelled["status"], cancelled["output"]) == ("cancelled", [])
    assert cancelled["usage"]["total_tokens"] == 0


def test_a_message_and_calls_make_one_response(desk):
    shown = response(desk, "Do both")
    assert [item["type"] for item in shown["output"]] == ["message", "function_call", "function_call"]


def test_a_failure_has_its_code(desk):
    shown = response(desk, "Please break")
    assert (shown["status"], shown["status_details"]["error"]["code"]) == ("failed", "overloaded")


def test_what_the_script_does_not_know_the_own_model_answers(desk):
    assert written(response(desk, "Say exactly: so be it")) == "so be it"


@pytest.mark.parametrize(("audio_format", "size"), [("pcm16", 950 * 48), ("g711_ulaw", 950 * 8)])
def test_a_recording_is_played_in_the_session_s_format(desk, audio_format, size):
    desk.update(output_format=audio_format)
    events = desk.turn("Sing")
    sound = b"".join(
        base64.b64decode(event["delta"]) for event in events if event["type"] == "response.output_audio.delta"
    )
    assert len(sound) == size
    assert desk.only(events, "response.output_audio_transcript.done")["transcript"] == "la la la la"
    if audio_format == "pcm16":
        assert sound == tone("pcm16", 950)
    item = desk.only(events, "response.output_item.done")["item"]["id"]
    desk.send("conversation.item.retrieve", item_id=item)
    assert base64.b64decode(desk.hear()[-1]["item"]["content"][0]["audio"]) == sound


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("script: x", "answers"),
        ("script: x\nanswers: []", "answers"),
        ("script: x\nanswer: []\nanswers: [{say: a}]", "Did you mean 'answers'?"),
        ("script: x\nanswers: [{takes: 5}]", "desk.yaml:2:"),
        ("script: x\nanswers: [{when: {says: a, matches: b}, say: c}]", "answers.0.when"),
        ("script: x\nanswers: [{when: {matches: '('}, say: c}]", "not a regular expression"),
        ("script: x\nanswers: [{say: c, sound: nowhere.wav}]", "cannot be read"),
        ("script: x\nanswers:\n  - say: c\n  - say: d", "answer 1 fits everything: the answer after it"),
        ("script: [", "not YAML"),
    ],
)
def test_a_broken_script_is_told_with_its_place(tmp_path, text, complaint):
    path = tmp_path / "desk.yaml"
    path.write_text(text, encoding="utf-8")
    (line,) = lint_script(path)
    assert complaint in line


def test_a_good_script_has_no_complaints_and_a_bad_one_is_not_served(tmp_path):
    path = tmp_path / "desk.yaml"
    path.write_text("script: x\nanswers: [{say: hello}]", encoding="utf-8")
    assert lint_script(path) == []
    path.write_text("answers: 3", encoding="utf-8")
    with pytest.raises(ScriptError):
        load_script(path)


def test_the_command_that_reads_scenarios_reads_scripts_too(tmp_path):
    path = tmp_path / "desk.yaml"
    path.write_text("script: x\nanswers: [{sing: a}]", encoding="utf-8")
    (remark,) = remarks(path)
    assert str(remark).startswith(f"{path}:2:")
