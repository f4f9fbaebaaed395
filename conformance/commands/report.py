"""The report of a run that is over, or was killed: made from the verdicts and traces that lie on disk.

A conversation that was played, but not yet reported, has a trace and no verdict: it is judged now.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import TraceError
from conformance.play.player import Outcome
from conformance.report.files import write_files
from conformance.rules.rule_packs import judged_rules, packs
from conformance.run.baseline import PLAYS
from conformance.run.budget import spent_on
from conformance.run.event_coverage import events_in
from conformance.run.finished import profile_named, settings_from
from conformance.run.journal import read
from conformance.run.record import ConversationRecord, keeps
from conformance.run.recording import SILENT, plain_record
from conformance.run.result import RunResult, result_of
from conformance.run.ruling import rule_on, view_of
from conformance.run.trace_files import is_of_upstream
from conformance.scenario.cost import Cost
from conformance.trace.jsonl import load
from conformance.trace.trace import EndKind

if TYPE_CHECKING:
    from conformance.run.settings import Settings
    from conformance.trace.trace import Trace


@dataclass(frozen=True)
class Gathered:
    """What lies on disk, put together."""

    result: RunResult
    unreported: int
    """Conversations that were judged only now."""
    status: int | None
    """Of the run; None if it did not come to its end."""
    unread: tuple[str, ...] = ()
    """Traces that cannot be read, each with the reason: nothing of them is judged or shown."""


def gathered(reports: Path) -> Gathered:
    """Read the verdicts in *reports*, judge what has none, and write the files; UsageError if there was no run."""
    told = read(reports)
    settings = settings_from(told.about, reports, profile_named(told.about.get("profile")))
    before = len(told.records)
    reported = {trace for record in told.records.values() for trace in _traces(record)}
    unread = [why for name in sorted(reported) if (why := _trouble(reports / name))]
    if told.status is None:
        left, wrong = _left(reports, reported)
        unread += wrong
        for name, traces in left.items():
            told.records.setdefault(name, _record(name, traces, reports, settings))
    result = result_of(told.records, settings, ending=told.ending, baseline=told.baseline)
    if told.status is None:
        write_files(result)
    return Gathered(result, len(told.records) - before, told.status, tuple(unread))


def _trouble(path: Path) -> str:
    """Say why a trace cannot be read; empty if it can."""
    try:
        load(path)
    except TraceError as error:
        return str(error)
    return ""


def _traces(record: ConversationRecord) -> list[str]:
    return [*record.traces, *record.upstream_traces, *(trace for each in record.attempts for trace in each.traces)]


def _left(reports: Path, reported: set[str]) -> tuple[dict[str, dict[Path, Trace]], list[str]]:
    """Return the traces that no verdict speaks of, by conversation, of several attempts the last; what is unread."""
    found: dict[str, dict[Path, Trace]] = {}
    unread: list[str] = []
    for path in sorted((reports / "traces").rglob("*.jsonl")):
        name = path.relative_to(reports / "traces").with_suffix("").as_posix()
        if is_of_upstream(path) or path.relative_to(reports).as_posix() in reported:
            continue
        try:
            trace = load(path)
        except TraceError as error:
            unread.append(str(error))
            continue
        found.setdefault(name.partition("#")[0].partition("~")[0], {})[path] = trace
    return found, unread


def _record(name: str, traces: dict[Path, Trace], reports: Path, settings: Settings) -> ConversationRecord:
    """Judge a conversation from its traces; whether it got through its script they tell only if it waited in vain."""
    ends = [trace.end for trace in traces.values() if trace.end is not None]
    waited = [end.awaiting for end in ends if end.kind is EndKind.TIMEOUT]
    rules = tuple(judged_rules().values())
    rulings = rule_on(tuple(view_of(trace) for trace in traces.values()), rules, settings.waivers)
    return ConversationRecord(
        conversation=name,
        questions=(PLAYS, *map(keeps, ("", *packs()))),
        outcome=Outcome.STOPPED if waited else Outcome.PLAYED,
        message=f"{waited[0] or 'the end'} never came" if waited else "",
        seconds=round(max(trace.duration for trace in traces.values()), 6),
        traces=tuple(path.relative_to(reports).as_posix() for path in traces),
        events=events_in(traces.values()),
        rules={
            rule: plain_record(each) for rule, each in rulings.items() if each.findings or each.verdict not in SILENT
        },
        spent=spent_on(traces.values(), Cost()),
    )
