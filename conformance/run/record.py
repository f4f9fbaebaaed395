"""What a conversation came to, as plain data: travels from worker to controller, and into report.json.

The shape is that of `conversations` in `schemas/harness/report.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import FAIL, PLAYS, UNPROVEN
from conformance.run.budget import Spent
from conformance.run.event_coverage import events_in
from conformance.run.ruling import JudgedConversation, Ruling, key_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from conformance.run.retry import Attempt
    from conformance.scenario.model import Scenario

Record = dict[str, Any]
#: Name of the item on all rules of ours that a conversation does not promise to prove; what comes before it are PLAYS
#: and the promised rules, what comes behind it is the same question for each vendor's rules (`keeps`).
KEEPS_EVERY_OTHER_RULE = "keeps-every-other-rule"
KEEPS_THOSE_OF = f"{KEEPS_EVERY_OTHER_RULE}-of-"
#: Why a promised rule is unproven where the conversation stopped.
NOT_THAT_FAR = "the conversation did not get that far (see plays)"


def keeps(vendor: str) -> str:
    """Name the item on all the rules of *vendor* (empty: ours) that a conversation does not promise to prove."""
    return f"{KEEPS_THOSE_OF}{vendor}" if vendor else KEEPS_EVERY_OTHER_RULE


def record_of(assessment: JudgedConversation, reports: Path, questions: Collection[str]) -> Record:
    """Put one conversation and its verdicts into plain data; traces are named relative to *reports*.

    *questions* are the names of the items that were selected: a verdict that nobody asked for is left out.
    """
    conversation = assessment.conversation
    record = _blank(conversation.scenario, conversation.variant, questions)
    record["outcome"] = str(conversation.outcome)
    record["message"] = "" if conversation.outcome is Outcome.PLAYED else conversation.message
    record["seconds"] = round(conversation.seconds, 6)
    record["traces"] = [_relative(file, reports) for file in assessment.files]
    record["facts"] = sorted([fact.kind, fact.name] for fact in assessment.facts)
    record["events"] = events_in(conversation.traces)
    record["rules"] = {
        rule_id: ruling_data(ruling) | _excuse(ruling, conversation.outcome) | _known(ruling, assessment)
        for rule_id, ruling in assessment.rulings.items()
        if _tells(ruling, rule_id in conversation.scenario.proves, conversation.outcome, questions)
    }
    if PLAYS in assessment.known and conversation.outcome is Outcome.UNMET:
        record["known"] = assessment.known[PLAYS].issue
    record["spent"] = assessment.spent.as_data()
    if assessment.earlier:
        record["attempts"] = [_attempt(each, reports) for each in assessment.earlier]
    if assessment.flaky:
        record["flaky"] = True
    return record


def _known(ruling: Ruling, assessment: JudgedConversation) -> dict[str, Any]:
    """Put a known failure apart: it is no pass, and no news."""
    entry = assessment.known.get(ruling.rule.id)
    if entry is None:
        return {}
    outcome = UNPROVEN if ruling.verdict is Verdict.UNPROVEN else FAIL
    return {"verdict": str(Verdict.KNOWN), "known": {"issue": entry.issue, "outcome": outcome}}


def _attempt(attempt: Attempt, reports: Path) -> dict[str, Any]:
    """Put an earlier play into plain data."""
    conversation = attempt.conversation
    return {
        "outcome": str(conversation.outcome),
        "message": conversation.message,
        "broken": list(attempt.broken),
        "traces": [_relative(file, reports) for file in attempt.files],
    }


def _tells(ruling: Ruling, promised: bool, outcome: Outcome, questions: Collection[str]) -> bool:
    if promised:
        unjudged = ruling.verdict is Verdict.UNPROVEN and outcome is Outcome.ENVIRONMENT
        return ruling.rule.id in questions and not unjudged
    silent = ruling.verdict in (Verdict.UNPROVEN, Verdict.NOT_APPLICABLE) and not ruling.spotted
    return keeps(ruling.rule.vendor) in questions and not silent


def _excuse(ruling: Ruling, outcome: Outcome) -> dict[str, Any]:
    stopped = ruling.verdict is Verdict.UNPROVEN and outcome is Outcome.UNMET
    return {"reason": NOT_THAT_FAR} if stopped else {}


def record_not_played(scenario: Scenario, variant: str, questions: Collection[str], outcome: str, why: str) -> Record:
    """Note a conversation that was not played: `not applicable`, `not run`, or an `error` of ours."""
    record = _blank(scenario, variant, questions)
    verdict = Verdict(outcome)
    rules = {rule_id: {"verdict": str(verdict), "reason": why} for rule_id in scenario.proves if rule_id in questions}
    return record | {"outcome": outcome, "message": why, "rules": rules}


def _blank(scenario: Scenario, variant: str, questions: Collection[str]) -> Record:
    return {
        "conversation": key_of(scenario.id, variant),
        "title": scenario.title,
        "promises": list(scenario.proves),
        "questions": sorted(questions),
        "outcome": "",
        "message": "",
        "seconds": 0.0,
        "traces": [],
        "facts": [],
        "events": events_in(()),
        "rules": {},
        "spent": Spent().as_data(),
    }


def ruling_data(ruling: Ruling) -> dict[str, Any]:
    """Put one rule's verdict and findings into plain data."""
    told: dict[str, Any] = {"verdict": str(ruling.verdict)}
    if ruling.held:
        told["held"] = ruling.held
    if ruling.reason:
        told["reason"] = ruling.reason
    if ruling.spotted:
        told["findings"] = [
            {
                "message": each.finding.message,
                "expected": each.finding.expected,
                "actual": each.finding.actual,
                "path": each.finding.path,
                "entry": each.finding.index,
                "connection": each.connection,
            }
            for each in ruling.spotted
        ]
    return told


def _relative(file: Path, folder: Path) -> str:
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()
