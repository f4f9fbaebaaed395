"""Tables of what has an id: rules, mutants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """Unique among its kind."""


Registered = TypeVar("Registered", bound=Named)


def by_id(*groups: Iterable[Registered]) -> Mapping[str, Registered]:
    """Return all entries of *groups* by id, in order; ValueError if two have the same."""
    table: dict[str, Registered] = {}
    for group in groups:
        for entry in group:
            if entry.id in table:
                raise ValueError(f"two are called {entry.id}")
            table[entry.id] = entry
    return table
