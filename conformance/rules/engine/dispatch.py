"""Judging at the speed of reading: what occurs in a conversation decides which rules are asked at all.

Nothing is made for rules that had nothing to say.  `judge` is the plain way to the same verdicts, and the oracle of
the tests; it also tells silent rules apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.rules.engine.judge import ask
from conformance.rules.engine.rule import HELD

if TYPE_CHECKING:
    from conformance.contract.dialect import Dialect
    from conformance.rules.engine.rule import Finding, Rule
    from conformance.trace.views import View

#: `about=` words that name no event.
ANY, HANDSHAKE, END = "*", "handshake", "end"
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
        bits = self._bits
        asked = bits.get(ANY, 0)
        if view.handshake is not None:
            asked |= bits.get(HANDSHAKE, 0)
        if view.end is not None:
            asked |= bits.get(END, 0)
        for kind in view.types:
            asked |= bits.get(kind, 0)
        chosen = self._chosen.get(asked)
        if chosen is None:
            if len(self._chosen) >= MOST_CHOICES:
                self._chosen.clear()
            chosen = tuple(rule for number, rule in enumerate(self.rules) if asked >> number & 1)
            self._chosen[asked] = chosen
        return chosen

    def judge(self, view: View) -> Dispatched:
        """Ask every rule that has anything to look at."""
        outcome = Dispatched()
        kept = outcome.held
        for rule in self.exercised(view):
            held = 0
            try:
                for said in rule.check(view):
                    if said is not HELD:
                        break
                    held += 1
                else:
                    if held:
                        kept[rule.id] = held
                    continue
            except Exception:  # noqa: S110 - asked again below, where it is told
                pass
            _tell(rule, view, outcome)
        return outcome


def _tell(rule: Rule, view: View, outcome: Dispatched) -> None:
    """Ask a rule that found something, or failed, in the plain way."""
    findings, held, error = ask(rule, view)
    if held:
        outcome.held[rule.id] = held
    if findings:
        outcome.findings[rule.id] = findings
    if error:
        outcome.errors[rule.id] = error
