"""Whether the items that are shown as done hold the parts that were streamed: none too many, and none empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.streaming.deltas import FIELDS, listed
from conformance.trace.frames import mapping
from conformance.trace.lens import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.frames import Frame
    from conformance.trace.responses import OutputItem
    from conformance.trace.views import View

rules = Chapter("streaming")

ABOUT = frozenset({"response.content_part.added"})


@gathered
def _messages(view: View) -> Iterator[tuple[OutputItem, Frame | None, tuple[int, Any], Frame | None]]:
    """Yield each completed message that was streamed from its beginning: how it is shown, and how its response does."""
    if view.partial:
        return
    for response in view.responses:
        for item in response.items.values():
            if response.gapped or item.kind != "message" or item.added is None or item.done is None:
                continue
            if item.done.part("item").get("status") == "completed":
                whole = response.done if response.done is not None and response.done.whole else None
                yield item, item.done if item.done.whole else None, listed(response, item.id), whole


def _compare(item: OutputItem, shown: Any, frame: Frame, path: str) -> Judged:
    """Compare the content of an item as *shown* with its parts."""
    content = shown.get("content")
    if not isinstance(content, list):
        return
    streamed = {part.content_index for part in item.parts.values() if part.added is not None}
    if len(content) != len(streamed):
        message = f"{item.id} has {len(streamed)} parts, and {len(content)} are shown."
        yield Finding(frame.index, message, f"{len(streamed)} parts", f"{len(content)} parts", path)
    elif (empty := _empty_one(item, content)) is not None:
        message = f"Part {empty} of {item.id} was streamed, and is shown empty."
        yield Finding(frame.index, message, "what was streamed", "nothing", f"{path}/{empty}")
    elif content:
        yield HELD


def _empty_one(item: OutputItem, content: list[Any]) -> int | None:
    """Return the first part that shows nothing of a text or transcript that was streamed into it."""
    for part in item.parts.values():
        at = part.content_index
        for kind in FIELDS:
            stream = part.streams.get(kind)
            if stream is None or at is None or not 0 <= at < len(content):
                continue
            shown = mapping(content[at])
            if (stream.final or stream.joined) and all(shown.get(field) is None for field in FIELDS.values()):
                return at
    return None


@rules.must(
    "streaming.an-item-shows-its-parts",
    about=ABOUT,
    covers=("RSP-10", "STR-07", "STR-08"),
    spec=SERVER_EVENTS + "response/output_item/done",
)
def an_item_shows_its_parts(view: View) -> Judged:
    """`response.output_item.done` of a completed message shows the parts that were streamed: no other, none empty."""
    for item, frame, _, _ in _messages(view):
        if frame is not None:
            yield from _compare(item, frame.part("item"), frame, "/item/content")


@rules.must(
    "streaming.a-response-shows-the-parts",
    about=ABOUT,
    covers=("RSP-09", "RSP-10"),
    spec=SERVER_EVENTS + "response/done",
)
def a_response_shows_the_parts(view: View) -> Judged:
    """`response.done` shows the parts of a completed message that were streamed: no other, none empty."""
    for item, _, (place, shown), frame in _messages(view):
        if frame is not None and place >= 0:
            yield from _compare(item, shown, frame, f"/response/output/{place}/content")
