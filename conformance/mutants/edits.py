"""Changes inside an event: at a path, and in all the places where an event stream shows the same thing."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from conformance.mutants.mutant import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.contract.dialect import Event

Path = tuple[str | int, ...]


def holder(event: Event, path: Path) -> Any:
    """Give the object or array that holds the last step of *path*; None if the event has no such place."""
    where: Any = event
    for step in path[:-1]:
        try:
            where = where[step]
        except (LookupError, TypeError):
            return None
    return where


def put(event: Event, path: Path, value: Any) -> Event:
    """Give the event with another value at *path*, unchanged if there is no such place."""
    changed = deepcopy(event)
    where, last = holder(changed, path), path[-1]
    if isinstance(where, dict):
        where[last] = value
    return changed


def without(event: Event, path: Path) -> Event:
    """Give the event without the field at *path*."""
    changed = deepcopy(event)
    where = holder(changed, path)
    if isinstance(where, dict):
        where.pop(path[-1], None)
    return changed


def putting(kind: str, path: Path, value: Any) -> Fault:
    """Send events of one type with another value at *path*."""
    return Fault(sends=lambda event: (put(event, path, value) if event["type"] == kind else event,))


def lacking(kinds: Iterable[str], path: Path) -> Fault:
    """Send events of these types without the field at *path*."""
    chosen = frozenset(kinds)
    return Fault(sends=lambda event: (without(event, path) if event["type"] in chosen else event,))


def editing(change: Callable[[Event], Event]) -> Fault:
    """Send every event as *change* makes it of a copy."""
    return Fault(sends=lambda event: (change(deepcopy(event)),))


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


def is_output(event: Event) -> bool:
    """Tell whether a conversation event announces an item that the model made."""
    item = event.get("item")
    if not str(event.get("type")).startswith("conversation.item.") or not isinstance(item, dict):
        return False
    return item.get("role") == "assistant" or item.get("type") == "function_call"
