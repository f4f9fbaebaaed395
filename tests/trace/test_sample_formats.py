import random
import wave
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.resources import folder
from conformance.trace.output_audio import RATES
from conformance.trace.sample_formats import PIECE, heard_format, prediction_gain, samples

CLIPS = folder("fixtures") / "audio"
ENDINGS = {"pcm16": "wav", "g711_ulaw": "ulaw", "g711_alaw": "alaw"}
SPEECH = ("hello", "question", "tone")


def clip(name, audio_format):
    file = CLIPS / f"{name}.{ENDINGS[audio_format]}"
    if audio_format != "pcm16":
        return file.read_bytes()
    with wave.open(str(file)) as wav:
        return wav.readframes(wav.getnframes())


def pieces(data):
    return [data[at : at + PIECE] for at in range(0, len(data) - PIECE, PIECE * 2)]


@pytest.mark.parametrize("name", SPEECH)
@pytest.mark.parametrize("sent", RATES)
def test_a_sound_makes_sense_in_its_own_format(name, sent):
    assert heard_format(pieces(clip(name, sent)), sent, RATES) == sent


@pytest.mark.parametrize("name", SPEECH)
@pytest.mark.parametrize("told", RATES)
@pytest.mark.parametrize("sent", RATES)
def test_pcm_and_g711_are_never_taken_for_each_other(name, told, sent):
    found = heard_format(pieces(clip(name, sent)), told, RATES)

    assert found == sent if "pcm16" in (told, sent) else found in (sent, None)


@pytest.mark.parametrize("told", RATES)
@pytest.mark.parametrize("sent", RATES)
def test_silence_with_a_little_noise_tells_nothing(told, sent):
    assert heard_format(pieces(clip("noise", sent)), told, RATES) is None


@given(st.binary(min_size=800, max_size=4000), st.sampled_from(sorted(RATES)))
@settings(max_examples=60, deadline=None)
def test_bytes_of_no_sound_at_all_are_judged_without_trouble(data, told):
    assert heard_format([data], told, RATES) in (*RATES, None)


@pytest.mark.parametrize("told", RATES)
def test_white_noise_is_blamed_in_no_format(told):
    chance = random.Random(5)
    noise = [bytes(chance.randrange(256) for _ in range(PIECE)) for _ in range(5)]

    assert heard_format(noise, told, RATES) is None


def test_pcm_is_little_endian():
    assert list(samples(b"\x01\x00\xff\xff\x00", "pcm16")) == [1, -1]


@pytest.mark.parametrize(("code", "ulaw", "alaw"), [(0x00, -32124, -5504), (0x80, 32124, 5504), (0xFF, 0, 848)])
def test_g711_is_expanded_as_its_tables_say(code, ulaw, alaw):
    assert list(samples(bytes([code]), "g711_ulaw")) == [ulaw]
    assert list(samples(bytes([code]), "g711_alaw")) == [alaw]


def test_what_is_soft_is_not_measured():
    assert prediction_gain(array("h", [1, -1] * 400)) is None


def test_what_repeats_itself_exactly_is_measured_all_the_same():
    assert prediction_gain(array("h", [9000, -9000] * 400)) > 20
