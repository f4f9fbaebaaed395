"""The audio of an item that is retrieved: all that was streamed, and after a truncation what is left of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.items.delete_retrieve import retrieved
from conformance.trace.frames import Frame, listing, mapping, string
from conformance.trace.output_audio import Sound, measured, seconds
from conformance.trace.views import View

rules = Chapter("items")

ABOUT = frozenset({"conversation.item.retrieved"})
RETRIEVED = SERVER_EVENTS + "conversation/item/retrieved"
#: How far two ways to count the length of a sound may differ: milliseconds, and part of it.
SLACK_MS, SLACK = 100, 0.05


def _parts(view: View) -> Iterator[tuple[Frame, str, int, Mapping[str, Any]]]:
    """Yield each part of a retrieved item that holds audio: the event, the item, the place and the part."""
    for frame, name, item in retrieved(view):
        for at, part in enumerate(map(mapping, listing(item.get("content")))):
            if part.get("audio"):
                yield frame, name, at, part


@rules.must(
    "items.retrieved-audio-is-base64",
    about=ABOUT,
    covers=("ITM-13",),
    spec=CLIENT_EVENTS + "conversation/item/retrieve",
)
def retrieved_audio_is_base64(view: View) -> Judged:
    """The audio of a retrieved item is base64."""
    for frame, name, at, part in _parts(view):
        audio = string(part["audio"])
        if audio is not None and measured(audio) is not None:
            yield HELD
        else:
            message = f"The audio of the retrieved item {name} is no base64."
            yield Finding(frame.index, message, "base64", str(audio)[:40], f"/item/content/{at}/audio")


def _lengths(view: View) -> Iterator[tuple[Frame, Sound, int, float, float]]:
    """Yield each retrieved sound of the assistant: the event, the stream, the place, ms streamed, ms retrieved."""
    sounds = {(each.stream.item_id, each.stream.content_index): each for each in view.sounds}
    for frame, name, at, part in _parts(view):
        sound, size = sounds.get((name, at)), measured(string(part["audio"]) or "?")
        if sound is None or size is None or sound.response.open or sound.response.last > frame.index:
            continue
        streamed, kept = sound.seconds, seconds(size, sound.format)
        if streamed and kept is not None:
            yield frame, sound, at, streamed * 1000, kept * 1000


def _cut_before(view: View, frame: Frame, sound: Sound) -> int | None:
    """Return where the sound was last cut before an event, in ms; None if it was not."""
    cuts = [
        end
        for each in view.server("conversation.item.truncated")
        if each.index < frame.index and each.text("item_id") == sound.stream.item_id
        if each.number("content_index") == sound.stream.content_index
        if (end := each.number("audio_end_ms")) is not None
    ]
    return min(cuts, default=None)


@rules.must("items.retrieved-audio-is-what-was-streamed", about=ABOUT, covers=("ITM-13",), spec=RETRIEVED)
def retrieved_audio_is_what_was_streamed(view: View) -> Judged:
    """The assistant's audio, retrieved, is as long as it was streamed."""
    for frame, sound, at, streamed, kept in _lengths(view):
        if _cut_before(view, frame, sound) is not None:
            continue
        if abs(streamed - kept) <= max(SLACK_MS, SLACK * streamed):
            yield HELD
        else:
            message = f"{sound.stream.item_id} was streamed with {streamed:.0f} ms of audio."
            path = f"/item/content/{at}/audio"
            yield Finding(frame.index, message, f"about {streamed:.0f} ms", f"{kept:.0f} ms", path)


@rules.must(
    "items.a-truncation-shortens-the-audio",
    about=ABOUT,
    covers=("ITM-14",),
    spec=CLIENT_EVENTS + "conversation/item/truncate",
)
def a_truncation_shortens_the_audio(view: View) -> Judged:
    """After a truncation the retrieved audio ends where it was cut."""
    for frame, sound, at, streamed, kept in _lengths(view):
        end = _cut_before(view, frame, sound)
        if end is None or streamed <= end + max(SLACK_MS, SLACK * end):
            continue
        if kept <= end + max(SLACK_MS, SLACK * end):
            yield HELD
        else:
            message = f"{sound.stream.item_id} was cut at {end} ms of {streamed:.0f}."
            path = f"/item/content/{at}/audio"
            yield Finding(frame.index, message, f"about {end} ms", f"{kept:.0f} ms", path)
