"""Judging at the speed of reading: what occurs in a conversation decides which rules are asked at all.

Nothing is made for rules that had nothing to say.  `judge` is the plain way to the same verdicts, and the oracle of
the tests; it also tells silent rules apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING

from conformance.rules.engine.judge import ask
from conformance.rules.engine.occasions import occasions
from conformance.rules.engine.rule import HELD

if TYPE_CHECKING:
    from conformance.contract.dialect import Dialect
    from conformance.rules.engine.rule import Finding, Rule
    from conformance.trace.views import View

#: Choices that are kept: conversations of a kind speak the same few sets of events.
MOST_CHOICES = 4096


@dataclass(slots=True)
class Dispatched:
    """What the rules that had something to say said of one conversation, by rule id in the order of the table."""

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    """How often each rule held, also one that was broken elsewhere."""
    errors: dict[str, str] = field(default_factory=dict)
    """What went wrong in a rule of ours."""

    @property
    def proved(self) -> Iterator[str]:
        """The rules that held wherever they applied."""
        return (each for each in self.held if each not in self.findings)


class Dispatch:
    """The rules that one dialect has occasion for, by what has to occur for them."""

    def __init__(self, rules: Iterable[Rule], dialect: Dialect) -> None:
        self.dialect = dialect
        settings = dialect.session_paths.keys()
        spoken = dialect.canonical_server_events
        self.rules = tuple(rule for rule in rules if rule.speaks <= spoken and rule.settings <= settings)
        self._bits: dict[str, int] = {}
        for number, rule in enumerate(self.rules):
            for word in rule.about:
                self._bits[word] = self._bits.get(word, 0) | 1 << number
        self._chosen: dict[int, tuple[int, ...]] = {}

    def _exercised(self, view: View) -> tuple[int, ...]:
        """Return which rules have anything to look at, by their places in the table."""
        bits, asked = self._bits, 0
        for word in occasions(view):
            asked |= bits.get(word, 0)
        chosen = self._chosen.get(asked)
        if chosen is None:
            if len(self._chosen) >= MOST_CHOICES:
                self._chosen.clear()
            chosen = self._chosen[asked] = tuple(number for number in range(len(self.rules)) if asked >> number & 1)
        return chosen

    def judge(self, view: View) -> Dispatched:
        """Ask every rule that has anything to look at."""
        return self.judge_together((view,))[0]

    def judge_together(self, views: Sequence[View]) -> list[Dispatched]:
        """Ask every rule of each conversation that it has anything to look at in, and return what all said, by view.

        A rule is asked of one conversation after the other: its code is at hand then, which saves two fifths
        of the time.
        """
        outcomes = [Dispatched() for _ in views]
        judged = list(zip(views, outcomes, strict=True))
        asked: list[list[tuple[View, Dispatched]]] = [[] for _ in self.rules]
        for each in judged:
            for number in self._exercised(each[0]):
                asked[number].append(each)
        for rule, exercising in zip(self.rules, asked, strict=True):
            if exercising:
                _ask(rule, exercising)
        return outcomes


def _ask(rule: Rule, exercising: Sequence[tuple[View, Dispatched]]) -> None:
    """Ask a rule of each view, and add what it says to the outcome of that view."""
    check, name = rule.check, rule.id
    try:
        said = [list(check(view)) for view, _ in exercising]
    except Exception:  # it failed: it is asked of each alone, and what went wrong is told
        for view, outcome in exercising:
            _tell(rule, view, outcome)
        return
    for (view, outcome), words in compress(zip(exercising, said, strict=True), said):
        held = words.count(HELD)
        if held == len(words):
            outcome.held[name] = held
        else:  # it found something: it is asked again in the plain way
            _tell(rule, view, outcome)


def _tell(rule: Rule, view: View, outcome: Dispatched) -> None:
    """Ask a rule in the plain way."""
    findings, held, error = ask(rule, view)
    if held:
        outcome.held[rule.id] = held
    if findings:
        outcome.findings[rule.id] = findings
    if error:
        outcome.errors[rule.id] = error
