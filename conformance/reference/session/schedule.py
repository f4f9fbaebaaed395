"""What will be sent later: plans that wake when their time has come.

A *plan* is a generator of steps.  A step is an event to send, or a number: the seconds to wait before going
on; or both, so that a stream of deltas wakes nobody twice for each of them.
A plan is not thrown away when its response is cancelled: the response is asked to stop, and its plan is run to
the end without waiting, so that the same code that closes a finished response closes an interrupted one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from conformance.reference.session.refusals import Event

ScheduledStep = Event | float | tuple[Event, float]
Steps = Iterator[ScheduledStep]


@dataclass(eq=False)
class ScheduledEvents:
    """A running generator of steps."""

    steps: Steps
    due: float
    over: bool = False


class Schedule:
    """All running plans of one session, and when the next one wakes."""

    def __init__(self, clock: Callable[[], float], gap: float) -> None:
        self._clock, self._gap = clock, gap
        self._waiting: list[tuple[float, int, ScheduledEvents]] = []
        self._order = count()

    def start(self, steps: Steps) -> ScheduledEvents:
        """Begin a plan; its first step is due now."""
        plan = ScheduledEvents(steps, self._clock())
        self._wake_later(plan)
        return plan

    def due(self) -> float | None:
        """When the next plan wakes; None if nothing is planned."""
        while self._waiting and self._waiting[0][2].over:
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else None

    def tick(self) -> Iterator[Event]:
        """Return the events that are due."""
        now = self._clock()
        while (due := self.due()) is not None and due <= now:
            plan = heapq.heappop(self._waiting)[2]
            yield from self._advance(plan)

    def finish(self, plan: ScheduledEvents) -> Iterator[Event]:
        """Run *plan* to its end at once, skipping every wait."""
        plan.over = True
        for step in plan.steps:
            if isinstance(step, dict):
                yield step
            elif isinstance(step, tuple):
                yield step[0]

    def _advance(self, plan: ScheduledEvents) -> Iterator[Event]:
        for step in plan.steps:
            if isinstance(step, tuple):
                step, wait = step
                plan.due += wait
            if isinstance(step, dict):
                plan.due += self._gap
                self._wake_later(plan)
                yield step
                return
            if step > 0:
                plan.due += step
                self._wake_later(plan)
                return
        plan.over = True

    def _wake_later(self, plan: ScheduledEvents) -> None:
        heapq.heappush(self._waiting, (plan.due, next(self._order), plan))
