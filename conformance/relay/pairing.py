"""Which dial of the upstream belongs to which connection of a client.

Every session of the upstream has ids of its own, and gateways pass some of them on: they are the nonce.  Where nothing
was said that could tell, the order decides, as long as nobody else could have come in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from conformance.relay.side import side_of
from conformance.trace.trace import Trace

#: Fields that hold an id of the upstream's own making.
ID_FIELDS = ("event_id", "item_id", "response_id", "call_id")
OBJECTS = ("session", "response", "item", "conversation")


def marks(trace: Trace) -> frozenset[str]:
    """Collect the ids that the endpoint of *trace* gave; those that a client chose are among them at most by echo."""
    return frozenset(mark for entry in trace if not entry.sent and entry.event for mark in _ids(entry.event))


def _ids(event: dict[str, Any]) -> Iterator[str]:
    for name in ID_FIELDS:
        if isinstance(value := event.get(name), str):
            yield value
    for name in OBJECTS:
        part = event.get(name)
        if isinstance(part, dict) and isinstance(value := part.get("id"), str):
            yield value


def paired(clients: Sequence[Trace], dials: Sequence[Trace], *, by_order: bool = False) -> list[Trace | None]:
    """Return the dial of each client's trace; None where there was none, or nothing tells.

    *by_order*: these dials belong to these clients and to nobody else, so that the order may tell.
    """
    client_marks, dial_marks = [marks(each) for each in clients], [marks(each) for each in dials]
    shared = [
        (len(ours & theirs), -abs(here - there), here, there)
        for here, ours in enumerate(client_marks)
        for there, theirs in enumerate(dial_marks)
        if ours & theirs
    ]
    found: dict[int, int] = {}
    for _, _, here, there in sorted(shared, reverse=True):
        if here not in found and there not in found.values():
            found[here] = there
    if by_order:
        _by_order(clients, dials, found)
    return [dials[found[here]] if here in found else None for here in range(len(clients))]


def _by_order(clients: Sequence[Trace], dials: Sequence[Trace], found: dict[int, int]) -> None:
    """Add to *found* the dials that came while a client was waiting that has none; the first come first."""
    for there, dial in enumerate(dials):
        if there in found.values():
            continue
        waiting = (here for here, client in enumerate(clients) if here not in found and _could(client, dial))
        if (here := next(waiting, None)) is not None:
            found[here] = there


def _could(client: Trace, dial: Trace) -> bool:
    """Return whether a dial came during a client's connection, as far as the clocks tell."""
    ours, theirs = side_of(client), side_of(dial)
    if ours.asked is None or theirs.asked is None:
        return True
    last = (ours.opened if ours.opened is not None else ours.asked) + client.duration
    return ours.asked <= theirs.asked <= last
