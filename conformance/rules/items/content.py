"""What the events about items say of their content: no sound in announcements, nothing after the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.rules.engine.rule import HELD, Chapter, Finding, Judged
from conformance.rules.items.create import ADDED, ADDED_SPEC, DONE, DONE_SPEC, id_of
from conformance.rules.streaming.deltas import by_item
from conformance.trace.frames import listing, mapping, string
from conformance.trace.views import View

rules = Chapter("items")


def _audio_in(parts: Sequence[Any]) -> int | None:
    """Return the place of the first content part that holds audio; None if none does."""
    return next((at for at, part in enumerate(parts) if string(mapping(part).get("audio"))), None)


def _is_sound(part: Any) -> bool:
    return (string(mapping(part).get("type")) or "").endswith("audio")


@rules.must(
    "items.announcements-carry-no-audio",
    about={ADDED, DONE, "response.output_item.added"},
    covers=("ITM-09",),
    spec=ADDED_SPEC,
    speaks={DONE},
)
def announcements_carry_no_audio(view: View) -> Judged:
    """The events that announce an item, or say that it is done, leave out its audio."""
    for frame in view.server(ADDED, DONE, "response.output_item.added"):
        if not (parts := listing(frame.part("item").get("content"))):
            continue
        at = _audio_in(parts)
        if at is not None:
            message = f"The announcement of {id_of(frame)} carries audio."
            yield Finding(frame.index, message, "no audio", "audio", f"/item/content/{at}/audio")
        elif frame.whole and any(map(_is_sound, parts)):
            yield HELD


@rules.must("items.nothing-streams-after-the-end", about={DONE}, covers=("ITM-08",), spec=DONE_SPEC, speaks={DONE})
def nothing_streams_after_the_end(view: View) -> Judged:
    """No delta and no new part of an item follows its `conversation.item.done`."""
    if view.partial:
        return
    done = by_item(view, DONE)
    for response in view.responses:
        for item in response.items.values():
            end = done.get(item.id)
            if end is None or not item.streams:
                continue
            late = [frame for frame in item.frames if frame.index > end.index and _streams(frame.type)]
            until = min(
                (each.index for each in (item.done, response.done) if each is not None), default=len(view.frames)
            )
            if late and late[0].index < until:  # what is later still is told by the order of the response
                message = f"{late[0].type} of {item.id} came after its {DONE}."
                yield Finding(late[0].index, message, f"before entry {end.index}", late[0].type)
            elif not late:
                yield HELD


def _streams(kind: str) -> bool:
    return kind.endswith(".delta") or kind == "response.content_part.added"
