"""Findings of one rule at different places of events: where several are shown, they should differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: An index into an array: the same place of every element.
INDEX = re.compile(r"/[0-9]+(?=/|$)")


class Placed(Protocol):
    """Anything that was found at a JSON pointer into an event."""

    @property
    def path(self) -> str:
        """The pointer; empty for the whole event."""


P = TypeVar("P", bound=Placed)


def one_of_each(findings: Iterable[P]) -> list[P]:
    """Return the first finding at each place, in their order."""
    first: dict[str, P] = {}
    for each in findings:
        first.setdefault(INDEX.sub("/*", each.path), each)
    return list(first.values())


def telling(findings: Sequence[P], most: int) -> list[P]:
    """Return *most* findings, at different places as far as there are any, in their order."""
    chosen = [id(each) for each in one_of_each(findings)[:most]]
    chosen += [key for each in findings if (key := id(each)) not in chosen][: most - len(chosen)]
    return [each for each in findings if id(each) in chosen]
