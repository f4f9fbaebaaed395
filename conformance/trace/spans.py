"""The lens on nesting: a response and what it holds as spans, each with its opening and its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.trace.lens import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.trace.frames import Frame
    from conformance.trace.responses import OutputItem, Response, Stream
    from conformance.trace.views import View

NEVER = 1 << 62
"""The index of an event that did not come."""


@dataclass(slots=True, eq=False)
class Span:
    """One span of a trace."""

    name: str
    frames: Sequence[Frame]
    """What belongs to it, its inner spans included; a stream's deltas only."""
    closer: Frame | None
    opened: bool
    """Whether its end is owed."""
    rooted: bool
    """Whether the spans around it were opened."""
    limit: int
    """Where the first of the spans around it closed."""
    response: Response


@gathered
def spans(view: View, nest: str) -> Iterator[Span]:
    """Yield the spans of one kind (`response`, `output item`, `content part`, or a stream) as they were first named."""
    for response in view.responses:
        if nest == "response":
            yield Span(response.id, response.frames, response.done, response.created is not None, True, NEVER, response)
            continue
        for item in response.items.values():
            yield from _spans_of_item(response, item, nest)


def _spans_of_item(response: Response, item: OutputItem, nest: str) -> Iterator[Span]:
    limit = _index(response.done)
    added = item.added is not None
    if nest == "output item":
        yield Span(item.id, item.frames, item.done, added, True, limit, response)
        return
    limit = min(limit, _index(item.done))
    if nest == "function_call_arguments":
        if item.arguments is not None or item.kind == "function_call":
            yield _stream_span(item, item.arguments, "arguments", limit, added, response)
        return
    for part in item.parts.values():
        name = f"{item.id}, part {part.content_index}"
        if nest == "content part":
            yield Span(name, part.frames, part.done, part.added is not None, added, limit, response)
        elif (stream := part.streams.get(nest)) is not None:
            inner = min(limit, _index(part.done))
            yield _stream_span(item, stream, f"part {part.content_index}", inner, added, response)


def _stream_span(
    item: OutputItem, stream: Stream | None, name: str, limit: int, rooted: bool, response: Response
) -> Span:
    deltas = stream.deltas if stream is not None else []
    closer = stream.dones[0] if stream is not None and stream.dones else None
    finished = item.done is not None and item.done.part("item").get("status") == "completed"
    owed = bool(deltas) or (finished and item.kind == "function_call")
    return Span(f"{item.id}, {name}", deltas, closer, owed, rooted, limit, response)


def _index(frame: Frame | None) -> int:
    return frame.index if frame is not None else NEVER
