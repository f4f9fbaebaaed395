"""What the client says reaches the upstream: once, in order, unchanged, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract.schemas import schemas_for
from conformance.relay.crossing import Change, Crossed
from conformance.relay.pair import Pair
from conformance.relay.rules.pair_rule import HELD, Finding, Judged, PairChapter
from conformance.relay.rules.passing_down import named
from conformance.trace.frames import Frame, quoted
from conformance.trace.trace import Direction
from conformance.trace.views import View

rules = PairChapter()

UPDATES = ("session.update", "transcription_session.update")


@rules.must("relay.client-events-arrive", covers=("RLY-10",))
def client_events_arrive(pair: Pair) -> Judged:
    """Every event of the client reaches the upstream, or is refused by an `error`."""
    for frame in pair.lost_up:
        if frame.entry.event is not None:
            yield Finding(
                frame.index, f"The client's {named(frame)} never reached the upstream.", frame.type, "nothing"
            )
    if pair.up.crossed:
        yield HELD


@rules.must("relay.client-events-arrive-once", covers=("RLY-10",))
def client_events_arrive_once(pair: Pair) -> Judged:
    """No event of the client reaches the upstream twice."""
    for frame in pair.up.repeated:
        source = _said(pair, frame)
        yield Finding(source, f"The client's {named(frame)} reached the upstream again.", "once", "twice")
    if pair.up.crossed:
        yield HELD


@rules.must("relay.client-events-keep-their-order", covers=("RLY-10",))
def client_events_keep_their_order(pair: Pair) -> Judged:
    """The upstream hears the client's events in the order in which they were said."""
    for each in pair.up.moved:
        yield Finding(each.source.index, f"The {named(each.source)} reached the upstream after what was said later.")
    if len(pair.up.crossed) > 1:
        yield HELD


@rules.must("relay.client-events-are-unchanged", covers=("RLY-11",))
def client_events_are_unchanged(pair: Pair) -> Judged:
    """The upstream hears the client's events as they were said, but for what the gateway declares."""
    for crossed, change in _changes(pair):
        if not _unknown(pair.client, crossed.source, change):
            yield _changed(crossed, change)
    if pair.up.crossed:
        yield HELD


@rules.must("relay.unknown-client-fields-pass", covers=("RLY-03",))
def unknown_client_fields_pass(pair: Pair) -> Judged:
    """A field of a client event that no document knows reaches the upstream, which may know it."""
    for crossed, change in _changes(pair):
        if _unknown(pair.client, crossed.source, change):
            yield _changed(crossed, change)
    if any(_extras(pair.client, each.source) for each in pair.up.crossed if each.source.type):
        yield HELD


@rules.must("relay.no-response-is-asked-for-unasked", covers=("RLY-12",))
def no_response_is_asked_for_unasked(pair: Pair) -> Judged:
    """The gateway sends no `response.create` of its own."""
    yield from _injected(pair, ("response.create",))
    if pair.up.crossed:
        yield HELD


@rules.must("relay.no-session-update-is-injected", covers=("RLY-12",))
def no_session_update_is_injected(pair: Pair) -> Judged:
    """The gateway sends no `session.update` of its own."""
    yield from _injected(pair, UPDATES)
    if pair.up.crossed:
        yield HELD


@rules.must("relay.nothing-else-is-injected", covers=("RLY-12",))
def nothing_else_is_injected(pair: Pair) -> Judged:
    """The gateway sends the upstream nothing that the client did not say."""
    others = {frame.type for frame in pair.up.added} - {"response.create", *UPDATES}
    yield from _injected(pair, tuple(others))
    if pair.up.crossed:
        yield HELD


def _injected(pair: Pair, kinds: tuple[str, ...]) -> Iterator[Finding]:
    for frame in pair.up.added:
        if frame.type in kinds:
            message = f"The gateway sent the upstream a {named(frame)} (entry {frame.index} of its trace) of its own."
            yield Finding(_before(pair, frame), message, "nothing", frame.type or str(frame.entry.kind))


def _before(pair: Pair, injected: Frame) -> int:
    """Return the last entry of the client that reached the upstream before what was injected."""
    return max((each.source.index for each in pair.up.crossed if each.target.index < injected.index), default=0)


def _said(pair: Pair, repeated: Frame) -> int:
    event_id = repeated.text("event_id")
    same = (each.source.index for each in pair.up.crossed if each.source.text("event_id") == event_id)
    return next(same, 0)


def _changes(pair: Pair) -> Iterator[tuple[Crossed, Change]]:
    for crossed in pair.up.crossed:
        for change in crossed.changes:
            yield crossed, change


def _changed(crossed: Crossed, change: Change) -> Finding:
    message = f"The gateway changed {change.path} of the client's {named(crossed.source)}."
    return Finding(crossed.source.index, message, quoted(change.sent), quoted(change.received), change.path)


def _unknown(view: View, frame: Frame, change: Change) -> bool:
    return not change.added and change.path in _extras(view, frame)


def _extras(view: View, frame: Frame) -> tuple[str, ...]:
    return schemas_for(view.dialect.name).extras(Direction.CLIENT, frame.event)
