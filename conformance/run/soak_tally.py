"""What many conversations at once came to: counted, timed by load, and compared with one that was played alone.

Nothing here grows with the number of conversations but numbers and ids: traces are dropped once they are judged.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from conformance.play.player import Outcome
from conformance.run.budget import Spent
from conformance.run.record import ConversationRecord
from conformance.run.tally import GRAVITY
from conformance.trace.latency import SHARES, percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.run.record import RuleRecord
    from conformance.trace.trace import Trace

#: Verdicts that an endpoint may not change under load.
BROKEN = frozenset({"fail", "warning"})
#: The load is told in so many steps.
STEPS = 4


@dataclass(frozen=True)
class Leak:
    """A session was told what belongs to another one."""

    conversation: str
    entry: int
    told: str


@dataclass
class SoakTally:
    """The growing account of a soak."""

    sessions: int
    """How many were asked for at once."""
    played: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    """Client events by type."""
    received: Counter[str] = field(default_factory=Counter)
    """Server events by type, as they were spoken; frames that hold no event under an empty one."""
    times: dict[tuple[str, int], array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    """(What was waited for, step of the load) -> seconds."""
    records: dict[str, ConversationRecord] = field(default_factory=dict)
    """Kind of conversation -> the gravest that the rules said of any."""
    alone: dict[str, ConversationRecord] = field(default_factory=dict)
    """The same of one that was played before anybody else."""
    differing: Counter[str] = field(default_factory=Counter)
    """Rule, or `plays` -> conversations in which it broke under load and not alone."""
    leaks: list[Leak] = field(default_factory=list)
    most_open: int = 0
    open_sum: int = 0
    looks: int = 0
    lag: array[float] = field(default_factory=lambda: array("d"))
    """Seconds by which our own loop was late: what is timed holds them."""
    slots: str = ""
    """What a session met that was opened after all others were closed; empty if it was let in."""
    beside: Spent = field(default_factory=Spent)
    """What the conversations used that were played before all others, and after."""
    left_out: int = 0
    """Traces of conversations that differ, beyond those that were written."""

    def count(self, traces: Iterable[Trace]) -> None:
        """Count every frame of a conversation."""
        for trace in traces:
            for entry in trace:
                (self.sent if entry.sent else self.received)[entry.type] += 1

    def time(self, measured: Mapping[str, Iterable[float]], load: int) -> None:
        """Take in what a conversation waited for that began beside *load* others."""
        step = min(STEPS, 1 + STEPS * max(0, load - 1) // max(1, self.sessions))
        for what, seconds in measured.items():
            self.times[what, step].extend(seconds)

    def add(self, kind: str, record: ConversationRecord) -> bool:
        """Take in a judged conversation; tell whether a verdict differs from that of one alone."""
        self.played += 1
        self.outcomes[str(record.outcome)] += 1
        known = self.records.get(kind)
        self.records[kind] = record if known is None else graver(known, record)
        before = self.alone[kind]
        new = [name for name, each in record.rules.items() if _broken(each) and not _broken(before.rules.get(name))]
        if record.outcome is Outcome.STOPPED and before.outcome is not Outcome.STOPPED:
            new.append("plays")
        self.differing.update(new)
        return bool(new)

    def look(self, open_now: int) -> None:
        """Note how many sessions are open."""
        self.most_open = max(self.most_open, open_now)
        self.open_sum += open_now
        self.looks += 1

    @property
    def average_open(self) -> float:
        """How many sessions were open on average."""
        return self.open_sum / self.looks if self.looks else 0.0

    @property
    def kept_apart(self) -> bool:
        """Whether nothing shows that the load changed anything."""
        return not (self.leaks or self.differing or self.slots)

    def percentiles(self, what: str, step: int | None = None) -> dict[str, float | None]:
        """Return p50, p95, p99 of what was waited for: at a step of the load (1 to STEPS), or at any."""
        values = [each for (name, at), seconds in self.times.items() if name == what and step in (None, at)
                  for each in seconds]  # fmt: skip
        return {name: percentile(values, share) for name, share in SHARES.items()}

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data (`soak.json`)."""
        waits = sorted({what for what, _ in self.times})
        return {
            "sessions": self.sessions,
            "conversations": self.played,
            "outcomes": dict(self.outcomes),
            "most_open": self.most_open,
            "average_open": round(self.average_open, 1),
            "events": {"sent": dict(self.sent), "received": dict(self.received)},
            "latency": {
                what: {
                    "all": self.percentiles(what),
                    **{f"{step * 100 // STEPS}%": self.percentiles(what, step) for step in range(1, STEPS + 1)},
                }
                for what in waits
            },
            "own_lag": {name: percentile(self.lag, share) for name, share in SHARES.items()},
            "differing": dict(self.differing),
            "leaks": [vars(each) for each in self.leaks],
            "slots": self.slots,
            "traces_left_out": self.left_out,
        }


def graver(known: ConversationRecord, other: ConversationRecord) -> ConversationRecord:
    """Return one record for two conversations of a kind: of each rule the graver verdict, with its findings."""
    rules = dict(known.rules)
    for name, each in other.rules.items():
        before = rules.get(name)
        if before is None or GRAVITY.index(each.verdict) < GRAVITY.index(before.verdict):
            rules[name] = each
    worse = known
    if _rank(other.outcome) > _rank(known.outcome):
        worse = other
    return replace(worse, rules=rules, spent=known.spent + other.spent)


def _rank(outcome: Outcome) -> int:
    """Tell how much an outcome says of a kind: what was not played says nothing, what stopped says most."""
    return {Outcome.STOPPED: 3, Outcome.PLAYED: 2, Outcome.INCONCLUSIVE: 1}.get(outcome, 0)


def _broken(told: RuleRecord | None) -> bool:
    return told is not None and told.verdict in BROKEN
