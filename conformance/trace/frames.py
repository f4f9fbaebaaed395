"""A frame as rules see it: canonical name, safe to ask for fields of any type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.trace.trace import Entry, Event

NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True, eq=False)
class Frame:
    """One entry under its canonical name.  Hostile content is fine: every accessor copes with any JSON.

    Not frozen, for speed alone: a view makes one for every entry.  Nobody writes to it.
    """

    index: int
    type: str
    """Canonical; empty if the frame held no event with a type."""
    event: Event
    """Empty if the frame held no JSON object."""
    entry: Entry
    whole: bool
    """False if the recorder shortened it: conclude nothing from what is missing or short."""

    def text(self, name: str) -> str | None:
        """Return a field if it is a string."""
        value = self.event.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int | None:
        """Return a field if it is an integer (true and false are not)."""
        return whole_number(self.event.get(name))

    def part(self, name: str) -> Mapping[str, Any]:
        """Return a field if it is an object, else an empty one."""
        value = self.event.get(name)
        return value if isinstance(value, dict) else NOTHING


def mapping(value: Any) -> Mapping[str, Any]:
    """Return *value* if it is an object, else an empty one."""
    return value if isinstance(value, dict) else NOTHING


def listing(value: Any) -> list[Any]:
    """Return *value* if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: Any) -> str | None:
    """Return *value* if it is a string."""
    return value if isinstance(value, str) else None


def whole_number(value: Any) -> int | None:
    """Return *value* if it is a JSON integer; 1.0 counts, true does not."""
    if type(value) is int:
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


def quoted(value: Any, most: int = 60) -> str:
    """Write *value* in at most *most* characters; of arrays and objects the kind only: they may nest beyond measure."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    return repr(value[:most] if isinstance(value, str) else value)[:most]
