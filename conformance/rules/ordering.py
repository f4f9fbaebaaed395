"""The order of events inside a response, as data.

Everything that we know about order inside a response is in this file, and nothing else is:
what an event *says* is judged by the other chapters.

Theory of operation
===================

A response is a nest of four kinds of span, each opened by one event and closed by another:

    response        response.created … response.done
      output item     response.output_item.added … response.output_item.done
        content part    response.content_part.added … response.content_part.done
          stream          (its first delta) … response.output_text.done

A part holds up to three streams (text, audio, transcript); a function call holds one, its arguments,
directly and without a content part.  Each span owes at most five things, which we call edges:

    FIRST    no event of the span comes before the event that opens it
    ONCE     the opening (closing) event comes at most once
    COMES    a span that was opened is closed before its response ends
    LAST     nothing of the span follows the event that closes it
    BEFORE   one event comes before another about the same item (the link to the conversation)

`EDGES` is the whole truth: one line an edge, each of which becomes one rule with its own id.
`docs/ordering.md` is `page()`: the graph that `automaton` draws from the same two tables, and the edges.

The order is partial, on purpose.  Recordings of real endpoints show items of one response that interleave,
audio and transcript deltas in any mixture, `rate_limits.updated` and transcription events anywhere,
and `audio.done` on either side of `transcript.done`.  So there is no edge between siblings.
`conversation.item.done` has none either: it was seen before `response.output_item.done` each time,
but nothing promises that.

Whom to blame
=============

One fault shall be one finding.  Therefore the outermost span speaks: a delta after `response.done` is late for
its stream, its part, its item and its response, and only the response says so; an event of an item that was never
opened says nothing about parts.  A missing `done` belongs to COMES, and LAST is silent then.

A recording may stop anywhere.  What never came is held against the endpoint only where its response is
over (and no gap in the recording lies within), or where somebody waited for it in vain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from conformance.rules.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged, Keyword
from conformance.trace.frames import Frame, string
from conformance.trace.responses import STREAMS, OutputItem, id_of
from conformance.trace.spans import Span, spans
from conformance.trace.trace import EndKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.trace.views import View

rules = Chapter("ordering")


class Relation(StrEnum):
    """What an edge demands; see the head of this file."""

    FIRST = "opens"
    ONCE = "comes once"
    COMES = "comes"
    LAST = "closes"
    BEFORE = "precedes"


@dataclass(frozen=True, slots=True)
class Nest:
    """One kind of span."""

    opened_by: str | None
    """None: the first delta opens it."""
    closed_by: str
    inside: str | None
    """The kind of span around it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One demand; `nest` is the kind of span it is about."""

    id: str
    nest: str
    relation: Relation
    event: str
    covers: tuple[str, ...]
    sentence: str
    keyword: Keyword = Keyword.MUST
    other: str = ""
    """BEFORE: the later event.  COMES: the event that begins what is owed, where that does not open the span."""
    softened: str = ""


NESTS = {
    "response": Nest("response.created", "response.done", None),
    "output item": Nest("response.output_item.added", "response.output_item.done", "response"),
    "content part": Nest("response.content_part.added", "response.content_part.done", "output item"),
    "output_text": Nest(None, "response.output_text.done", "content part"),
    "output_audio": Nest(None, "response.output_audio.done", "content part"),
    "output_audio_transcript": Nest(None, "response.output_audio_transcript.done", "content part"),
    "function_call_arguments": Nest(None, "response.function_call_arguments.done", "output item"),
}

FIRST, ONCE, COMES, LAST, BEFORE = Relation

# fmt: off
EDGES = (
    Edge("response-created-is-first", "response", FIRST, "response.created", ("RSP-01", "RSP-03"),
         "No event names a response before its `response.created`."),
    Edge("response-created-comes-once", "response", ONCE, "response.created", ("RSP-01",),
         "A response is created once: its id is never used again."),
    Edge("response-done-comes", "response", COMES, "response.done", ("RSP-04", "RSP-25", "ERR-09"),
         "Every response that was created ends with `response.done`, whatever became of it."),
    Edge("response-done-comes-once", "response", ONCE, "response.done", ("RSP-04",),
         "A response has one `response.done`."),
    Edge("response-done-is-last", "response", LAST, "response.done", ("RSP-05",),
         "Nothing that belongs to a response follows its `response.done`.",
         softened="Output buffer events of WebRTC calls follow it and are left out: they are no part of the response."),

    Edge("output-item-added-is-first", "output item", FIRST, "response.output_item.added", ("STR-01",),
         "No event names an output item before its `response.output_item.added`."),
    Edge("output-item-added-comes-once", "output item", ONCE, "response.output_item.added", ("STR-01",),
         "An output item is added once."),
    Edge("output-item-done-comes", "output item", COMES, "response.output_item.done", ("RSP-19", "STR-13"),
         "Every output item is closed by `response.output_item.done` before its response ends, even a cut off one."),
    Edge("output-item-done-comes-once", "output item", ONCE, "response.output_item.done", ("STR-13",),
         "An output item has one `response.output_item.done`."),
    Edge("output-item-done-is-last", "output item", LAST, "response.output_item.done", ("STR-13",),
         "No event of an output item follows its `response.output_item.done`."),
    Edge("output-item-joins-the-conversation", "output item", COMES, "conversation.item.added", ("STR-03",),
         "An output item of the default conversation is announced there as well.",
         other="response.output_item.added"),
    Edge("output-item-is-added-before-it-joins", "output item", BEFORE, "response.output_item.added", ("STR-03",),
         "`response.output_item.added` comes before the conversation announces the item.",
         Keyword.SHOULD, other="conversation.item.added",
         softened="Only observed (24 recordings of 24), and shown in a vendor's table; the reference does not say it."),
    Edge("output-item-joins-before-its-parts", "output item", BEFORE, "conversation.item.added", ("STR-03",),
         "The conversation announces an output item before the first of its content parts.",
         other="response.content_part.added"),

    Edge("content-part-added-is-first", "content part", FIRST, "response.content_part.added", ("STR-04",),
         "No event of a content part comes before its `response.content_part.added`."),
    Edge("content-part-added-comes-once", "content part", ONCE, "response.content_part.added", ("STR-04",),
         "A content part is added once."),
    Edge("content-part-done-comes", "content part", COMES, "response.content_part.done", ("RSP-19", "STR-13"),
         "Every content part is closed by `response.content_part.done` before its response ends, even a cut off one."),
    Edge("content-part-done-comes-once", "content part", ONCE, "response.content_part.done", ("STR-13",),
         "A content part has one `response.content_part.done`."),
    Edge("content-part-done-is-last", "content part", LAST, "response.content_part.done", ("STR-12",),
         "What is streamed into a content part, and the end of it, comes before its `response.content_part.done`."),

    Edge("text-done-comes", "output_text", COMES, "response.output_text.done", ("STR-14", "RSP-19"),
         "Streamed text is closed by its done event."),
    Edge("text-done-comes-once", "output_text", ONCE, "response.output_text.done", ("STR-14",),
         "Streamed text is closed once."),
    Edge("text-done-is-last", "output_text", LAST, "response.output_text.done", ("STR-14",),
         "No text delta follows the done event of its text."),
    Edge("audio-done-comes", "output_audio", COMES, "response.output_audio.done", ("STR-14", "RSP-19"),
         "Streamed audio is closed by its done event."),
    Edge("audio-done-comes-once", "output_audio", ONCE, "response.output_audio.done", ("STR-14",),
         "Streamed audio is closed once."),
    Edge("audio-done-is-last", "output_audio", LAST, "response.output_audio.done", ("STR-14",),
         "No audio delta follows the done event of its audio."),
    Edge("transcript-done-comes", "output_audio_transcript", COMES, "response.output_audio_transcript.done",
         ("STR-14", "RSP-19"), "A streamed transcript is closed by its done event."),
    Edge("transcript-done-comes-once", "output_audio_transcript", ONCE, "response.output_audio_transcript.done",
         ("STR-14",), "A streamed transcript is closed once."),
    Edge("transcript-done-is-last", "output_audio_transcript", LAST, "response.output_audio_transcript.done",
         ("STR-14",), "No transcript delta follows the done event of its transcript."),
    Edge("arguments-done-comes", "function_call_arguments", COMES, "response.function_call_arguments.done",
         ("STR-14", "STR-20", "RSP-19"), "The arguments of a call are closed by a done event of their own."),
    Edge("arguments-done-comes-once", "function_call_arguments", ONCE, "response.function_call_arguments.done",
         ("STR-14",), "The arguments of a call are closed once."),
    Edge("arguments-done-is-last", "function_call_arguments", LAST, "response.function_call_arguments.done",
         ("STR-14",), "No arguments delta follows the done event of its arguments."),
)
# fmt: on


def _comes_first(view: View, edge: Edge) -> Judged:
    for span in spans(view, edge.nest):
        if not span.rooted or span.response.gapped or view.partial:
            continue
        first = span.frames[0]
        if first.type == edge.event:
            yield HELD
        else:
            yield Finding(first.index, f"{first.type} of {span.name} came first.", edge.event, first.type)


def _comes(view: View, edge: Edge) -> Judged:
    for span in spans(view, edge.nest):
        if not span.opened or not span.rooted or span.response.gapped:
            continue
        if span.closer is not None:
            yield HELD
        elif span.response.done is not None:
            message = f"{span.response.id} ended, but {edge.event} of {span.name} never came."
            yield Finding(span.response.done.index, message, edge.event, "response.done")
        elif edge.nest == "response" and _given_up(view, span):
            yield Finding(len(view.frames), f"{edge.event} of {span.name} never came.", edge.event, "nothing")


def _given_up(view: View, span: Span) -> bool:
    """Tell whether somebody waited for the end of this response in vain, or the endpoint went on without it."""
    if any(gap >= span.response.first for gap in view.gaps):
        return False
    end = view.end
    awaited = end.awaiting.split(" or ") if end is not None and end.kind is EndKind.TIMEOUT else []
    if any(each.startswith("response.") and each != "response.created" for each in awaited):
        return True
    later = (each for each in view.responses if each.first > span.response.last and not each.out_of_band)
    return not span.response.out_of_band and any(each.done is not None for each in later)


def _comes_last(view: View, edge: Edge) -> Judged:
    for span in spans(view, edge.nest):
        if span.closer is None or not span.rooted:
            continue
        closed = span.closer.index
        late = [frame for frame in _after(span.frames, closed) if frame.index < span.limit and frame.type != edge.event]
        for frame in late:
            yield Finding(
                frame.index, f"{frame.type} of {span.name} came after {edge.event}.", f"before entry {closed}"
            )
        if not late:
            yield HELD


def _after(frames: Sequence[Frame], index: int) -> list[Frame]:
    late = 0
    while late < len(frames) and frames[-1 - late].index > index:
        late += 1
    return list(frames[len(frames) - late :])


def _comes_once(view: View, edge: Edge) -> Judged:
    """Count by ids; where a span was opened anew under the same id, only the opening is at fault."""
    opener = NESTS[edge.nest].opened_by
    kinds = {edge.event, opener} if opener is not None else {edge.event}
    seen: set[tuple[str | int | None, ...]] = set()
    for frame in view.server(*sorted(kinds)):
        key = _key(frame)
        if key[0] is None or frame.entry.ids_elided:
            continue
        if frame.type != edge.event:
            seen.discard(key)
        elif key in seen:
            yield Finding(
                frame.index, f"{edge.event} of {' '.join(map(str, filter(None, key)))} came again.", "once", "again"
            )
        else:
            seen.add(key)
            yield HELD


def _key(frame: Frame) -> tuple[str | int | None, ...]:
    item = frame.text("item_id") or string(frame.part("item").get("id"))
    return id_of(frame), item, frame.number("content_index")


def _joins(view: View, edge: Edge) -> Judged:
    if view.partial:
        return
    for response in view.responses:
        if response.out_of_band or response.open:
            continue
        for item in response.items.values():
            if item.added is None:
                continue
            if item.id in view.announced:
                yield HELD
            else:
                yield Finding(
                    response.last, f"The conversation never announced {item.id} of {response.id}.", edge.event
                )


def _comes_before(view: View, edge: Edge) -> Judged:
    if view.partial:
        return
    for response in view.responses:
        for item in response.items.values():
            first, second = (_first_of(view, item, kind) for kind in (edge.event, edge.other))
            if first is None or second is None or item.frames[0] is not item.added:
                continue
            if first.index < second.index:
                yield HELD
            else:
                yield Finding(
                    second.index, f"{edge.other} of {item.id} came before {edge.event}.", edge.event, edge.other
                )


def _first_of(view: View, item: OutputItem, kind: str) -> Frame | None:
    if kind == "conversation.item.added":
        return view.announced[item.id].frame if item.id in view.announced else None
    if kind == "response.output_item.added":
        return item.added
    return next((part.added for part in item.parts.values() if part.added is not None), None)


ENGINE: dict[Relation, Callable[[View, Edge], Judged]] = {
    FIRST: _comes_first,
    ONCE: _comes_once,
    COMES: _comes,
    LAST: _comes_last,
    BEFORE: _comes_before,
}


def _register(edge: Edge) -> None:
    judge = _joins if edge.event == "conversation.item.added" and edge.relation is COMES else ENGINE[edge.relation]

    def check(view: View) -> Judged:
        return judge(view, edge)

    check.__doc__ = edge.sentence
    named = {Keyword.MUST: rules.must, Keyword.SHOULD: rules.should, Keyword.MAY: rules.may}[edge.keyword]
    named(
        f"{rules.name}.{edge.id}",
        about=_about(edge),
        covers=edge.covers,
        spec=SERVER_EVENTS + edge.event.replace(".", "/"),
        softened=edge.softened,
    )(check)


def _about(edge: Edge) -> set[str]:
    """Name the events without any of which an edge has nothing to look at."""
    if edge.relation is ONCE:
        return {edge.event}
    if edge.relation is FIRST:
        return _inside(edge.nest)
    if edge.nest in STREAMS:
        return {*STREAMS[edge.nest][:2], "response.output_item.done"}
    return {event for event in (edge.event, edge.other, NESTS[edge.nest].opened_by) if event}


def _inside(nest: str) -> set[str]:
    """Name the events of a kind of span and of everything in it."""
    own = {event for event in (NESTS[nest].opened_by, NESTS[nest].closed_by, *STREAMS.get(nest, ())[:2]) if event}
    return own.union(*(_inside(name) for name, each in NESTS.items() if each.inside == nest))


for _edge in EDGES:
    _register(_edge)


def automaton() -> str:
    """Draw `NESTS` and `EDGES` as a Mermaid flow chart: boxes are spans, arrows say what must come before what."""
    lines = ["flowchart TD"]
    for name, nest in NESTS.items():
        opener = nest.opened_by or f"first {nest.closed_by.removesuffix('.done')}.delta"
        lines.append(f'    subgraph {_node(name)}["{name}"]')
        lines.append(f'        {_node(name)}_open(["{opener}"]) --> {_node(name)}_close(["{nest.closed_by}"])')
        lines.append("    end")
    for name, nest in NESTS.items():
        if nest.inside is not None:
            lines.append(f"    {_node(nest.inside)}_open --> {_node(name)}_open")
            lines.append(f"    {_node(name)}_close --> {_node(nest.inside)}_close")
    nodes = {nest.opened_by: f"{_node(name)}_open" for name, nest in NESTS.items() if nest.opened_by}
    for edge in EDGES:
        if edge.relation is BEFORE:
            arrow = "-->" if edge.keyword is Keyword.MUST else "-.->"
            lines.append(f"    {_place(nodes, edge.event)} {arrow} {_place(nodes, edge.other)}")
    return "\n".join(lines) + "\n"


def _node(name: str) -> str:
    return name.replace(" ", "_")


def _place(nodes: Mapping[str, str], event: str) -> str:
    return nodes.get(event) or f'conversation(["{event}"])'


def page() -> str:
    """Write `docs/ordering.md`."""
    rows = (f"| `{rules.name}.{edge.id}` | {edge.keyword} | {edge.sentence} |" for edge in EDGES)
    return "\n".join(
        (
            "# The order of events inside a response",
            "",
            "Generated from `conformance/rules/ordering.py`, which says why; do not edit.",
            "Canonical (`ga`) names; a solid arrow is a MUST, a dotted one a SHOULD.",
            "What no arrow joins may come in any order.",
            "",
            "```mermaid",
            automaton().rstrip(),
            "```",
            "",
            "| rule | keyword | requirement |",
            "| --- | --- | --- |",
            *rows,
            "",
        )
    )
