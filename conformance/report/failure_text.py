"""A failure in words, 80 columns wide: what is demanded, what came instead, the frame itself, how to see it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.report.evidence import traces_of
from conformance.report.failures import Failure, Stop, reproduce
from conformance.report.inert import inert, one_line
from conformance.report.layout import WIDTH, folded, wrapped
from conformance.report.raw_frame import shortened
from conformance.report.sentence import many, some
from conformance.report.text import pair, with_place
from conformance.report.timeline import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.run.record import ConversationRecord, FindingRecord
    from conformance.run.result import RunResult
    from conformance.run.tally import RuleTally
    from conformance.trace.trace import Trace

#: Lines of the offending frame, and characters of each.
MOST_FRAME_LINES = 6
#: Findings at other places of events that are told beside the first, and places that are named beyond these.
MOST_ELSEWHERE, MOST_PLACES = 2, 3
#: Consequences that are named; further ones are counted.
MOST_CONSEQUENCES = 3


def failure_text(result: RunResult, failure: Failure) -> str:
    """Return the whole of a failure as inert text, scrubbed."""
    return _finished(result, _failure(result, failure))


def stop_text(result: RunResult, stop: Stop) -> str:
    """Return why conversations stopped as inert text, scrubbed."""
    return _finished(result, _stop(result, stop))


def _finished(result: RunResult, lines: Iterator[str]) -> str:
    return result.settings.scrub(inert("\n".join(lines)))


def _failure(result: RunResult, failure: Failure) -> Iterator[str]:
    rule, finding = failure.line.rule, failure.finding
    yield from wrapped(rule.demand)
    covers = f" ({', '.join(rule.covers)})" if rule.covers else ""
    yield f"  rule      {rule.id}{covers}"
    yield f"  spec      {rule.spec}"
    yield from wrapped(one_line(with_place(finding.message, finding.path), 1000), "  ")
    yield from pair(one_line(finding.expected), one_line(finding.actual))
    if finding.hint:
        yield from wrapped(one_line(finding.hint), "  hint      ", " " * 12)
    yield from _elsewhere(failure.elsewhere)
    yield from _where(failure.record, failure.conversations, failure.place)
    yield from _shown(result, failure.record, finding)
    yield from _stopped(result, failure.stopped)
    yield from _consequences(failure.consequences)
    yield from _reproduce(result, failure.record)


def _stop(result: RunResult, stop: Stop) -> Iterator[str]:
    record = stop.record
    yield from wrapped(f"The conversation did not get through its script: {one_line(record.message, 1000)}")
    if record.step:
        yield f"  step      {one_line(record.step)}"
    yield from pair(one_line(record.expected), one_line(record.actual))
    yield from _where(record, stop.conversations, record.traces[-1] if record.traces else "")
    traces = list(traces_of(record, result.settings.reports))
    if traces:
        yield from excerpt(traces[-1], len(traces[-1]))
    yield from _consequences(stop.consequences)
    yield from _reproduce(result, record)


def _elsewhere(findings: Sequence[FindingRecord]) -> Iterator[str]:
    for each in findings[:MOST_ELSEWHERE]:
        yield from wrapped(one_line(each.message, 1000), "  also      ", " " * 12)
    if more := findings[MOST_ELSEWHERE:]:
        yield from wrapped(
            f"at {some([each.path or 'the whole event' for each in more], MOST_PLACES)}", "  also      ", " " * 12
        )


def _where(record: ConversationRecord, conversations: Sequence[str], place: str) -> Iterator[str]:
    others = len(conversations) - 1
    more = f" and {others} more conversation{'s' if others > 1 else ''}" if others > 0 else ""
    yield from wrapped(f"in {record.conversation}{more}{':' if place else ''}", "  ")
    if place:
        yield f"  {place}"


def _shown(result: RunResult, record: ConversationRecord, finding: FindingRecord) -> Iterator[str]:
    """Yield the excerpt around the finding, and the frame itself."""
    traces = list(traces_of(record, result.settings.reports))
    if finding.connection >= len(traces):
        return
    trace = traces[finding.connection]
    yield from excerpt(trace, finding.entry)
    yield from _frame(trace, finding.entry)


def _frame(trace: Trace, index: int) -> Iterator[str]:
    if not 0 <= index < len(trace) or (event := trace.entries[index].event) is None:
        return
    lines = folded(json.dumps(shortened(event), ensure_ascii=False), WIDTH - 6)
    yield from (f"    {line}" for line in lines[:MOST_FRAME_LINES])
    if more := sum(map(len, lines[MOST_FRAME_LINES:])):
        yield f"    … {more} more characters"


def _stopped(result: RunResult, names: Sequence[str]) -> Iterator[str]:
    if names:
        step = one_line(result.conversations[names[0]].step) if len(names) == 1 else ""
        told = f"stops {many(len(names), 'conversation')}: {some(names, MOST_CONSEQUENCES)}"
        yield from wrapped(f"{told}, at {step}" if step else told, "    ", "      ")


def _consequences(lines: Sequence[RuleTally]) -> Iterator[str]:
    if lines:
        told = f"therefore unproven: {some([line.rule.id for line in lines], MOST_CONSEQUENCES)}"
        yield from wrapped(told, "    ", "      ")


def _reproduce(result: RunResult, record: ConversationRecord) -> Iterator[str]:
    # One line, however long: it is there to be copied.
    yield f"  reproduce: {reproduce(result, record.conversation)}"
