"""The lens on the default conversation: which item was announced where, and what was known then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.trace.frames import Frame, string

if TYPE_CHECKING:
    from conformance.trace.canonical import CanonicalTrace


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """One `conversation.item.added` (beta: `.created`)."""

    frame: Frame
    item_id: str
    previous: str | None
    """Its `previous_item_id`, if that is a string."""
    last: str | None
    """The last item of the conversation before it; None if it was empty."""
    certain: bool
    """Whether *last* can be relied on: nothing is missing, and all insertions so far could be placed."""
    repeated: bool
    """Whether this id was announced before."""


def additions_of(trace: CanonicalTrace) -> tuple[Addition, ...]:
    """Replay additions and deletions; linear in the length of the trace."""
    found: list[Addition] = []
    order: list[str] = []
    known: set[str] = set()
    certain = not trace.partial
    for frame in trace.server("conversation.item.added", "conversation.item.deleted"):
        if frame.type == "conversation.item.deleted":
            name = frame.text("item_id")
            if name is not None and name in known:
                known.discard(name)
                _drop(order, name)
            continue
        name = string(frame.part("item").get("id"))
        if name is None:
            certain = certain and frame.whole and not frame.entry.ids_elided
            continue
        previous = frame.text("previous_item_id")
        repeated = name in known
        found.append(Addition(frame, name, previous, order[-1] if order else None, certain, repeated))
        if repeated:
            continue
        known.add(name)
        if previous is None or not order or previous == order[-1] or previous not in known:
            # A null predecessor on a non-empty conversation is an insertion at the root,
            # or an endpoint that never fills the field: where the item went cannot be told.
            certain = certain and (previous is not None or not order)
            order.append(name)
        else:
            order.insert(order.index(previous) + 1, name)
    return tuple(found)


def _drop(order: list[str], name: str) -> None:
    if order and order[-1] == name:
        order.pop()
    else:
        order.remove(name)
