"""Rules over a whole run, counted: ours, and apart from them each vendor's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword, Rule, vendor_in
from conformance.rules.rule_packs import Pack
from conformance.run.promises import rules_among
from conformance.run.record import ConversationRecord, RuleRecord

#: What one conversation says outweighs what comes later here.
GRAVITY = (
    Verdict.FAIL,
    Verdict.WARNING,
    Verdict.KNOWN,
    Verdict.NOTE,
    Verdict.PASS,
    Verdict.ERROR,
    Verdict.UNPROVEN,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_RUN,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True)
class RuleTally:
    """One rule over the whole run."""

    rule: Rule
    verdict: Verdict
    told: Mapping[str, RuleRecord] = field(default_factory=dict)
    """Conversation -> what it says of the rule."""
    promised: frozenset[str] = frozenset()
    """The conversations that set out to prove it."""

    @cached_property
    def conversations(self) -> Mapping[Verdict, tuple[str, ...]]:
        """Which conversations say what of it."""
        found: dict[Verdict, list[str]] = defaultdict(list)
        for name, each in self.told.items():
            found[each.verdict].append(name)
        return {verdict: tuple(names) for verdict, names in found.items()}

    @property
    def first(self) -> str:
        """The first finding, or the reason, in a sentence."""
        return next((each.first for each in self.told.values() if each.verdict is self.verdict), "")

    def count(self, verdict: Verdict) -> int:
        """Count the conversations with a verdict."""
        return len(self.conversations.get(verdict, ()))

    @cached_property
    def half_proved(self) -> bool:
        """Whether one conversation showed it, and another did not that promised to."""
        owed = self.promised.intersection(self.conversations.get(Verdict.UNPROVEN, ()))
        return self.verdict is Verdict.PASS and bool(owed) and not self.cause

    @property
    def proved_as_promised(self) -> bool:
        """Whether a conversation showed it that had promised to: the requirement is proved, whoever else was to."""
        return self.verdict is Verdict.PASS and not self.promised.isdisjoint(self.conversations[Verdict.PASS])

    @property
    def cause(self) -> str:
        """Of an unproven rule: what explains that in every conversation (the first cause); empty if nothing does."""
        unproven = [each for each in self.told.values() if each.verdict is Verdict.UNPROVEN]
        return unproven[0].cause if unproven and all(each.cause for each in unproven) else ""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What the rules of one origin came to."""

    lines: tuple[RuleTally, ...]
    known: int = 0
    """Known failures: rules in conversations, and of ours conversations that stop."""
    flaky: int = 0
    """Conversations that failed, and did not when they were played again."""
    strict: bool = False
    allow_unproven: bool = False
    strict_evidence: bool = False

    def counted(self, verdict: Verdict, *keywords: Keyword) -> int:
        """Count rules by verdict."""
        return sum(each.verdict is verdict and (not keywords or each.rule.keyword in keywords) for each in self.lines)

    @property
    def broken(self) -> int:
        """Count the rules whose findings count."""
        return self.counted(Verdict.FAIL) + (self.counted(Verdict.WARNING) if self.strict else 0)

    @cached_property
    def unproven(self) -> tuple[RuleTally, ...]:
        """Rules that a conversation promised and did not show, and no other failure explains it."""
        unproven = (each for each in self.lines if each.verdict is Verdict.UNPROVEN and each.told and not each.cause)
        return (*unproven, *(each for each in self.lines if each.half_proved))

    @cached_property
    def consequences(self) -> Mapping[str, tuple[RuleTally, ...]]:
        """Broken rule, or `plays` -> the rules that are unproven because of it."""
        found: dict[str, list[RuleTally]] = defaultdict(list)
        for each in self.lines:
            if each.verdict is Verdict.UNPROVEN and each.cause:
                found[each.cause].append(each)
        return {cause: tuple(lines) for cause, lines in found.items()}

    @cached_property
    def unmet(self) -> tuple[RuleTally, ...]:
        """Promised rules without evidence that count: MUST rules that nobody proved, under --strict-conformance all."""
        if self.allow_unproven:
            return ()
        if self.strict:
            return self.unproven
        return tuple(
            each for each in self.unproven if each.rule.keyword is Keyword.MUST and not each.proved_as_promised
        )

    @property
    def half_proved(self) -> int:
        """Count the rules that one conversation proved and another did not, where that does not count."""
        return sum(each.half_proved and each.proved_as_promised and each not in self.unmet for each in self.lines)

    @property
    def inconclusive(self) -> int:
        """Count the rules that a model left without evidence."""
        return self.counted(Verdict.INCONCLUSIVE)

    @property
    def unjudged(self) -> int:
        """Count what keeps the run from being proved, where nothing is broken."""
        evidence = self.inconclusive if self.strict_evidence else 0
        flaky = self.flaky if self.strict else 0
        return self.counted(Verdict.ERROR) + len(self.unmet) + evidence + flaky

    @property
    def kept(self) -> bool:
        """Whether no rule went wrong in a way that counts."""
        return not (self.broken or self.unjudged)


@dataclass(frozen=True, kw_only=True)
class PackTally(Tally):
    """What the rules of one vendor came to."""

    pack: Pack


def rule_tallies(records: Iterable[ConversationRecord]) -> Iterator[RuleTally]:
    """Turn records of conversations into tallies of rules, in the order of the table."""
    told: dict[str, dict[str, RuleRecord]] = defaultdict(dict)
    promised: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for rule_id in record.promises:
            promised[rule_id].add(record.conversation)
        for rule_id, each in record.rules.items():
            told[rule_id][record.conversation] = each
    for rule_id, rule in rules_among(told).items():
        own = told.get(rule_id, {})
        found = {each.verdict for each in own.values()}
        yield RuleTally(
            rule, next((each for each in GRAVITY if each in found), Verdict.NOT_RUN), own, frozenset(promised[rule_id])
        )


def known_in(record: ConversationRecord, vendor: str | None = None) -> int:
    """Count the known failures of one conversation by the rules of *vendor* (empty: ours; None: everybody's)."""
    stops = bool(record.known) and not vendor
    mine = (each for name, each in record.rules.items() if vendor is None or vendor_in(name) == vendor)
    return stops + sum(each.known is not None for each in mine)


def flaky_by(record: ConversationRecord) -> set[str]:
    """Return by whose rules a conversation is flaky; one that was cut off is by ours."""
    if not record.flaky:
        return set()
    return {vendor_in(name) for attempt in record.attempts for name in attempt.broken} or {""}
