"""What one side of a conversation said, without ids and words, so that two plays of a script can be compared."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.trace.trace import Trace

#: Events that come when they like.
AT_ANY_TIME = frozenset({"rate_limits.updated"})


def spoken(trace: Trace) -> list[str]:
    """Return what the endpoint said, without ids and words: types in order, each run of deltas once."""
    types = [entry.type for entry in trace if not entry.sent and entry.type not in AT_ANY_TIME]
    return [kind for kind, _ in groupby(types)]


def spoken_upstream(trace: Trace) -> list[str]:
    """Return what a gateway said to our upstream: types in order, each run of one type once."""
    return [kind for kind, _ in groupby(entry.type for entry in trace if entry.sent)]


def first_difference(said: Sequence[str], says: Sequence[str]) -> tuple[str, str] | None:
    """Return the first place at which two lists of event types differ, in the words of each; None if nowhere."""
    if said == says:
        return None
    pairs = enumerate(zip(said, says, strict=False))
    at = next((at for at, (one, other) in pairs if one != other), min(len(said), len(says)))
    return _at(said, at), _at(says, at)


def _at(types: Sequence[str], place: int) -> str:
    """Name the event at a place, with the one before it."""
    here = types[place] if place < len(types) else "the end"
    return f"{here} after {types[place - 1]}" if place else here
