"""From a judged conversation to its record: the one place where a verdict gets its final form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import FAIL, PLAYS, UNPROVEN
from conformance.run.event_coverage import events_in
from conformance.run.record import AttemptRecord, ConversationRecord, FindingRecord, KnownFailure, RuleRecord, keeps
from conformance.run.ruling import NOT_THAT_FAR, JudgedConversation, Ruling, key_of
from conformance.run.trace_files import is_of_upstream

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from conformance.play.player import Conversation
    from conformance.run.retry import Attempt
    from conformance.scenario.model import Scenario

#: Verdicts of rules that a record passes over where nobody promised them.
SILENT = frozenset({Verdict.UNPROVEN, Verdict.NOT_APPLICABLE})


def record_of(judged: JudgedConversation, reports: Path, questions: Collection[str]) -> ConversationRecord:
    """Return the record of one conversation; its traces are named relative to *reports*.

    *questions* are the names of the items that were selected: a verdict that nobody asked for is left out.
    """
    conversation = judged.conversation
    stopped = conversation.outcome is Outcome.STOPPED
    return ConversationRecord(
        conversation=judged.key,
        title=conversation.scenario.title,
        promises=tuple(conversation.scenario.proves),
        questions=tuple(sorted(questions)),
        outcome=conversation.outcome,
        message="" if conversation.outcome is Outcome.PLAYED else conversation.message,
        step=_step(conversation) if stopped else "",
        expected=conversation.expected,
        actual=conversation.actual,
        seconds=round(conversation.seconds, 6),
        traces=tuple(_relative(file, reports) for file in judged.files if not is_of_upstream(file)),
        upstream_traces=tuple(_relative(file, reports) for file in judged.files if is_of_upstream(file)),
        facts=tuple(sorted((fact.kind, fact.name) for fact in judged.facts)),
        events=events_in(conversation.traces),
        rules={
            rule_id: rule_record(judged, ruling)
            for rule_id, ruling in judged.rulings.items()
            if _tells(judged, ruling, questions)
        },
        spent=judged.spent,
        known=judged.known[PLAYS].issue if stopped and PLAYS in judged.known else "",
        cause=judged.cause_of_the_stop,
        attempts=tuple(_attempt(each, reports) for each in judged.earlier),
        flaky=judged.flaky,
    )


def _step(conversation: Conversation) -> str:
    """Name the step at which a conversation stopped, with the line of the script."""
    step, path = conversation.step, conversation.scenario.path
    if step is None:
        return "the barrier and the close that end every conversation"
    return f"{step.name}   ({path.name}, line {step.line})" if step.line and path is not None else step.name


def record_not_played(
    scenario: Scenario, variant: str, questions: Collection[str], outcome: Outcome, why: str
) -> ConversationRecord:
    """Return the record of a conversation that was not played (NOT_APPLICABLE, NOT_RUN, ERROR)."""
    verdict = Verdict(str(outcome)) if outcome is not Outcome.ENVIRONMENT else Verdict.NOT_RUN
    return ConversationRecord(
        conversation=key_of(scenario.id, variant),
        title=scenario.title,
        promises=tuple(scenario.proves),
        questions=tuple(sorted(questions)),
        outcome=outcome,
        message=why,
        rules={rule_id: RuleRecord(verdict, reason=why) for rule_id in scenario.proves if rule_id in questions},
    )


def rule_record(judged: JudgedConversation, ruling: Ruling) -> RuleRecord:
    """Return what one rule says of a conversation, with the cause of missing evidence, and the baseline's excuse."""
    told = plain_record(ruling)
    if ruling.verdict is Verdict.UNPROVEN:
        if judged.conversation.outcome is Outcome.INCONCLUSIVE:
            told = replace(told, verdict=Verdict.INCONCLUSIVE, reason=judged.conversation.message)
        elif cause := judged.cause(ruling.rule.id):
            told = replace(told, cause=cause, reason=NOT_THAT_FAR if cause == PLAYS else f"{cause} is broken")
    if (entry := judged.known.get(ruling.rule.id)) is not None:
        known = KnownFailure(entry.issue, UNPROVEN if ruling.verdict is Verdict.UNPROVEN else FAIL)
        told = replace(told, verdict=Verdict.KNOWN, known=known)
    return told


def plain_record(ruling: Ruling) -> RuleRecord:
    """Return a rule's verdict and findings, as the trace alone tells them."""
    findings = tuple(
        FindingRecord(
            message=each.finding.message,
            expected=each.finding.expected,
            actual=each.finding.actual,
            path=each.finding.path,
            entry=each.finding.index,
            connection=each.connection,
            hint=each.finding.hint,
        )
        for each in ruling.findings
    )
    return RuleRecord(ruling.verdict, ruling.held, ruling.reason, findings)


def _tells(judged: JudgedConversation, ruling: Ruling, questions: Collection[str]) -> bool:
    if ruling.rule.id in judged.conversation.scenario.proves:
        unjudged = ruling.verdict is Verdict.UNPROVEN and judged.conversation.outcome is Outcome.ENVIRONMENT
        return ruling.rule.id in questions and not unjudged
    return keeps(ruling.rule.vendor) in questions and (ruling.verdict not in SILENT or bool(ruling.findings))


def _attempt(attempt: Attempt, reports: Path) -> AttemptRecord:
    conversation = attempt.conversation
    traces = tuple(_relative(file, reports) for file in attempt.files)
    return AttemptRecord(conversation.outcome, conversation.message, tuple(attempt.broken), traces)


def _relative(file: Path, folder: Path) -> str:
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()
