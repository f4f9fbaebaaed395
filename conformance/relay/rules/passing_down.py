"""What the upstream says reaches the client: once, in order, unchanged, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract.schemas import schemas_for
from conformance.relay.crossing import Change, Crossed
from conformance.relay.flood import is_flood
from conformance.relay.pair import Pair
from conformance.relay.rules.pair_rule import HELD, Finding, Judged, PairChapter
from conformance.trace.frames import Frame, quoted, string
from conformance.trace.trace import Direction, EndKind, FrameKind
from conformance.trace.views import View

rules = PairChapter()

#: Bytes from which an event is large.
LARGE = 2**20


def subject(view: View, frame: Frame) -> str:
    """Name what is special about a frame of the upstream, which decides the rule that asks for it; or nothing is."""
    if is_flood(frame):
        return "flood"
    if frame.entry.kind is FrameKind.BINARY:
        return "binary"
    if frame.entry.size >= LARGE:
        return "large"
    if frame.type == "error":
        return "error"
    if frame.type not in view.dialect.canonical_server_events:
        return "unknown"
    return "" if str(frame.event).isascii() else "words"


def losses(pair: Pair, *subjects: str) -> Iterator[Finding]:
    """Yield a finding for each frame of these subjects that the client never heard."""
    if pair.upstream is None:
        return
    for frame in pair.lost_down:
        if subject(pair.upstream, frame) in subjects:
            kind = frame.type or str(frame.entry.kind)
            message = f"The upstream's {named(frame)} (entry {frame.index} of its trace) never reached the client."
            yield Finding(at_client(pair, frame), message, kind, "nothing")


def named(frame: Frame) -> str:
    """Name a frame by its type and id."""
    event_id = frame.text("event_id")
    return (frame.type or f"{frame.entry.kind} frame") + (f" {event_id}" if event_id else "")


def at_client(pair: Pair, lost: Frame) -> int:
    """Return the place in the client's trace where a lost frame of the upstream should be."""
    later = (each.target.index for each in pair.down.crossed if each.source.index > lost.index)
    return min(later, default=len(pair.client.trace))


def arrived(pair: Pair, *subjects: str) -> bool:
    """Return whether a frame of these subjects reached the client."""
    upstream = pair.upstream
    return upstream is not None and any(subject(upstream, each.source) in subjects for each in pair.down.crossed)


def changed(crossed: Crossed, change: Change) -> Finding:
    """Report a changed place of an event."""
    message = f"The gateway changed {change.path} of the {named(crossed.source)}."
    return Finding(crossed.target.index, message, quoted(change.sent), quoted(change.received), change.path)


def kind_of_change(view: View, crossed: Crossed, change: Change) -> str:
    """Name what is special about a changed place: `usage`, `unknown field`, `words`, what its frame is; or nothing."""
    special = subject(view, crossed.source)
    if special in ("large", "error", "unknown"):
        return special
    if "/usage" in change.path and crossed.source.type == "response.done":
        return "usage"
    if not change.added and change.path in extras(view, crossed.source):
        return "unknown field"
    text = string(change.sent)
    return "words" if text is not None and not text.isascii() else ""


def extras(view: View, frame: Frame) -> tuple[str, ...]:
    """Return the places of the fields that the documents do not know."""
    return schemas_for(view.dialect.name).extras(Direction.SERVER, frame.event)


def alterations(pair: Pair, *kinds: str) -> Iterator[Finding]:
    """Yield a finding for each changed place of these kinds."""
    if pair.upstream is not None:
        for crossed in pair.down.crossed:
            for change in crossed.changes:
                if kind_of_change(pair.upstream, crossed, change) in kinds:
                    yield changed(crossed, change)


def passed_whole(pair: Pair, special: str) -> Judged:
    """Judge that what is special about some frames of the upstream is neither lost nor changed."""
    yield from losses(pair, special)
    yield from alterations(pair, special)
    if arrived(pair, special):
        yield HELD


@rules.must("relay.upstream-events-arrive", covers=("RLY-01",))
def upstream_events_arrive(pair: Pair) -> Judged:
    """Every event of the upstream reaches the client."""
    yield from losses(pair, "")
    if arrived(pair, ""):
        yield HELD


@rules.must("relay.upstream-events-arrive-once", covers=("RLY-01",))
def upstream_events_arrive_once(pair: Pair) -> Judged:
    """No event of the upstream reaches the client twice."""
    for frame in pair.down.repeated:
        yield Finding(frame.index, f"The {named(frame)} came again.", "once", "twice")
    if arrived(pair, ""):
        yield HELD


