from __future__ import annotations

import base64
import wave

import pytest

from conformance.reference.audio.known_clips import MOMENTS, words_in
from conformance.reference.audio.sound import FORMATS, loudness
from conformance.resources import folder

SAID = {"hello": "Hello my dear friend", "question": "What is the capital of France?"}
ENDINGS = {"pcm16": "wav", "g711_ulaw": "ulaw", "g711_alaw": "alaw"}
#: Length of the moment by which a clip is known.
MOMENT_MS = {"pcm16": 2, "g711_ulaw": 10, "g711_alaw": 10}


def clip(name, audio_format):
    path = folder("fixtures") / "audio" / f"{name}.{ENDINGS[audio_format]}"
    if audio_format != "pcm16":
        return path.read_bytes()
    with wave.open(str(path)) as file:
        return file.readframes(file.getnframes())


def loudest(data, audio_format):
    fmt = FORMATS[audio_format]
    size = MOMENT_MS[audio_format] * fmt.bytes_per_ms
    at = max(range(0, len(data) - size, size), key=lambda start: loudness(data[start : start + size], fmt))
    return data[at : at + size]


def test_the_table_is_made_from_the_clips():
    made = {
        said: {name: base64.b64encode(loudest(clip(each, name), name)).decode() for name in FORMATS}
        for each, said in SAID.items()
    }
    assert made == MOMENTS


@pytest.mark.parametrize("audio_format", FORMATS)
@pytest.mark.parametrize("name", ["hello", "question", "tone", "noise", "silence"])
def test_a_clip_is_known_among_other_sounds_and_nothing_else_is(name, audio_format):
    noise = clip("noise", audio_format)
    assert words_in(noise + clip(name, audio_format) + noise, audio_format) == SAID.get(name, "")


def test_two_clips_are_heard_in_their_order():
    both = clip("question", "pcm16") + clip("hello", "pcm16")
    assert words_in(both, "pcm16") == f"{SAID['question']} {SAID['hello']}"


@pytest.mark.parametrize("audio_format", FORMATS)
def test_a_spoken_question_is_transcribed_and_understood(talk, audio_format):
    capital = {"type": "function", "name": "get_capital", "parameters": {"type": "object", "properties": {}}}
    talk.update(
        input_format=audio_format,
        transcription={"model": "whisper-1"},
        turn_detection={"type": "server_vad"},
        tools=[capital],
    )
    quiet = clip("silence", audio_format)
    sound = base64.b64encode(quiet + clip("question", audio_format) + quiet).decode()
    events = talk.send("input_audio_buffer.append", audio=sound).hear()
    completed = talk.only(events, "conversation.item.input_audio_transcription.completed")
    assert completed["transcript"] == SAID["question"]
    assert talk.only(events, "response.function_call_arguments.done")["name"] == "get_capital"
