from __future__ import annotations

import base64
import random

import pytest

from conformance.reference.audio.sound import FORMATS, tone
from conformance.reference.session.items import REMEMBERED

BARGE_IN = "Count from 1 to 200"


def silence(name, milliseconds):
    quiet = {"pcm16": b"\0", "g711_ulaw": b"\xff", "g711_alaw": b"\xd5"}[name]
    return quiet * (milliseconds * FORMATS[name].bytes_per_ms)


def speech(name="pcm16", milliseconds=600):
    return tone(name, milliseconds)


def append(talk, data):
    return talk.send("input_audio_buffer.append", audio=base64.b64encode(data).decode())


@pytest.fixture
def manual(talk):
    talk.update(turn_detection=None)
    return talk


def test_an_append_is_not_answered(manual):
    assert append(manual, speech()).hear() == []


def test_a_commit_makes_an_item_of_the_user_and_no_response(manual):
    events = append(manual, speech()).send("input_audio_buffer.commit").hear()
    committed, added, *rest = events
    assert committed["type"] == "input_audio_buffer.committed"
    assert committed["item_id"] == added["item"]["id"]
    assert committed["previous_item_id"] is added["previous_item_id"] is None
    assert added["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    assert [event["type"] for event in rest] == ["conversation.item.done"] * (manual.dialect.name == "ga")


@pytest.mark.parametrize("milliseconds", [0, 99])
def test_too_little_audio_cannot_be_committed(manual, milliseconds):
    append(manual, silence("pcm16", milliseconds))
    error = manual.send("input_audio_buffer.commit").refused()
    assert error["code"] == "input_audio_buffer_commit_empty"
    assert f"{milliseconds}.00ms" in error["message"]


def test_a_commit_empties_the_buffer(manual):
    append(manual, speech()).send("input_audio_buffer.commit").hear()
    assert manual.send("input_audio_buffer.commit").refused()["code"] == "input_audio_buffer_commit_empty"


def test_a_clear_empties_the_buffer_and_says_so(manual):
    (cleared,) = append(manual, speech()).send("input_audio_buffer.clear").hear()
    assert cleared["type"] == "input_audio_buffer.cleared"
    assert manual.send("input_audio_buffer.commit").refused()["code"] == "input_audio_buffer_commit_empty"


def test_audio_that_is_not_base64_is_refused(manual):
    error = manual.send("input_audio_buffer.append", audio="not base64!").refused()
    assert (error["code"], error["param"]) == ("invalid_value", "audio")


def test_fifteen_mebibytes_are_taken_and_no_more(manual):
    assert append(manual, bytes(15 * 2**20)).hear() == []
    assert append(manual, bytes(15 * 2**20 + 1)).refused()["param"] == "audio"


def test_spoken_input_is_counted_by_its_duration(manual):
    append(manual, speech(milliseconds=1000)).send("input_audio_buffer.commit").respond(modalities="text")
    response = manual.only(manual.hear(), "response.done")["response"]
    assert response["usage"]["input_token_details"]["audio_tokens"] == 10


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("piece", [7, 20, 100, 5000])
def test_a_spoken_turn_is_found_whatever_the_pieces(talk, name, piece):
    talk.update(input_format=name)
    data = silence(name, 500) + speech(name) + silence(name, 500)
    size = piece * FORMATS[name].bytes_per_ms
    for at in range(0, len(data), size):
        append(talk, data[at : at + size])
    events = talk.hear()
    ga = talk.dialect.name == "ga"
    assert talk.kinds(events)[: 5 + ga] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        *["conversation.item.done"] * ga,
        "response.created",
    ]
    started, stopped, committed, added = events[:4]
    assert started["item_id"] == stopped["item_id"] == committed["item_id"] == added["item"]["id"]
    assert (started["audio_start_ms"], stopped["audio_end_ms"]) == (200, 1300)
    assert talk.only(events, "response.done")["response"]["status"] == "completed"


def test_silence_and_faint_noise_are_not_speech(talk):
    noise = random.Random(1)
    faint = b"".join(noise.randint(-200, 200).to_bytes(2, "little", signed=True) for _ in range(24_000))
    assert append(talk, silence("pcm16", 2000) + faint).hear() == []


def test_a_click_is_not_speech(talk):
    assert append(talk, silence("pcm16", 500) + speech(milliseconds=50)[:1000] + silence("pcm16", 500)).hear() == []


def test_a_turn_needs_no_response(talk):
    talk.update(turn_detection={"type": "server_vad", "create_response": False})
    events = append(talk, speech() + silence("pcm16", 500)).hear()
    assert "input_audio_buffer.committed" in talk.kinds(events)
    assert "response.created" not in talk.kinds(events)


def test_a_short_pause_does_not_end_a_turn(talk):
    talk.update(turn_detection={"type": "server_vad", "silence_duration_ms": 800})
    events = append(talk, speech() + silence("pcm16", 500) + speech() + silence("pcm16", 900)).hear()
    assert sum(event["type"] == "input_audio_buffer.committed" for event in events) == 1


def test_semantic_vad_waits_longer_than_server_vad(talk):
    talk.update(turn_detection={"type": "semantic_vad", "eagerness": "low"})
    assert talk.kinds(append(talk, speech() + silence("pcm16", 500)).hear()) == ["input_audio_buffer.speech_started"]
    assert "input_audio_buffer.speech_stopped" in talk.kinds(append(talk, silence("pcm16", 1000)).hear())


