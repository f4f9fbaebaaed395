import base64
import io
import wave

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.reference.audio.sound import encoded, tone
from conformance.report.evidence import evidence_of
from conformance.report.recorded_audio import BARS, Clip, clips_of, player_html
from conformance.trace.trace import Direction, Entry, Trace
from conformance.trace.views import View
from tests.report.hostile_text import HOSTILE, active_in

TONE = tone("pcm16", 100)


def view(*events):
    entries = [Entry(at, side, at / 10, event) for at, (side, event) in enumerate(events)]
    return View(Trace(tuple(entries), "ga"), DIALECTS["ga"])


def heard(kind, **fields):
    return Direction.SERVER, {"type": kind, **fields}


def said(kind, **fields):
    return Direction.CLIENT, {"type": kind, **fields}


def append(data):
    return said("input_audio_buffer.append", audio=base64.b64encode(data).decode())


@pytest.mark.parametrize("name", ["g711_ulaw", "g711_alaw"])
def test_g711_sounds_as_loud_as_what_it_was_made_of(name):
    clip = Clip(False, name, encoded(TONE, name))

    assert max(clip.peaks) == pytest.approx(max(Clip(False, "pcm16", TONE).peaks), rel=0.1)
    assert clip.seconds == pytest.approx(0.1)


def test_every_clip_is_a_file_that_players_know():
    with wave.open(io.BytesIO(Clip(False, "pcm16", TONE).wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.readframes(file.getnframes()) == TONE


@pytest.mark.parametrize("name", ["pcm16", "g711_ulaw", "g711_alaw"])
def test_silence_is_told_from_sound(name):
    assert not Clip(True, name, encoded(bytes(len(TONE)), name)).audible
    assert Clip(True, name, encoded(TONE, name)).audible
    assert not Clip(True, name, b"").audible


def test_a_page_carries_no_silence(run):
    told = evidence_of(run(scenarios=("audio/committed_silence", "audio/manual_turn")))

    assert {name for each in told.recordings for name in each.conversations} == {"audio/manual_turn"}
    assert told.silent == 0


def test_a_turn_is_one_clip_with_its_transcript():
    done = "conversation.item.input_audio_transcription.completed"
    clips = clips_of(
        view(
            append(TONE),
            append(TONE),
            heard("input_audio_buffer.committed", item_id="a"),
            append(TONE),
            heard(done, item_id="a", transcript="hello there"),
        )
    )

    assert [(clip.sent, len(clip.data), clip.transcript) for clip in clips] == [
        (True, 2 * len(TONE), "hello there"),
        (True, len(TONE), ""),
    ]


def test_what_the_endpoint_said_is_a_clip_with_its_transcript():
    where = {"response_id": "r", "item_id": "i", "content_index": 0}
    sound = base64.b64encode(TONE).decode()
    clips = clips_of(
        view(
            heard("response.created", response={"id": "r"}),
            heard("response.output_audio_transcript.delta", delta="good ", **where),
            heard("response.output_audio.delta", delta=sound, **where),
            heard("response.output_audio_transcript.delta", delta="morning", **where),
            heard("response.output_audio.delta", delta="no base64!", **where),
        )
    )

    assert [(clip.sent, clip.data, clip.transcript) for clip in clips] == [(False, TONE, "good morning")]


def test_sound_in_an_item_is_heard_too():
    content = [{"type": "input_audio", "audio": base64.b64encode(TONE).decode(), "transcript": "hm"}, {"audio": 5}, 7]
    clips = clips_of(view(said("conversation.item.create", item={"content": content})))

    assert [(clip.sent, clip.transcript) for clip in clips] == [(True, "hm")]


def test_an_hour_of_sound_is_cut_before_it_is_embedded():
    clip = Clip.of(False, "g711_ulaw", b"\xff" * 8000 * 3600)

    assert clip.seconds == 3600
    assert len(clip.data) < 1_000_000
    assert len(clip.uri) < 1_000_000


def test_a_waveform_has_no_more_bars_than_fit():
    assert len(Clip(False, "pcm16", TONE).peaks) <= BARS
    assert Clip(False, "pcm16", b"\x00\x80").peaks == (1.0,)


def test_nothing_hostile_acts_in_a_player():
    assert active_in(player_html((Clip(False, "pcm16", TONE, 0.0, HOSTILE),))) == []
