"""What the streamed audio is: samples without a container, and something to hear."""

from __future__ import annotations

import binascii
from itertools import islice
from typing import TYPE_CHECKING

from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.output_audio import Sound
    from conformance.trace.views import View

rules = Chapter("streaming")

AUDIO = frozenset({"response.output_audio.delta"})
SPEC = SERVER_EVENTS + "response/output_audio/delta"
#: How the files begin that audio is kept in: WAV, Ogg, FLAC, MP3, AIFF, WebM.
CONTAINERS = (b"RIFF", b"OggS", b"fLaC", b"ID3", b"FORM", b"\x1aE\xdf\xa3")
#: Canonical format -> the bytes of which digital silence is made.
SILENCE = {"pcm16": b"\x00", "g711_ulaw": b"\xff\x7f", "g711_alaw": b"\xd5\x55"}


def _decoded(view: View) -> Iterator[tuple[Sound, Iterator[bytes]]]:
    """Yield each stream that the recording holds whole, with the bytes of its deltas; decoded as they are asked for."""
    for sound in view.sounds:
        if sound.stream.whole and sound.sizes and None not in sound.sizes and sound.size:
            yield sound, (binascii.a2b_base64(frame.text("delta") or "") for frame in sound.stream.deltas)


@rules.should("streaming.audio-has-no-container", about=AUDIO, covers=("STR-10",), spec=SPEC)
def audio_has_no_container(view: View) -> Judged:
    """Streamed audio is raw samples: it does not begin with the header of a file."""
    for sound, pieces in _decoded(view):
        beginning = b"".join(islice(pieces, 2))
        header = next((each for each in CONTAINERS if beginning.startswith(each)), None)
        if header is None:
            yield HELD
        else:
            message = f"The audio of {sound.stream.item_id} begins with the header of a file."
            yield Finding(sound.stream.deltas[0].index, message, "samples", repr(header), "/delta")


@rules.should("streaming.audio-can-be-heard", about=AUDIO, covers=("RSP-23",), spec=SPEC)
def audio_can_be_heard(view: View) -> Judged:
    """Audio that comes with a transcript is not silence from its beginning to its end."""
    for sound, pieces in _decoded(view):
        if sound.format not in SILENCE or not _has_words(sound):
            continue
        if any(piece.strip(SILENCE[sound.format]) for piece in pieces):
            yield HELD
        else:
            message = f"The audio of {sound.stream.item_id}, {sound.size} bytes, is all silence."
            yield Finding(sound.stream.deltas[0].index, message, "something to hear", "silence", "/delta")


@rules.should(
    "streaming.audio-is-in-its-format",
    about=AUDIO,
    covers=("RSP-28",),
    spec=SPEC,
    relaxed="Noise and silence are alike in every format; only a sound that makes sense in another one is blamed.",
)
def audio_is_in_its_format(view: View) -> Judged:
    """The samples of streamed audio make sense in the response's format, not in another one alone."""
    for sound in view.sounds:
        if sound.misread:
            message = f"The audio of {sound.stream.item_id} is noise as {sound.format}, and sound as {sound.heard}."
            yield Finding(sound.stream.deltas[0].index, message, str(sound.format), str(sound.heard), "/delta")
        elif sound.heard is not None:
            yield HELD


def _has_words(sound: Sound) -> bool:
    item = sound.response.items[sound.stream.item_id]
    part = item.parts.get(sound.stream.content_index)
    words = part.streams.get("output_audio_transcript") if part is not None else None
    return bool(words is not None and (words.final or words.joined or "").strip())
