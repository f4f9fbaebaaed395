"""What of a judged conversation was expected: known failures, and the surprises that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword
from conformance.run.baseline import FAIL, PLAYS, UNPROVEN, Baseline, BaselineEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.run.ruling import JudgedConversation
    from conformance.run.settings import Settings

FOUND = (Verdict.FAIL, Verdict.WARNING)


def known_in(judged: JudgedConversation, baseline: Baseline) -> Mapping[str, BaselineEntry]:
    """Return rule id (or `plays`) -> the entry that excuses it.

    Where it is known that a conversation stops, what it did not get to is known too.
    """
    known = {
        name: entry
        for name, outcome, messages in _failures(judged)
        if (entry := baseline.excuse(name, judged.key, outcome, messages)) is not None
    }
    if PLAYS in known:
        known |= {name: known[PLAYS] for name in _unproven(judged) if name not in known}
    return known


def facts_known_in(baseline: Baseline, settings: Settings) -> frozenset[str]:
    """Return the documented facts, in words, that are known not to be shown."""
    facts = settings.profile.facts if settings.profile is not None else ()
    return frozenset(str(fact) for fact in facts if baseline.excuse(str(fact), "", UNPROVEN, ()) is not None)


def _failures(judged: JudgedConversation) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Return (rule or `plays`, outcome, messages) of all that may be known."""
    if judged.conversation.outcome is Outcome.STOPPED:
        yield PLAYS, FAIL, (judged.conversation.message,)
    for rule_id, ruling in judged.rulings.items():
        if ruling.verdict in FOUND:
            yield rule_id, FAIL, tuple(each.finding.message for each in ruling.findings)
    for rule_id in _unproven(judged):
        yield rule_id, UNPROVEN, ()


def _unproven(judged: JudgedConversation) -> Iterator[str]:
    if judged.conversation.outcome in (Outcome.PLAYED, Outcome.STOPPED):
        for rule_id in judged.conversation.scenario.proves:
            if judged.rulings[rule_id].verdict is Verdict.UNPROVEN:
                yield rule_id


def surprises_in(judged: JudgedConversation, settings: Settings) -> tuple[str, ...]:
    """Return the rules (or `plays`) that fail without being known."""
    found = [name for name, outcome, _ in _failures(judged) if outcome == FAIL or not settings.allow_unproven]
    return tuple(name for name in found if name not in judged.known and not _mild(judged, name, settings))


def _mild(judged: JudgedConversation, name: str, settings: Settings) -> bool:
    """Return whether a failure only warns, or is the consequence of another one."""
    if name == PLAYS:
        return bool(judged.cause_of_the_stop) and not settings.strict
    ruling = judged.rulings[name]
    if ruling.verdict is Verdict.UNPROVEN and judged.cause(name):
        return True
    return ruling.rule.keyword is not Keyword.MUST and not settings.strict