def test_speech_interrupts_the_answer(talk):
    talk.say(BARGE_IN).respond()
    talk.hear_until("response.output_audio.delta")
    events = append(talk, speech()).hear()
    names = talk.kinds(events)
    assert names.index("input_audio_buffer.speech_started") < names.index("response.output_audio.done")
    response = talk.only(events, "response.done")["response"]
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert response["output"][0]["status"] == "incomplete"


def test_speech_does_not_interrupt_where_it_may_not(talk):
    talk.update(turn_detection={"type": "server_vad", "interrupt_response": False})
    talk.say(BARGE_IN).respond()
    talk.hear_until("response.output_audio.delta")
    events = append(talk, speech() + silence("pcm16", 500)).hear()
    statuses = [event["response"]["status"] for event in events if event["type"] == "response.done"]
    assert statuses == ["completed", "completed"]


def test_two_turns_in_one_append_interrupt_the_first_answer(talk):
    turn = speech() + silence("pcm16", 500)
    responses = [e["response"] for e in append(talk, turn + turn).hear() if e["type"] == "response.done"]
    assert [each["status"] for each in responses] == ["cancelled", "completed"]
    assert responses[0]["output"] == []


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe"])
def test_a_turn_is_transcribed_when_that_is_wanted(manual, model):
    manual.update(transcription={"model": model})
    events = append(manual, speech(milliseconds=1000)).send("input_audio_buffer.commit").hear()
    prefix = "conversation.item.input_audio_transcription."
    deltas = [event["delta"] for event in events if event["type"] == f"{prefix}delta"]
    completed = manual.only(events, f"{prefix}completed")
    assert "".join(deltas) == completed["transcript"]
    assert completed["item_id"] == events[0]["item_id"]
    if model == "whisper-1":
        assert completed["usage"] == {"type": "duration", "seconds": 1}
    else:
        usage = completed["usage"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert usage["input_token_details"] == {"text_tokens": 0, "audio_tokens": 10}


def test_a_transcription_that_fails_disturbs_nothing(manual):
    manual.update(transcription={"model": "no-such-model"})
    append(manual, speech()).send("input_audio_buffer.commit").respond()
    events = manual.hear()
    failed = manual.only(events, "conversation.item.input_audio_transcription.failed")
    assert failed["error"]["code"] == "model_not_found"
    assert manual.only(events, "response.done")["response"]["status"] == "completed"


def test_the_buffer_does_not_grow_while_nobody_speaks(talk):
    for _ in range(100):
        append(talk, silence("pcm16", 1000))
    assert len(talk.line.endpoint._input_audio._buffer) < 2 * 48_000


def idle(new_talk, **options):
    talk = new_talk(**options)
    detection = {"type": "server_vad", "idle_timeout_ms": 5000}
    talk.update(turn_detection=detection, transcription={"model": "whisper-1"})
    return talk


def test_nobody_speaks_and_the_endpoint_takes_the_turn(new_talk):
    talk = idle(new_talk)
    done = talk.say("Say exactly: Good morning.").respond().hear_until("response.done")
    ended = talk.line.clock.now
    if talk.dialect.name == "beta":
        assert "response.created" not in talk.kinds(talk.hear(within=60))
        return
    append(talk, silence("pcm16", 700))
    events = talk.hear_until("input_audio_buffer.timeout_triggered")
    spoken_ms = 50 * [event["type"] for event in done].count("response.output_audio.delta")
    assert talk.line.clock.now - ended == pytest.approx(5 + spoken_ms / 1000, abs=0.01)
    triggered = events[-1]
    assert triggered["audio_end_ms"] - triggered["audio_start_ms"] == 700
    after = talk.hear_until("response.created")
    committed = talk.only(after, "input_audio_buffer.committed")
    assert committed["item_id"] == triggered["item_id"]
    completed = talk.hear_until("conversation.item.input_audio_transcription.completed")[-1]
    assert (completed["item_id"], completed["transcript"]) == (triggered["item_id"], "")


def test_whoever_speaks_in_time_is_not_asked_again(new_talk):
    talk = idle(new_talk)
    talk.respond().hear_until("response.done")
    append(talk, speech())
    talk.hear_until("input_audio_buffer.speech_started")
    assert "input_audio_buffer.timeout_triggered" not in talk.kinds(talk.hear(within=60))


def test_ten_minutes_of_talk_keep_no_more_sound_than_the_latest(new_talk):
    talk = new_talk()
    talk.update(modalities="text", turn_detection={"type": "server_vad", "silence_duration_ms": 200})
    minute = speech(milliseconds=29_500) + silence("pcm16", 500)
    for _ in range(2 * 10):
        append(talk, minute).hear()
    conversation = talk.line.endpoint._conversation
    users = [item for item in conversation.items if item.role == "user"]
    held = sum(len(sound.data or b"") for item in users for sound in item.sound.values())
    assert len(users) == 20
    assert held <= REMEMBERED
    assert len(talk.line.endpoint._input_audio._buffer) < 2 * 48_000
    first, last = (
        (talk.send("conversation.item.retrieve", item_id=each.id).hear())[-1]["item"] for each in (users[0], users[-1])
    )
    assert ("audio" in first["content"][0]) == (held > 20 * 29 * 48_000)
    assert "audio" in last["content"][0]


def test_old_sound_is_forgotten_before_new_sound(manual, monkeypatch):
    monkeypatch.setattr("conformance.reference.session.items.REMEMBERED", 48_000)
    ids = []
    for _ in range(3):
        events = append(manual, speech()).send("input_audio_buffer.commit").hear()
        ids.append(manual.only(events, "input_audio_buffer.committed")["item_id"])
    shown = [manual.send("conversation.item.retrieve", item_id=each).hear()[-1]["item"]["content"][0] for each in ids]
    assert ["audio" in part for part in shown] == [False, False, True]
