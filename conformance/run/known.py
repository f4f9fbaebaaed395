"""What of an assessment was expected: known failures, and the surprises that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import FAIL, PLAYS, UNPROVEN, Baseline, BaselineEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.run.ruling import JudgedConversation
    from conformance.run.settings import Settings

FOUND = (Verdict.FAIL, Verdict.WARNING)


def known_in(assessment: JudgedConversation, baseline: Baseline) -> Mapping[str, BaselineEntry]:
    """Give rule id (or `plays`) -> the entry that excuses it.

    Where it is known that a conversation stops, what it did not get to is known too.
    """
    known = {
        name: entry
        for name, outcome, messages in _failures(assessment)
        if (entry := baseline.excuse(name, assessment.key, outcome, messages)) is not None
    }
    if PLAYS in known:
        known |= {name: known[PLAYS] for name in _unproven(assessment) if name not in known}
    return known


def facts_known_in(baseline: Baseline, setup: Settings) -> frozenset[str]:
    """Give the documented facts, in words, that are known not to be shown."""
    facts = setup.profile.facts if setup.profile is not None else ()
    return frozenset(str(fact) for fact in facts if baseline.excuse(str(fact), "", UNPROVEN, ()) is not None)


def _failures(assessment: JudgedConversation) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give (rule or `plays`, outcome, messages) of all that may be known."""
    if assessment.conversation.outcome is Outcome.UNMET:
        yield PLAYS, FAIL, (assessment.conversation.message,)
    for rule_id, ruling in assessment.rulings.items():
        if ruling.verdict in FOUND:
            yield rule_id, FAIL, tuple(each.finding.message for each in ruling.spotted)
    for rule_id in _unproven(assessment):
        yield rule_id, UNPROVEN, ()


def _unproven(assessment: JudgedConversation) -> Iterator[str]:
    if assessment.conversation.outcome is not Outcome.ENVIRONMENT:
        for rule_id in assessment.conversation.scenario.proves:
            if assessment.rulings[rule_id].verdict is Verdict.UNPROVEN:
                yield rule_id


def surprises_in(assessment: JudgedConversation, setup: Settings) -> tuple[str, ...]:
    """Give the rules (or `plays`) that fail without being known."""
    found = [name for name, outcome, _ in _failures(assessment) if outcome == FAIL or not setup.allow_unproven]
    return tuple(name for name in found if name not in assessment.known and not _mild(assessment, name, setup))


def _mild(assessment: JudgedConversation, name: str, setup: Settings) -> bool:
    ruling = assessment.rulings.get(name)
    return ruling is not None and ruling.verdict is Verdict.WARNING and not setup.strict
