"""The few ways in which most mutants differ from the reference: drop, change, add, hold back, pretend.

Each gives a Fault (or one of its parts) that knows nothing of earlier sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import count
from typing import Any

from conformance.contract.dialect import Dialect, Event
from conformance.mutants.mutant import Fault, Transform

Change = Callable[[Event], Event]
Test = Callable[[Event], bool]


def stamp() -> Callable[[Event], Event]:
    """Give a function that puts a fresh event id into an event."""
    numbers = count(1)
    return lambda event: {**event, "event_id": f"event_mutant{next(numbers)}"}


def item_id_of(event: Event) -> str | None:
    """Give the id of the item that an event is about."""
    item = event.get("item")
    name = item.get("id") if isinstance(item, dict) else event.get("item_id")
    return name if isinstance(name, str) else None


def dropping(*kinds: str) -> Fault:
    """Never send events of these types."""
    return Fault(sends=lambda event: () if event["type"] in kinds else (event,))


def changing(kinds: Iterable[str], change: Change) -> Fault:
    """Send events of these types as *change* makes them."""
    chosen = frozenset(kinds)
    return Fault(sends=lambda event: (change(event) if event["type"] in chosen else event,))


def setting(*kinds: str, **fields: Any) -> Fault:
    """Send events of these types with other values in these fields."""
    return changing(kinds, lambda event: {**event, **fields})


def repeating(kind: str) -> Fault:
    """Send every event of this type twice."""
    stamped = stamp()
    return Fault(sends=lambda event: (event, stamped(event)) if event["type"] == kind else (event,))


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


def holding(held: Test, until: str) -> Fault:
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


def obeying(dialect: Dialect, name: str, *, shown: Any, real: Any) -> Fault:
    """Claim that `turn_detection.<name>` is *shown*, but act as if it were *real*."""
    hidden = [True]

    def hears(event: Event) -> Iterable[Event]:
        if hidden[0]:
            hidden[0] = False
            quiet = dialect.session({"turn_detection": {"type": "server_vad", name: real}})
            yield {"type": "session.update", "event_id": "event_hidden", "session": quiet}
        yield _with(dialect, event, name, real)

    swallow = [True]

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == "session.updated" and swallow[0]:
            swallow[0] = False
            return
        yield _with(dialect, event, name, shown)

    return Fault(sends=sends, hears=hears)


def _with(dialect: Dialect, event: Event, name: str, value: Any) -> Event:
    """Give a session event with another value of one field of its turn detection, if it has one."""
    session = event.get("session")
    if not isinstance(session, dict) or not isinstance(dialect.setting(session, "turn_detection"), dict):
        return event
    changed = deepcopy(event)
    dialect.setting(changed["session"], "turn_detection")[name] = value
    return changed


def hearing_more(kind: str, make: Callable[[Event], Iterable[Event]], *, first: bool = False) -> Transform:
    """Give a transform that makes the endpoint hear more than the client said, at each event of this type."""

    def hears(event: Event) -> Iterable[Event]:
        more = make(event) if event.get("type") == kind else ()
        yield from (*more, event) if first else (event, *more)

    return hears
