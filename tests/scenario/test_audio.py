"""The clips: what is bundled is there in every format, and nothing else can be read."""

import shutil

import pytest

from conformance.errors import UsageError
from conformance.reference.audio.sound import FORMATS as SOUNDS
from conformance.reference.audio.vad import VoiceActivityDetector
from conformance.reference.session.revisions import SERVER_VAD
from conformance.resources import folder
from conformance.scenario.audio import FORMATS, chunks, clip, names, silence

BUNDLED = ["hello", "noise", "question", "silence", "tone"]


def seconds(audio, audio_format):
    return len(audio) / FORMATS[audio_format][0]


def boundaries(audio, audio_format):
    heard = VoiceActivityDetector().listen(audio + silence(1000, audio_format), SOUNDS[audio_format], SERVER_VAD)
    return [boundary.started for boundary in heard]


def test_the_bundled_clips_are_named():
    assert sorted(names()) == BUNDLED


@pytest.mark.parametrize("audio_format", FORMATS)
@pytest.mark.parametrize("name", BUNDLED)
def test_a_clip_lasts_as_long_in_every_format(name, audio_format):
    length = seconds(clip(name, audio_format), audio_format)

    assert length == pytest.approx(seconds(clip(name, "pcm16"), "pcm16"), abs=0.01)
    assert 0.9 < length < 2.5


@pytest.mark.parametrize("audio_format", FORMATS)
@pytest.mark.parametrize(("name", "turns"), [("hello", 1), ("question", 1), ("tone", 1), ("silence", 0), ("noise", 0)])
def test_an_utterance_is_one_turn_and_silence_is_none(name, turns, audio_format):
    assert boundaries(clip(name, audio_format), audio_format) == [True, False] * turns


def test_the_two_utterances_differ():
    assert clip("hello", "pcm16") != clip("question", "pcm16")


def test_the_fixtures_stay_small_and_tell_how_they_were_made():
    home = folder("fixtures") / "audio"

    assert sum(path.stat().st_size for path in home.iterdir()) < 1_500_000
    told = (home / "README.md").read_text()
    assert all(f"`{name}`" in told for name in BUNDLED)


def test_pieces_are_whole_samples_and_make_the_whole():
    audio = silence(250, "pcm16")

    pieces = list(chunks(audio, 100, "pcm16"))
    assert [len(piece) for piece in pieces] == [4800, 4800, 2400]
    assert b"".join(pieces) == audio


def test_a_clip_beside_the_script_can_be_spoken(tmp_path):
    shutil.copy(folder("fixtures") / "audio" / "tone.ulaw", tmp_path / "beep.ulaw")

    assert "beep" in names(tmp_path)
    assert clip("beep", "g711_ulaw", tmp_path) == clip("tone", "g711_ulaw")


@pytest.mark.parametrize("name", ["../hello", "a/../hello", "/etc/passwd", "", ".", "nobody"])
def test_a_clip_is_named_and_never_addressed(tmp_path, name):
    with pytest.raises(UsageError, match="there is no audio clip"):
        clip(name, "g711_ulaw", tmp_path)


def test_a_link_out_of_the_folder_is_no_clip(tmp_path):
    (tmp_path / "secret.ulaw").write_bytes(b"secret")
    home = tmp_path / "home"
    home.mkdir()
    (home / "innocent.ulaw").symlink_to(tmp_path / "secret.ulaw")

    with pytest.raises(UsageError):
        clip("innocent", "g711_ulaw", home)


def test_a_clip_in_another_form_says_how_to_convert_it(tmp_path):
    import wave

    with wave.open(str(tmp_path / "slow.wav"), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 100)

    with pytest.raises(UsageError, match="sox"):
        clip("slow", "pcm16", tmp_path)
