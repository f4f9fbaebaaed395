"""Which events of a revision a run sent and saw: about one that nobody said, nothing was proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.contract.dialects import DIALECTS
from conformance.contract.untestable import UNPLAYED
from conformance.run.record import EventTypes

if TYPE_CHECKING:
    from conformance.contract.dialect import Dialect
    from conformance.run.record import ConversationRecord
    from conformance.run.tally import RuleTally
    from conformance.trace.trace import Trace

#: So many requirements that ask for an event that never came are one fault rather than several.
MANY = 3
#: Whether the client says it -> the types.
KNOWN: Mapping[bool, frozenset[str]] = {
    True: frozenset().union(*(each.client_events for each in DIALECTS.values())),
    False: frozenset().union(*(each.server_events for each in DIALECTS.values())),
}


@dataclass(frozen=True)
class Coverage:
    """The event types of one revision, as spoken."""

    sent: frozenset[str]
    unsent: frozenset[str]
    """Client events that some scenario could send, and none did."""
    seen: frozenset[str]
    unseen: frozenset[str]
    """Server events that some scenario could bring about, and none did."""
    unplayed: Mapping[str, str]
    """Type -> why no scenario can send or see it over a WebSocket."""

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data, as `events` in `schemas/harness/report.json`."""
        sets = {"sent": self.sent, "unsent": self.unsent, "seen": self.seen, "unseen": self.unseen}
        return {**{name: sorted(types) for name, types in sets.items()}, "unplayed": dict(self.unplayed)}


def coverage_of(records: Iterable[ConversationRecord], dialect: Dialect) -> Coverage:
    """Sum up which events of *dialect* the conversations sent and saw; another revision's do not count."""
    sent: set[str] = set()
    seen: set[str] = set()
    for record in records:
        sent.update(record.events.sent)
        seen.update(record.events.seen)
    unplayed = UNPLAYED[dialect.name]
    clients, servers = dialect.client_events - unplayed.keys(), dialect.server_events - unplayed.keys()
    return Coverage(
        frozenset(sent) & dialect.client_events,
        clients - sent,
        frozenset(seen) & dialect.server_events,
        servers - seen,
        {kind: why for kind, why in unplayed.items() if kind not in sent | seen},
    )


def events_in(traces: Iterable[Trace]) -> EventTypes:
    """Return the event types of some traces that any revision knows, for a record."""
    said: dict[bool, set[str]] = {True: set(), False: set()}
    for trace in traces:
        for entry in trace:
            if entry.type in KNOWN[entry.sent]:
                said[entry.sent].add(entry.type)
    return EventTypes(tuple(sorted(said[True])), tuple(sorted(said[False])))


def missing_answers(coverage: Coverage, broken: Iterable[RuleTally]) -> Iterator[str]:
    """Say of each event that the endpoint never sent how many of the *broken* requirements ask for it, where many do.

    Who never sends an `error` breaks a dozen requirements by one fault.
    """
    awaited = [
        set.intersection(*(set(each.expected.split()) for each in findings))
        for line in broken
        if (findings := [each for told in line.told.values() for each in told.findings])
    ]
    for kind in sorted(coverage.unseen):
        asking = sum(kind in words for words in awaited)
        if asking >= MANY:
            yield f"{asking} of the broken requirements ask for `{kind}`, which never came: one cause for all"
