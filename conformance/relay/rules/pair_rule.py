"""A rule over both sides of a gateway: a pure generator over a pair of traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.relay.pair import Pair
from conformance.rules.engine.judge import MOST_FINDINGS, VERDICT_OF_FINDING, Judgement, Verdict
from conformance.rules.engine.rule import ANYTHING, HELD, Finding, Judged, Keyword, Rule
from conformance.trace.views import View

__all__ = ["HELD", "Finding", "Judged", "PairChapter", "PairRule", "judge_pair", "seen_by_a_pair_only"]

#: What a rule may need -> why it says nothing without it.
NEEDS: Mapping[str, str] = {
    "keys": "the gateway has no keys of its own: the upstream's key is the client's",
    "alias": "the profile declares no alias of this model (relay: alias:)",
    "log": "unproven: no gateway log is configured (--gateway-log)",
    "balance": "unproven: no balance is configured (--balance-url or --balance-command)",
    "cached price": "unproven: no balance is configured, or the profile's tariff has no price for cached tokens",
}

PairCheck = Callable[[Pair], Judged]
SPEC = "docs/gateways/rules.md"


def seen_by_a_pair_only(_view: View) -> Judged:
    """Find nothing: a lone client cannot see it."""
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRule(Rule):
    """One requirement of a gateway and the generator that judges it."""

    of_pair: PairCheck
    needs: str = ""
    """What must be known of the gateway, a key of `NEEDS`."""

    @property
    def sentence(self) -> str:
        """The requirement, as a sentence."""
        return " ".join((self.of_pair.__doc__ or "").partition("\n\n")[0].split())


@dataclass
class PairChapter:
    """The table of the rules of one module, in order of definition."""

    rules: list[PairRule] = field(default_factory=list)

    def must(self, id: str, *, covers: tuple[str, ...], needs: str = "") -> Callable[[PairCheck], PairCheck]:
        """Register a MUST rule."""
        return self._register(Keyword.MUST, id, covers, needs)

    def should(self, id: str, *, covers: tuple[str, ...], needs: str = "") -> Callable[[PairCheck], PairCheck]:
        """Register a SHOULD rule."""
        return self._register(Keyword.SHOULD, id, covers, needs)

    def _register(
        self, keyword: Keyword, id: str, covers: tuple[str, ...], needs: str
    ) -> Callable[[PairCheck], PairCheck]:
        if not id.startswith("relay."):
            raise ValueError(f"rule {id!r} is not of the chapter 'relay'")

        def register(check: PairCheck) -> PairCheck:
            self.rules.append(
                PairRule(
                    id=id,
                    keyword=keyword,
                    about=ANYTHING,
                    covers=covers,
                    spec=f"{SPEC}#{id.replace('.', '')}",
                    check=seen_by_a_pair_only,
                    of_pair=check,
                    needs=needs,
                )
            )
            return check

        return register


def judge_pair(rule: PairRule, pair: Pair) -> Judgement:
    """Ask one rule."""
    findings: list[Finding] = []
    held = 0
    try:
        for said in _some(rule.of_pair(pair)):
            if isinstance(said, Finding):
                findings.append(said)
            else:
                held += 1
    except Exception as error:  # a bug of ours must not cost what the other rules have to tell
        return Judgement(rule, Verdict.ERROR, error=f"{type(error).__name__}: {error}")
    if findings:
        return Judgement(rule, VERDICT_OF_FINDING[rule.keyword], tuple(findings), held)
    return Judgement(rule, Verdict.PASS if held else Verdict.UNPROVEN, (), held)


def _some(judged: Judged) -> Iterator[object]:
    """Yield what a rule says, until more findings tell nothing new."""
    found = 0
    for said in judged:
        yield said
        found += isinstance(said, Finding)
        if found == MOST_FINDINGS:
            return
