"""Verdicts counted: tallies add up in any grouping, so that parts of a corpus can be judged anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from conformance.corpus.verdict import Found, RecordingOutcome

if TYPE_CHECKING:
    from conformance.corpus.verdict import RecordedVerdict

#: Findings of a rule, and troubles, that are shown with their places.
MOST_EXAMPLES = 3


@dataclass
class CorpusTally:
    """What a number of recorded conversations came to.  `CorpusTally()` is of none, `a + b` of both, in this order."""

    conversations: int = 0
    entries: int = 0
    kinds: Counter[RecordingOutcome] = field(default_factory=Counter)
    dialects: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    """Rule id -> conversations with findings of it."""
    findings: Counter[str] = field(default_factory=Counter)
    """Rule id -> findings."""
    proved: Counter[str] = field(default_factory=Counter)
    """Rule id -> conversations in which it held wherever it applied."""
    unproven: Counter[str] = field(default_factory=Counter)
    """Expected rule -> conversations that did not prove it."""
    unrecorded: Counter[str] = field(default_factory=Counter)
    """What of the wire is missing -> conversations."""
    waived: Counter[str] = field(default_factory=Counter)
    """Rule id -> conversations in which a waiver excuses all that it finds."""
    excused: dict[str, Found] = field(default_factory=dict)
    """Rule id -> the first finding that a waiver excuses."""
    examples: dict[str, tuple[Found, ...]] = field(default_factory=dict)
    """Rule id -> the first of its findings, of different conversations."""
    troubles: tuple[str, ...] = ()
    """The first reasons why something could not be read or judged."""

    def note(self, verdict: RecordedVerdict) -> None:
        """Count one more conversation, behind all others."""
        self.conversations += verdict.kind is not RecordingOutcome.UNREADABLE
        self.entries += verdict.entries
        self.kinds[verdict.kind] += 1
        if verdict.dialect:
            self.dialects[verdict.dialect] += 1
        self.proved.update(verdict.held.keys())
        self.unproven.update(verdict.unproven)
        self.unrecorded.update(verdict.silent_wire)
        if verdict.waived:
            excused = {each.rule: each for each in reversed(verdict.waived)}
            self.waived.update(excused.keys())
            self.excused = excused | self.excused
        if verdict.trouble and len(self.troubles) < MOST_EXAMPLES:
            self.troubles += (verdict.trouble,)
        if verdict.findings:
            self.findings.update(each.rule for each in verdict.findings)
            first = {each.rule: each for each in reversed(verdict.findings)}
            self.broken.update(first.keys())
            for rule, found in first.items():
                self.examples[rule] = (*self.examples.get(rule, ()), found)[:MOST_EXAMPLES]

    def __add__(self, other: CorpusTally) -> CorpusTally:
        examples = {
            rule: (*self.examples.get(rule, ()), *other.examples.get(rule, ()))[:MOST_EXAMPLES]
            for rule in self.examples | other.examples
        }
        return CorpusTally(
            self.conversations + other.conversations,
            self.entries + other.entries,
            self.kinds + other.kinds,
            self.dialects + other.dialects,
            self.broken + other.broken,
            self.findings + other.findings,
            self.proved + other.proved,
            self.unproven + other.unproven,
            self.unrecorded + other.unrecorded,
            self.waived + other.waived,
            other.excused | self.excused,
            examples,
            (*self.troubles, *other.troubles)[:MOST_EXAMPLES],
        )


def total(tallies: Iterable[CorpusTally]) -> CorpusTally:
    """Return the sum of tallies."""
    return reduce(add, tallies, CorpusTally())
