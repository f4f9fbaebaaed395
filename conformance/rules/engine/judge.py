"""From a trace to verdicts: run the rules over one view, and say what each has to tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from conformance.rules.engine.occasions import occasions
from conformance.rules.engine.rule import HELD, Finding, Keyword, Rule
from conformance.trace.views import View
from conformance.trace.wording import as_spoken

#: More findings of one rule in one conversation tell nothing new.
MOST_FINDINGS = 20


class Verdict(StrEnum):
    """What a rule says of one conversation, or of a run."""

    PASS = "pass"  # noqa: S105
    WARNING = "warning"
    NOTE = "note"
    FAIL = "fail"
    UNPROVEN = "unproven"
    INCONCLUSIVE = "inconclusive"
    """The model did not bring the occasion about."""
    NOT_APPLICABLE = "not applicable"
    KNOWN = "known"
    ERROR = "error"
    NOT_RUN = "not run"


VERDICT_OF_FINDING = {Keyword.MUST: Verdict.FAIL, Keyword.SHOULD: Verdict.WARNING, Keyword.MAY: Verdict.NOTE}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One rule's verdict on one conversation."""

    rule: Rule
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    held: int = 0
    """How often the rule said HELD: at least once where the requirement applied and was met."""
    error: str = ""
    """ERROR: what went wrong in the rule itself."""


def applies(rule: Rule, view: View) -> bool:
    """Return whether the dialect of the conversation knows what the rule speaks of."""
    return rule.speaks <= view.dialect.canonical_server_events and rule.settings <= view.dialect.session_paths.keys()


def exercised(rule: Rule, view: View) -> bool:
    """Return whether anything the rule is about occurred at all; cheap."""
    return not rule.about.isdisjoint(occasions(view))


def ask(rule: Rule, view: View) -> tuple[list[Finding], int, str]:
    """Return a rule's findings, how often it held, and what went wrong in the rule itself."""
    findings: list[Finding] = []
    held = 0
    try:
        for said in rule.check(view):
            if said is HELD:
                held += 1
            elif isinstance(said, Finding):
                findings.append(said)
                if len(findings) == MOST_FINDINGS:
                    break
    except Exception as error:  # a bug of ours must not cost what the other rules have to tell
        return [], 0, f"{type(error).__name__}: {error}"
    return _as_spoken(findings, view), held, ""


def judge_one(rule: Rule, view: View) -> Judgement:
    """Ask one rule."""
    if not applies(rule, view):
        return Judgement(rule, Verdict.NOT_APPLICABLE)
    if not exercised(rule, view):
        return Judgement(rule, Verdict.UNPROVEN)
    findings, held, error = ask(rule, view)
    if error:
        return Judgement(rule, Verdict.ERROR, error=error)
    if findings:
        return Judgement(rule, VERDICT_OF_FINDING[rule.keyword], tuple(findings), held)
    return Judgement(rule, Verdict.PASS if held else Verdict.UNPROVEN, (), held)


def _as_spoken(findings: Iterable[Finding], view: View) -> list[Finding]:
    """Return findings in the event names of the conversation that they are about."""
    spoken = partial(as_spoken, dialect=view.dialect, heard=view.first_spoken)
    return [
        replace(each, message=spoken(each.message), expected=spoken(each.expected), actual=spoken(each.actual))
        for each in findings
    ]


def judge(view: View, rules: Iterable[Rule]) -> list[Judgement]:
    """Ask every rule, in the order of the table."""
    return [judge_one(rule, view) for rule in rules]