@rules.must("relay.upstream-events-keep-their-order", covers=("RLY-01",))
def upstream_events_keep_their_order(pair: Pair) -> Judged:
    """The client hears the upstream's events in the order in which they were said."""
    for each in pair.down.moved:
        message = f"The {named(each.source)} came after what the upstream said later."
        yield Finding(each.target.index, message)
    if len(pair.down.crossed) > 1:
        yield HELD


@rules.must("relay.upstream-events-are-unchanged", covers=("RLY-02",))
def upstream_events_are_unchanged(pair: Pair) -> Judged:
    """The client hears the upstream's events as they were said, but for what the gateway declares."""
    yield from alterations(pair, "")
    if arrived(pair, ""):
        yield HELD


@rules.must("relay.unknown-events-pass", covers=("RLY-03",))
def unknown_events_pass(pair: Pair) -> Judged:
    """An event of a type that no document knows reaches the client as it is."""
    return passed_whole(pair, "unknown")


@rules.must("relay.unknown-fields-pass", covers=("RLY-03",))
def unknown_fields_pass(pair: Pair) -> Judged:
    """A field that no document knows reaches the client inside its event."""
    yield from alterations(pair, "unknown field")
    upstream = pair.upstream
    if upstream is not None and any(extras(upstream, each.source) for each in pair.down.crossed if each.source.type):
        yield HELD


@rules.must("relay.words-beyond-ascii-pass", covers=("RLY-04",))
def words_beyond_ascii_pass(pair: Pair) -> Judged:
    """Text beyond ASCII reaches the client as it is."""
    return passed_whole(pair, "words")


@rules.must("relay.large-events-pass", covers=("RLY-05",))
def large_events_pass(pair: Pair) -> Judged:
    """An event of several mebibytes reaches the client whole."""
    return passed_whole(pair, "large")


@rules.must("relay.errors-pass", covers=("RLY-06",))
def errors_pass(pair: Pair) -> Judged:
    """An `error` of the upstream reaches the client with its code and message."""
    return passed_whole(pair, "error")


@rules.must("relay.usage-passes-unchanged", covers=("RLY-07",))
def usage_passes_unchanged(pair: Pair) -> Judged:
    """The client is told the usage that the upstream counted."""
    yield from alterations(pair, "usage")
    if any(each.source.type == "response.done" and each.source.part("response") for each in pair.down.crossed):
        yield HELD


@rules.should("relay.frame-kinds-are-kept", covers=("RLY-08",))
def frame_kinds_are_kept(pair: Pair) -> Judged:
    """A binary frame stays binary and a text frame stays text."""
    yield from losses(pair, "binary")
    for each in (*pair.down.crossed, *pair.up.crossed):
        if each.source.entry.kind is not each.target.entry.kind:
            message = f"A {each.source.entry.kind} frame was passed on as {each.target.entry.kind}."
            index = each.target.index if not each.source.entry.sent else each.source.index
            yield Finding(index, message, str(each.source.entry.kind), str(each.target.entry.kind))
    if arrived(pair, "binary"):
        yield HELD


@rules.must("relay.nothing-is-said-in-the-upstreams-name", covers=("RLY-09",))
def nothing_is_said_in_the_upstreams_name(pair: Pair) -> Judged:
    """The client hears no event that the upstream did not say, but for the gateway's own errors about failures."""
    foreign = {frame.index for frame in strangers(pair)}
    for frame in pair.down.added:
        if frame.index not in foreign and not _explains(pair, frame):
            yield Finding(frame.index, f"The upstream never said this {named(frame)}.", "nothing", frame.type)
    if arrived(pair, ""):
        yield HELD


def _explains(pair: Pair, frame: Frame) -> bool:
    """Return whether an added event is the gateway's word on a failure, or on a client event that it refused."""
    if frame.type != "error" or pair.upstream is None:
        return frame.type == "error"
    end = pair.upstream.end
    failed = end is not None and (end.kind in (EndKind.REFUSED, EndKind.DROPPED) or end.by is Direction.SERVER)
    return failed or any(each.entry.deliberate for each in pair.up.lost)


def strangers(pair: Pair) -> Iterator[Frame]:
    """Yield what the client heard although the upstream said it in another session of the same conversation."""
    elsewhere = {
        (frame.type, event_id)
        for view in pair.context.others
        for frame in view.heard
        if (event_id := frame.text("event_id"))
    }
    for frame in pair.down.added:
        if (frame.type, frame.text("event_id")) in elsewhere:
            yield frame
