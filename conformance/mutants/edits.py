"""Changes inside one event: at a path, by field, and what an event is about."""

from __future__ import annotations

from copy import deepcopy
from itertools import count
from typing import TYPE_CHECKING, Any

from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.dialect import Dialect

Path = tuple[str | int, ...]


def holder(event: Event, path: Path) -> Any:
    """Return the object or array that holds the last step of *path*; None if the event has no such place."""
    where: Any = event
    for step in path[:-1]:
        try:
            where = where[step]
        except (LookupError, TypeError):
            return None
    return where


def put(event: Event, path: Path, value: Any) -> Event:
    """Return the event with another value at *path*, unchanged if there is no such place."""
    changed = deepcopy(event)
    where, last = holder(changed, path), path[-1]
    if isinstance(where, dict):
        where[last] = value
    return changed


def without(event: Event, path: Path) -> Event:
    """Return the event without the field at *path*."""
    changed = deepcopy(event)
    where = holder(changed, path)
    if isinstance(where, dict):
        where.pop(path[-1], None)
    return changed


def picked(fields: Event, *names: str) -> Event:
    """Return an object with only these of its fields."""
    return {name: fields[name] for name in names if name in fields}


def session_path(dialect: Dialect, name: str) -> tuple[str, ...]:
    """Return the path of a session setting inside a session event, e.g. `instructions`."""
    return ("session", *dialect.session_paths[name])


def stamp() -> Callable[[Event], Event]:
    """Return a function that puts a fresh event id into an event."""
    numbers = count(1)
    return lambda event: {**event, "event_id": f"event_mutant{next(numbers)}"}


def item_id_of(event: Event) -> str | None:
    """Return the id of the item that an event is about."""
    item = event.get("item")
    name = item.get("id") if isinstance(item, dict) else event.get("item_id")
    return name if isinstance(name, str) else None


def is_output(event: Event) -> bool:
    """Return whether a conversation event announces an item that the model made."""
    item = event.get("item")
    if not str(event.get("type")).startswith("conversation.item.") or not isinstance(item, dict):
        return False
    return item.get("role") == "assistant" or item.get("type") == "function_call"
