"""The sound of a conversation: what was said to the endpoint and what it said, decoded, to be heard and seen."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import sys
import wave
from array import array
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.report.rendering import render
from conformance.trace.frames import listing, mapping, string
from conformance.trace.output_audio import RATES, measured
from conformance.trace.sample_formats import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from conformance.trace.frames import Frame
    from conformance.trace.output_audio import Sound
    from conformance.trace.views import View

#: Seconds of a clip that are kept; the waveform has so many bars.
LONGEST, BARS = 30.0, 120
LOUDEST = 32_768
#: What is not louder is silence: the quietest step of G.711 is 8.
SOFTEST = 16
#: What empties the input buffer: the turn is over.
TURN_ENDS = frozenset({"input_audio_buffer.committed", "input_audio_buffer.cleared"})
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


@dataclass(frozen=True)
class Clip:
    """One piece of sound of a conversation."""

    sent: bool
    """Whether the client said it."""
    format: str
    """Canonical: `pcm16`, `g711_ulaw` or `g711_alaw`."""
    data: bytes = field(repr=False)
    """Of at most LONGEST seconds: the rest is in the trace."""
    at: float | None = None
    """Seconds since connect."""
    transcript: str = ""
    cut: int = 0
    """Bytes that *data* does not hold."""

    @classmethod
    def of(cls, sent: bool, audio_format: str, data: bytes, at: float | None = None, transcript: str = "") -> Clip:
        """Make a clip that keeps at most LONGEST seconds of *data*."""
        width, rate = RATES[audio_format]
        kept = data[: int(LONGEST * rate) * width]
        return cls(sent, audio_format, kept, at, transcript, len(data) - len(kept))

    @property
    def seconds(self) -> float:
        """Length, with what was cut."""
        width, rate = RATES[self.format]
        return (len(self.data) + self.cut) / (width * rate)

    @property
    def digest(self) -> str:
        """What is the same in two clips that sound the same."""
        return hashlib.sha256(f"{self.format} {self.cut} ".encode() + self.data).hexdigest()

    @cached_property
    def samples(self) -> array[int]:
        """Linear samples, 16 bits."""
        return samples(self.data, self.format)

    @property
    def audible(self) -> bool:
        """Whether there is anything to hear."""
        return max(self.samples, default=0) > SOFTEST or min(self.samples, default=0) < -SOFTEST

    @property
    def peaks(self) -> tuple[float, ...]:
        """The loudest sample of each of BARS equal parts, from 0 to 1."""
        step = max(1, -(-len(self.samples) // BARS))
        parts = (self.samples[start : start + step] for start in range(0, len(self.samples), step))
        return tuple(max(abs(max(part)), abs(min(part))) / LOUDEST for part in parts)

    @property
    def wav(self) -> bytes:
        """A file that every browser plays."""
        linear = array("h", self.samples)
        if sys.byteorder == "big":
            linear.byteswap()
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATES[self.format][1])
            file.writeframes(linear.tobytes())
        return out.getvalue()

    @property
    def uri(self) -> str:
        """The file as a data URI."""
        return "data:audio/wav;base64," + base64.b64encode(self.wav).decode()


def clips_of(view: View) -> tuple[Clip, ...]:
    """Return what was said and heard in a conversation, in order of time; what cannot be decoded is left out."""
    found = [*_said(view), *_placed(view), *(clip for sound in view.sounds for clip in _heard(sound))]
    return tuple(sorted(found, key=lambda clip: clip.at or 0.0))


def _said(view: View) -> Iterator[Clip]:
    """Yield each turn that was appended to the input buffer."""
    turn: list[Frame] = []
    for frame in view.frames:
        if frame.type == "input_audio_buffer.append" and frame.entry.sent:
            turn.append(frame)
        elif frame.type in TURN_ENDS and not frame.entry.sent:
            yield from _turn(view, turn, frame.text("item_id"))
            turn = []
    yield from _turn(view, turn, None)


def _turn(view: View, turn: list[Frame], item_id: str | None) -> Iterator[Clip]:
    if not turn:
        return
    spelled = view.setting_at(turn[0].index, "input_format")
    data = b"".join(map(_decoded, (frame.text("audio") for frame in turn)))
    said = [each.text("transcript") or "" for each in view.server(TRANSCRIBED) if each.text("item_id") == item_id]
    yield from _clip(True, view.dialect.audio_format(spelled), data, turn[0].entry.at, " ".join(said))


def _placed(view: View) -> Iterator[Clip]:
    """Yield the sound that a client put into the conversation as an item."""
    for frame in view.client("conversation.item.create"):
        for part in map(mapping, listing(frame.part("item").get("content"))):
            if data := _decoded(string(part.get("audio"))):
                spelled = view.setting_at(frame.index, "input_format")
                text = string(part.get("transcript")) or ""
                yield from _clip(True, view.dialect.audio_format(spelled), data, frame.entry.at, text)


def _heard(sound: Sound) -> Iterator[Clip]:
    stream = sound.stream
    data = b"".join(_decoded(frame.text("delta")) for frame in stream.deltas)
    item = sound.response.items.get(stream.item_id)
    words = [each for each in (item.streams if item is not None else ()) if each.kind == "output_audio_transcript"]
    text = " ".join(each.final or each.joined or "" for each in words if each.content_index == stream.content_index)
    at = stream.deltas[0].entry.at if stream.deltas else None
    yield from _clip(False, sound.format, data, at, text)


def _clip(sent: bool, audio_format: str | None, data: bytes, at: float | None, transcript: str) -> Iterator[Clip]:
    """Make a clip of what has a length; where nobody ever told the format, it is the default."""
    known = audio_format if audio_format in RATES else "pcm16"
    if len(data) >= RATES[known][0]:
        yield Clip.of(sent, known, data, at, transcript)


def _decoded(text: str | None) -> bytes:
    return binascii.a2b_base64(text) if text and measured(text) is not None else b""


def player_html(clips: tuple[Clip, ...]) -> Markup:
    """Return a player for each clip, with waveform and transcript."""
    return render("player.html.j2", clips=clips, bars=BARS)
