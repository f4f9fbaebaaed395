from __future__ import annotations

import pytest

from conformance.reference.audio.sound import FORMATS, loudness, tone


@pytest.mark.parametrize("name", FORMATS)
def test_the_tone_has_its_length_and_is_heard_as_loud_in_every_format(name):
    fmt = FORMATS[name]
    sound = tone(name, 200)
    assert fmt.milliseconds(len(sound)) == 200
    assert loudness(sound, fmt) == pytest.approx(8000 / 32768 / 2**0.5, rel=0.05)


@pytest.mark.parametrize(("name", "quiet"), [("pcm16", b"\0"), ("g711_ulaw", b"\xff"), ("g711_alaw", b"\xd5")])
def test_silence_is_quiet_in_every_format(name, quiet):
    assert loudness(quiet * 800, FORMATS[name]) < 0.001
    assert loudness(b"", FORMATS[name]) == 0
