"""The exit statuses of a run and of the command `realtime-conformance` (`docs/exit-statuses.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """What a run came to, for whoever only looks at a number."""

    CLEAN = 0
    BROKEN = 1
    INTERRUPTED = 2
    INTERNAL = 3
    MISUSED = 4
    NOTHING = 5
    UNREACHABLE = 6
    BUDGET = 7


@dataclass(frozen=True)
class Circumstances:
    """What is known at the end of a run beside pytest's own exit status."""

    status: int
    """As pytest sees it: 0 to 5."""
    unreachable: bool = False
    misused: bool = False
    """A scenario file is broken."""
    crashed: bool = False
    """An exception that is no verdict ended an item: our own mistake."""
    red: bool = False
    """The baseline, or a flaky conversation under --strict, turns the run red."""
    short_of_budget: bool = False
    judged: bool = True
    """Whether any conversation was."""


def status_of(run: Circumstances) -> int:
    """Give the exit status; where several are true the one that must be dealt with first."""
    if run.status in (Status.INTERNAL, Status.MISUSED):
        return run.status
    if run.misused and run.status in (Status.INTERRUPTED, Status.BROKEN):
        return Status.MISUSED
    if run.status == Status.INTERRUPTED:
        return run.status
    if run.unreachable:
        return Status.UNREACHABLE
    if run.crashed:
        return Status.INTERNAL
    if run.status == Status.BROKEN or run.red:
        return Status.BROKEN
    if run.short_of_budget:
        return Status.BUDGET
    if run.status == Status.CLEAN and not run.judged:
        return Status.NOTHING
    return run.status
