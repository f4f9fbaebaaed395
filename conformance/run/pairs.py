"""Both sides of a gateway, judged: the rules over pairs, and what of the client's findings is the upstream's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.relay.rules import PAIR_RULES
from conformance.relay.rules.pair_rule import NEEDS, judge_pair
from conformance.rules.engine.judge import VERDICT_OF_FINDING, Verdict, judge_one
from conformance.run.ruling import LocatedFinding, Ruling, scrubbed, unexcused, why_waived
from conformance.secrets import Scrubber

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from conformance.contract.profile import Waiver
    from conformance.relay.pair import Pair
    from conformance.relay.rules.pair_rule import PairRule
    from conformance.run.ruling import JudgedConversation
    from conformance.trace.trace import Trace
    from conformance.trace.views import View

THE_UPSTREAMS_OWN = "the upstream does the same: the gateway only forwards it"


def with_pairs(
    judged: JudgedConversation,
    pairs: Sequence[Pair],
    offers: Collection[str],
    waivers: Mapping[str, Waiver],
    direct: Iterable[View] = (),
    scrub: Scrubber | None = None,
) -> JudgedConversation:
    """Add to what the rules say of the client's side what shows on both; *direct* are views without the gateway.

    What comes back holds no secret that *scrub* knows.
    """
    scrub = scrub or Scrubber()
    upstreams = (*(pair.upstream for pair in pairs if pair.upstream is not None), *direct)
    alone = {name: _excused(ruling, upstreams) for name, ruling in judged.rulings.items()}
    ours = judged.conversation.traces
    over = {rule.id: rule_on_pair(rule, pairs, offers, waivers, ours) for rule in PAIR_RULES.values()}
    told = {name: scrubbed(ruling, ours, scrub) for name, ruling in over.items()}
    theirs = tuple(scrub.trace(pair.upstream.trace) if pair.upstream is not None else None for pair in pairs)
    return replace(judged, rulings={**alone, **told}, upstreams=theirs)


def _excused(ruling: Ruling, upstreams: Iterable[View]) -> Ruling:
    """Take away findings that the same rule has where no gateway stands between."""
    if not ruling.findings or not any(judge_one(ruling.rule, view).findings for view in upstreams):
        return ruling
    return replace(ruling, verdict=Verdict.NOT_APPLICABLE, reason=THE_UPSTREAMS_OWN)


def rule_on_pair(
    rule: PairRule,
    pairs: Sequence[Pair],
    offers: Collection[str],
    waivers: Mapping[str, Waiver],
    traces: Sequence[Trace],
) -> Ruling:
    """Return the ruling on the pairs of a conversation; *traces* are those of the client, one for each pair."""
    if rule.needs and rule.needs not in offers:
        return Ruling(rule, Verdict.NOT_APPLICABLE, reason=NEEDS[rule.needs])
    row = [judge_pair(rule, pair) for pair in pairs]
    if bugs := [each.error for each in row if each.error]:
        return Ruling(rule, Verdict.ERROR, reason=bugs[0])
    findings = tuple(
        LocatedFinding(finding, traces[number], number)
        for number, judgement in enumerate(row)
        for finding in judgement.findings
    )
    held = sum(judgement.held for judgement in row)
    if (waiver := waivers.get(rule.id)) is not None:
        if (left := unexcused(waiver, findings)) is None:
            return Ruling(rule, Verdict.NOT_APPLICABLE, findings, held, why_waived(waiver))
        findings = left
    if findings:
        return Ruling(rule, VERDICT_OF_FINDING[rule.keyword], findings, held)
    return Ruling(rule, Verdict.PASS if held else Verdict.UNPROVEN, (), held)
