"""Rules over a whole run, counted: ours, and apart from them each vendor's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword, Rule
from conformance.rules.rule_packs import Pack


@dataclass(frozen=True)
class RuleTally:
    """One rule over the whole run."""

    rule: Rule
    verdict: Verdict
    conversations: Mapping[Verdict, tuple[str, ...]] = field(default_factory=dict)
    """Which conversations say what of it."""
    first: str = ""
    """The first finding, or the reason, in a sentence."""

    def count(self, verdict: Verdict) -> int:
        """Count the conversations with a verdict."""
        return len(self.conversations.get(verdict, ()))


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What the rules of one house came to."""

    lines: tuple[RuleTally, ...]
    known: int = 0
    """Known failures: rules in conversations, and of ours conversations that stop."""
    flaky: int = 0
    """Conversations that failed, and did not when they were played again."""
    strict: bool = False
    allow_unproven: bool = False

    def counted(self, verdict: Verdict, *keywords: Keyword) -> int:
        """Count rules by verdict."""
        return sum(each.verdict is verdict and (not keywords or each.rule.keyword in keywords) for each in self.lines)

    @property
    def broken(self) -> int:
        """Count the rules whose findings count."""
        return self.counted(Verdict.FAIL) + (self.counted(Verdict.WARNING) if self.strict else 0)

    @property
    def unproven(self) -> tuple[RuleTally, ...]:
        """Rules that were promised, and shown by no conversation."""
        return tuple(each for each in self.lines if each.verdict is Verdict.UNPROVEN and each.conversations)

    @property
    def kept(self) -> bool:
        """Whether no rule went wrong in a way that counts."""
        unproven = self.unproven and not self.allow_unproven
        return not (self.broken or self.counted(Verdict.ERROR) or unproven or (self.flaky and self.strict))


@dataclass(frozen=True, kw_only=True)
class PackTally(Tally):
    """What the rules of one vendor came to."""

    pack: Pack

    def beside(self) -> Iterator[str]:
        """Give what our verdict has to mention of it."""
        of = f"of {self.pack.vendor}"
        parts = [
            (self.counted(Verdict.FAIL), "MUST", "broken"),
            (self.counted(Verdict.WARNING), "SHOULD", "not kept"),
            (self.counted(Verdict.ERROR), "rule", "not judged (a bug of theirs)"),
            (0 if self.allow_unproven else len(self.unproven), "promised rule", "unproven"),
        ]
        for number, noun, what in parts:
            if number:
                yield f"{f'{number} {noun}' if noun.isupper() else many(number, noun)} {of} {what}"
        if self.known:
            yield f"{many(self.known, 'known failure')} {of}"
        if self.flaky:
            yield f"{many(self.flaky, 'conversation')} flaky by the rules {of}"


def many(number: int, noun: str) -> str:
    """Count things in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
