"""Endpoints whose audio is no sound: packed in a file, silent, or another one when it is asked for again."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from conformance.mutants.edits import put
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import changing, putting
from conformance.reference.audio.sound import FORMATS, tone
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

DELTA, RETRIEVED = "response.output_audio.delta", "conversation.item.retrieved"
AUDIO_TURN = "response/audio_turn"
SOUND = ("item", "content", 0, "audio")
#: The header of a WAV file, with lengths of nothing.
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\xc0\x5d\0\0\x80\xbb\0\0\2\0\x10\0data\0\0\0\0"


@faults.mutant(killed_by="streaming.audio-has-no-container", during=AUDIO_TURN)
def audio_begins_with_a_header(_dialect: Dialect) -> Fault:
    """The first delta of the audio begins with the header of a WAV file."""
    begun: list[Event] = []

    def change(event: Event) -> Event:
        begun.append(event)
        packed = b64encode(WAV + b64decode(event["delta"])).decode()
        return {**event, "delta": packed} if len(begun) == 1 else event

    return changing((DELTA,), change)


@faults.mutant(
    killed_by="streaming.audio-is-in-its-format", during="response/audio_overrides", like="response-overrides-ignored"
)
def g711_is_shown_and_pcm_is_sent(_dialect: Dialect) -> Fault:
    """A response shows G.711, as it was asked to, and streams PCM of the same length."""

    def change(event: Event) -> Event:
        lasts = int(FORMATS["g711_ulaw"].milliseconds(len(b64decode(event["delta"]))))
        return {**event, "delta": b64encode(tone("pcm16", lasts)).decode()}

    return changing((DELTA,), change)


def _silent(event: Event) -> Event:
    return {**event, "delta": b64encode(bytes(len(b64decode(event["delta"])))).decode()}


def _shortened(event: Event) -> Event:
    kept = event["item"]["content"][0].get("audio") or ""
    return put(event, SOUND, kept[: len(kept) // 8 * 4])


@faults.mutant(killed_by="items.a-truncation-shortens-the-audio", during="items/truncate_then_retrieve")
def what_was_cut_comes_back(_dialect: Dialect) -> Fault:
    """An item that was cut is retrieved with all of its audio."""
    streamed: list[bytes] = []

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == DELTA:
            streamed.append(b64decode(event["delta"]))
        yield put(event, SOUND, b64encode(b"".join(streamed)).decode()) if event["type"] == RETRIEVED else event

    return Fault(sends=sends)


# fmt: off
faults.rows(
    ("audio-is-silence", "streaming.audio-can-be-heard", AUDIO_TURN, "",
     "The audio is as long as it should be, and silent.", lambda _: changing((DELTA,), _silent)),
    ("retrieved-audio-is-no-audio", "items.retrieved-audio-is-base64", "items/retrieve_audio", "",
     "A text stands where the audio of a retrieved item belongs.",
     lambda _: putting(RETRIEVED, SOUND, "no audio at all!")),
    ("retrieved-audio-is-half", "items.retrieved-audio-is-what-was-streamed", "items/retrieve_audio", "",
     "The second half of the audio is lost when it is retrieved.", lambda _: changing((RETRIEVED,), _shortened)),
)
