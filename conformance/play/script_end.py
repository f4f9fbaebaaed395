"""Whether traces show what an outcome claims: that a script came to its end, or what excuses that it did not.

A script that comes to its end drains what is still open with a barrier, closes it, and leaves nothing waiting; one that
stops leaves at least one connection without that.  Where the model went its own way, the rest is heard all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conformance.play.environment import STATUSES, trouble_in, trouble_in_response, trouble_of_close
from conformance.play.minting import MINTING
from conformance.play.player import Outcome
from conformance.scenario.model import OPENING
from conformance.trace.trace import Direction, EndKind

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


def shown_outcome(claimed: Outcome, scenario: Scenario, dialect: str, traces: Sequence[Trace]) -> tuple[Outcome, str]:
    """Return the outcome that the traces show, and why it is another than the one that is *claimed*.

    Whoever calls a conversation `stopped` speaks against himself, and is believed.
    """
    if claimed is Outcome.STOPPED:
        return claimed, ""
    unfinished = why_unfinished(scenario, dialect, traces)
    if claimed is Outcome.INCONCLUSIVE and (not unfinished or any(map(_ends_in_silence, traces))):
        return claimed, ""
    if claimed is Outcome.ENVIRONMENT and any(map(_tells_of_trouble, traces)):
        return claimed, ""
    return (Outcome.STOPPED, unfinished) if unfinished else (Outcome.PLAYED, "")


def _ends_in_silence(trace: Trace) -> bool:
    """Return whether we stopped waiting, and nothing proved that what we waited for would never come."""
    end = trace.end
    return end is not None and end.kind is EndKind.TIMEOUT and not end.awaiting and end.at is not None


def _tells_of_trouble(trace: Trace) -> bool:
    """Return whether the endpoint said that it is overloaded, full, or at the end of a quota; or was not there."""
    end, shake = trace.end, trace.handshake
    if end is not None and end.kind is EndKind.REFUSED:
        return shake is None or shake.status is None or shake.status in STATUSES
    heard = [entry.event for entry in trace if not entry.sent and entry.event is not None]
    if not heard and end is not None and trouble_of_close(end.code, end.reason) is not None:
        return True
    return any(
        trouble_in(each.get("error") if each.get("type") == "error" else None) or trouble_in_response(each)
        for each in heard
    )


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
        return "ends with a wait that was not answered"
    if ENDING & steps:
        return ""
    if "mint" in steps:  # asked for over HTTP: no session, so nothing to drain
        return "" if MINTING in trace.intent else "was not answered"
    if trace.end.kind is EndKind.REFUSED:
        return "was refused, but the script does not expect that"
    sent = [entry.event for entry in trace if entry.sent and entry.event is not None]
    if trace.end.by is Direction.SERVER and any(each.get("type") == "session.close" for each in sent):
        return ""
    if not any(str(each.get("event_id", "")).endswith(BARRIER) for each in sent):
        return "lacks the barrier and the close that follow the last step"
    return ""
