"""Judging at the speed of reading: what occurs in a conversation decides which rules are asked at all.

Nothing is made for rules that had nothing to say.  `judge` is the plain way to the same verdicts, and the oracle of
the tests; it also tells silent rules apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress, repeat
from operator import attrgetter, call
from typing import TYPE_CHECKING

from conformance.rules.engine.judge import ask
from conformance.rules.engine.occasions import occasions
from conformance.rules.engine.rule import HELD

if TYPE_CHECKING:
    from conformance.contract.dialect import Dialect
    from conformance.rules.engine.rule import Finding, Rule
    from conformance.trace.views import View

_CHECK = attrgetter("check")
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
        self._chosen: dict[int, tuple[Rule, ...]] = {}

    def exercised(self, view: View) -> tuple[Rule, ...]:
        """Return the rules that have anything to look at in a conversation, in the order of the table."""
        bits, asked = self._bits, 0
        for word in occasions(view):
            asked |= bits.get(word, 0)
        chosen = self._chosen.get(asked)
        if chosen is None:
            if len(self._chosen) >= MOST_CHOICES:
                self._chosen.clear()
            chosen = tuple(rule for number, rule in enumerate(self.rules) if asked >> number & 1)
            self._chosen[asked] = chosen
        return chosen

    def judge(self, view: View) -> Dispatched:
        """Ask every rule that has anything to look at."""
        outcome, rules = Dispatched(), self.exercised(view)
        try:
            # In one go, without a step of the interpreter for each rule: half of them have nothing to say.
            said = list(map(list, map(call, map(_CHECK, rules), repeat(view))))
        except Exception:  # a rule failed: each is asked alone, and what went wrong is told
            for rule in rules:
                _tell(rule, view, outcome)
            return outcome
        for rule, words in compress(zip(rules, said, strict=True), said):
            held = words.count(HELD)
            if held == len(words):
                outcome.held[rule.id] = held
            else:
                _tell(rule, view, outcome)
        return outcome


def _tell(rule: Rule, view: View, outcome: Dispatched) -> None:
    """Ask a rule in the plain way."""
    findings, held, error = ask(rule, view)
    if held:
        outcome.held[rule.id] = held
    if findings:
        outcome.findings[rule.id] = findings
    if error:
        outcome.errors[rule.id] = error
