"""What a conversation came to, as plain data: travels from worker to controller, and into report.json.

The shape is that of `conversations` in `schemas/harness/report.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.play.player import Outcome
from conformance.report.assessment import Assessment, Ruling, key_of
from conformance.rules.judge import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.scenario.model import Scenario

Record = dict[str, Any]


def record_of(assessment: Assessment, reports: Path) -> Record:
    """Put one conversation and its verdicts into plain data; traces are named relative to *reports*."""
    conversation = assessment.conversation
    record = _blank(conversation.scenario, conversation.variant)
    record["outcome"] = str(conversation.outcome)
    record["message"] = conversation.message
    record["seconds"] = round(conversation.seconds, 6)
    record["traces"] = [_relative(file, reports) for file in assessment.files]
    record["facts"] = sorted([fact.kind, fact.name] for fact in assessment.facts)
    promised = frozenset(conversation.scenario.proves)
    record["rules"] = {
        rule_id: ruling_data(ruling)
        for rule_id, ruling in assessment.rulings.items()
        if rule_id in promised or ruling.verdict not in (Verdict.UNPROVEN, Verdict.NOT_APPLICABLE)
    }
    if conversation.outcome is Outcome.PLAYED:
        record["message"] = ""
    return record


def record_not_played(scenario: Scenario, variant: str, outcome: str, why: str) -> Record:
    """Note a conversation that was not played: `not applicable`, or an `error` of ours."""
    record = _blank(scenario, variant)
    verdict = Verdict.NOT_APPLICABLE if outcome == "not applicable" else Verdict.ERROR
    rules = {rule_id: {"verdict": str(verdict), "reason": why} for rule_id in scenario.proves}
    return record | {"outcome": outcome, "message": why, "rules": rules}


def _blank(scenario: Scenario, variant: str) -> Record:
    return {
        "conversation": key_of(scenario.id, variant),
        "title": scenario.title,
        "promises": list(scenario.proves),
        "outcome": "",
        "message": "",
        "seconds": 0.0,
        "traces": [],
        "facts": [],
        "rules": {},
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
                "came": each.finding.came,
                "path": each.finding.path,
                "entry": each.finding.index,
                "connection": each.connection,
            }
            for each in ruling.spotted
        ]
    return told


def _relative(file: Path, folder: Path) -> str:
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()
