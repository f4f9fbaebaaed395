"""The mutation operators, the few ways in which most mutants differ from the reference: drop, change, add, hold back.

Each returns a Fault (or one of its parts) that knows nothing of earlier sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.mutants.edits import Path, put, session_path, stamp, without
from conformance.mutants.frame_edits import EventTest
from conformance.mutants.mutant import Fault, Transform
from conformance.trace.trace import Event

EventChange = Callable[[Event], Event]


def dropping(*kinds: str) -> Fault:
    """Never send events of these types."""
    return dropping_where(lambda event: event["type"] in kinds)


def dropping_where(test: EventTest) -> Fault:
    """Never send the events that *test* chooses."""
    return Fault(sends=lambda event: () if test(event) else (event,))


def dropping_first(kind: str) -> Fault:
    """Never send the first event of this type."""
    lost: list[Event] = []

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == kind and not lost:
            lost.append(event)
            return
        yield event

    return Fault(sends=sends)


def ignoring(*kinds: str) -> Fault:
    """Pass over client events of these types."""
    return Fault(receives=lambda event: () if event.get("type") in kinds else (event,))


def changing(kinds: Iterable[str], change: EventChange) -> Fault:
    """Send events of these types as *change* makes them."""
    chosen = frozenset(kinds)
    return Fault(sends=lambda event: (change(event) if event["type"] in chosen else event,))


def changing_all(change: EventChange) -> Fault:
    """Send every event as *change* makes it of a copy."""
    return Fault(sends=lambda event: (change(deepcopy(event)),))


def setting(*kinds: str, **fields: Any) -> Fault:
    """Send events of these types with other values in these fields."""
    return changing(kinds, lambda event: {**event, **fields})


def putting(kind: str, path: Path, value: Any) -> Fault:
    """Send events of one type with another value at *path*."""
    return changing((kind,), lambda event: put(event, path, value))


def lacking(kinds: Iterable[str], path: Path) -> Fault:
    """Send events of these types without the field at *path*."""
    return changing(kinds, lambda event: without(event, path))


def repeating(kind: str) -> Fault:
    """Send every event of this type twice."""
    return adding_after(kind, lambda event: (event,))


def adding_after(kind: str, make: Callable[[Event], Iterable[Event]]) -> Fault:
    """Send what *make* makes of each event of this type right after it."""
    stamped = stamp()

    def sends(event: Event) -> Iterable[Event]:
        yield event
        if event["type"] == kind:
            yield from map(stamped, make(event))

    return Fault(sends=sends)


def adding_before(kind: str, make: Callable[[Event], Iterable[Event]]) -> Fault:
    """Send what *make* makes of each event of this type right before it."""
    stamped = stamp()

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == kind:
            yield from map(stamped, make(event))
        yield event

    return Fault(sends=sends)


def holding(held: EventTest, until: str) -> Fault:
    """Hold back the events that *held* chooses until one of type *until* was sent."""
    kept: list[Event] = []

    def sends(event: Event) -> Iterable[Event]:
        if held(event):
            kept.append(event)
            return
        yield event
        if event["type"] == until:
            yield from kept
            kept.clear()

    return Fault(sends=sends)


def both(first: Fault, second: Fault) -> Fault:
    """Send what *second* makes of what *first* sends."""

    def sends(event: Event) -> Iterable[Event]:
        for each in first.sends(event) if first.sends is not None else (event,):
            yield from second.sends(each) if second.sends is not None else (each,)

    return Fault(sends=sends)


def noting(kind: str, notes: list[Event]) -> Fault:
    """Change nothing, and keep the events of one type in *notes*."""

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == kind:
            notes.append(event)
        yield event

    return Fault(sends=sends)


def receiving_more(kind: str, make: Callable[[Event], Iterable[Event]], *, first: bool = False) -> Transform:
    """Return a transform that lets the endpoint receive more than the client sent, at each event of this type."""

    def receives(event: Event) -> Iterable[Event]:
        more = make(event) if event.get("type") == kind else ()
        yield from (*more, event) if first else (event, *more)

    return receives


def pretending(dialect: Dialect, name: str, *, shown: Any, real: Any) -> Fault:
    """Claim that `turn_detection.<name>` is *shown*, but act as if it were *real*."""
    path, updated = (*session_path(dialect, "turn_detection"), name), [False, False]

    def receives(event: Event) -> Iterable[Event]:
        if not updated[0]:
            updated[0] = True
            quiet = dialect.session({"turn_detection": {"type": "server_vad", name: real}})
            yield {"type": "session.update", "event_id": "event_hidden", "session": quiet}
        yield put(event, path, real)

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == "session.updated" and not updated[1]:
            updated[1] = True  # it answers the hidden update
            return
        yield put(event, path, shown)

    return Fault(sends=sends, receives=receives)
