"""The engine that reads the table of `rules/ordering/table.py`: a function for each relation, a rule for each edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged, Keyword, items_of
from conformance.rules.ordering.table import BEFORE, COMES, EDGES, FIRST, LAST, NESTS, ONCE, Edge, Relation
from conformance.trace.frames import Frame, string
from conformance.trace.lens import lens
from conformance.trace.responses import STREAMS, OutputItem, id_of
from conformance.trace.spans import Span, spans
from conformance.trace.trace import Direction, End, EndKind
from conformance.trace.views import View

rules = Chapter("ordering")

#: Events in which nothing but an output item is seen; a call of a tool server has no parts.
CALLS_OF_TOOL_SERVERS = frozenset({"response.mcp_call_arguments.delta", "response.mcp_call_arguments.done"})


def _comes_first(view: View, edge: Edge) -> Judged:
    for span in spans(view, edge.nest):
        if not span.rooted or span.response.gapped or view.partial:
            continue
        first = span.frames[0]
        if first.type == edge.event:
            yield HELD
        elif edge.nest != "content part" or first.type in _inside(edge.nest):
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


@lens
def _last_finished(view: View) -> int:
    """Return where the last response of the conversation began that came to its end; -1 if none did."""
    return max((each.first for each in view.responses if each.done is not None and not each.out_of_band), default=-1)


def _given_up(view: View, span: Span) -> bool:
    """Return whether somebody waited for the end of this response in vain, or the endpoint went on without it."""
    if any(gap >= span.response.first for gap in view.gaps):
        return False
    end = view.end
    if end is not None and _hung_up(view, end):
        return True
    awaited = end.awaiting.split(" or ") if end is not None and end.kind is EndKind.TIMEOUT else []
    if any(each.startswith("response.") and each != "response.created" for each in awaited):
        return True
    return not span.response.out_of_band and _last_finished(view) > span.response.last


def _hung_up(view: View, end: End) -> bool:
    """Return whether the endpoint closed as if all were well; another code, or an error, has a rule of its own."""
    normal = end.kind is EndKind.CLOSED and end.by is Direction.SERVER and end.code in (1000, 1005)
    return normal and not (view.heard and view.heard[-1].type == "error")


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


def _after(frames: Sequence[Frame], index: int) -> Sequence[Frame]:
    late = 0
    while late < len(frames) and frames[-1 - late].index > index:
        late += 1
    return frames[len(frames) - late :] if late else ()


def _comes_once(view: View, edge: Edge) -> Judged:
    """Count by ids; where a span was opened anew under the same id, only the opening is at fault."""
    comings = view.server(edge.event)
    if len(comings) < 2:
        yield from [HELD for frame in comings if not (frame.entry.ids_elided or id_of(frame) is None)]
        return
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
        edge.id,
        about=_about(edge),
        covers=edge.covers,
        spec=SERVER_EVENTS + edge.event.replace(".", "/"),
        relaxed=edge.relaxed,
    )(check)


def _about(edge: Edge) -> set[str]:
    """Name the events without any of which an edge has nothing to look at."""
    if edge.relation is ONCE:
        return {edge.event}
    if edge.relation is FIRST:
        return _inside(edge.nest)
    if edge.nest in STREAMS:
        return {*STREAMS[edge.nest][:2], *(items_of("function_call") if edge.nest == "function_call_arguments" else ())}
    return {event for event in (edge.event, edge.other, NESTS[edge.nest].opened_by) if event}


def _inside(nest: str) -> set[str]:
    """Name the events of a kind of span and of everything in it."""
    own = {event for event in (NESTS[nest].opened_by, NESTS[nest].closed_by, *STREAMS.get(nest, ())[:2]) if event}
    if nest == "output item":
        own |= CALLS_OF_TOOL_SERVERS
    return own.union(*(_inside(name) for name, each in NESTS.items() if each.inside == nest))


for _edge in EDGES:
    _register(_edge)
