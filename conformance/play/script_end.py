"""Whether traces show what `played` claims: that a script came to its end on each of its connections.

A script that comes to its end drains what is still open with a barrier, closes it, and leaves nothing waiting; one that
stops leaves at least one connection without that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conformance.scenario.model import OPENING
from conformance.trace.trace import EndKind

if TYPE_CHECKING:
    from conformance.scenario.model import Scenario
    from conformance.trace.trace import Trace

#: Steps after which a connection may be over before the script is.
ENDING = frozenset({"close", "drop", "expect_close", "expect_refusal"})
BARRIER = "_barrier"


def why_unfinished(scenario: Scenario, dialect: str, traces: Sequence[Trace]) -> str:
    """Return why the traces do not show the end of the script; empty if they do."""
    connections = _steps_on_connections(scenario, dialect)
    if len(traces) != len(connections):
        return f"the script opens {len(connections)} connections, and there are traces of {len(traces)}"
    for number, (steps, trace) in enumerate(zip(connections, traces, strict=True), 1):
        if why := _why(steps, trace):
            return f"connection {number} {why}"
    return ""


def _steps_on_connections(scenario: Scenario, dialect: str) -> list[set[str]]:
    """Return the names of the steps on each connection, in the order in which they are opened."""
    opened: list[set[str]] = []
    current: dict[str, set[str]] = {}
    for step in scenario.steps_in(dialect):
        if step.on not in current or step.name in OPENING:
            current[step.on] = set()
            opened.append(current[step.on])
        current[step.on].add(step.name)
    return opened


def _why(steps: set[str], trace: Trace) -> str:
    if trace.end is None:
        return "has no end"
    if trace.end.kind is EndKind.TIMEOUT:
        return "ends with a wait that was in vain"
    if ENDING & steps:
        return ""
    if trace.end.kind is EndKind.REFUSED:
        return "was refused, which the script does not expect"
    sent = [entry.event for entry in trace if entry.sent and entry.event is not None]
    if not any(str(each.get("event_id", "")).endswith(BARRIER) for each in sent):
        return "was not drained and closed, as it is after the last step"
    return ""
