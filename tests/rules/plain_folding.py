"""Judgements of the plain way (each rule asked of each conversation), folded: what the fast ways have to come to."""

from conformance.rules.deviations import folded
from conformance.rules.engine.dispatch import Dispatched
from conformance.rules.engine.judge import VERDICT_OF_FINDING, Judgement, Verdict, judge


def fold(view, judgements):
    """Return judgements with what one deviation explains told once; what is judged again is judged plainly, too."""
    rules = [each.rule for each in judgements]
    told = folded(view, _as_outcome(judgements), lambda other: _as_outcome(judge(other, rules)))
    return [_of(each, told) for each in judgements]


def _as_outcome(judgements):
    return Dispatched(
        {each.rule.id: list(each.findings) for each in judgements if each.findings},
        {each.rule.id: each.held for each in judgements if each.held},
        {each.rule.id: each.error for each in judgements if each.error},
    )


def _of(judgement, told):
    rule = judgement.rule
    findings, held = tuple(told.findings.get(rule.id, ())), told.held.get(rule.id, 0)
    if judgement.verdict is Verdict.NOT_APPLICABLE:
        return judgement
    if rule.id in told.errors:
        return Judgement(rule, Verdict.ERROR, error=told.errors[rule.id])
    if findings:
        return Judgement(rule, VERDICT_OF_FINDING[rule.keyword], findings, held)
    return Judgement(rule, Verdict.PASS if held else Verdict.UNPROVEN, (), held)
