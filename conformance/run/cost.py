"""What conversations cost at most, from their scripts alone: a walk over the steps that connects to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from conformance.play.discovery import SESSIONS
from conformance.run.prices import Price
from conformance.scenario.cost import ASKING, CONNECTING, ClipReader, Cost, Spending
from conformance.scenario.model import Scenario
from conformance.scenario.steps import STEPS

#: Seconds that we take to judge one conversation.
JUDGING = 0.25


def cost_of(scenario: Scenario, dialect: str, clip: ClipReader) -> Cost:
    """Return the upper bound of one play; *clip* gives the bytes of (name, canonical format)."""
    sessions: dict[str, Spending] = {}
    total = Cost(expected=JUDGING)
    for step in scenario.steps_in(dialect):
        declared = STEPS[step.name]
        if declared.opens:
            sessions[step.on] = Spending(answers=not scenario.intent, translates=scenario.intent == "translation")
        total += declared.costs(sessions.setdefault(step.on, Spending()), step, clip)
    # Every connection that stays open ends with a barrier.
    return total + Cost(expected=ASKING * len(sessions))


@dataclass(frozen=True)
class Plan:
    """What a run would play."""

    costs: Mapping[str, Cost]
    """Conversation -> its upper bound."""
    not_applicable: int = 0
    at_once: int = 1
    price: Price | None = None
    prices_of: str = ""
    """Date of the price table."""
    model: str = ""
    generated: Cost = field(default_factory=Cost)
    """The upper bound of the searches among generated examples, most of it for making cases small."""
    discovers: bool = False
    """Whether the endpoint is asked, in sessions of their own, what it does not offer."""

    @property
    def total(self) -> Cost:
        """Everything, the preflight and the discovery included."""
        before = self.before
        bound = replace(self.generated, expected=0.0)  # nobody knows how much of it is needed
        return sum(self.costs.values(), bound + Cost(sessions=before, expected=before * CONNECTING))

    @property
    def before(self) -> int:
        """Sessions before the first conversation: the preflight, and the discovery."""
        return 1 + (SESSIONS if self.discovers else 0)

    @property
    def seconds(self) -> float:
        """Expected time, playing `at_once` conversations at a time; judging is done by one."""
        longest = max((each.expected for each in self.costs.values()), default=0.0)
        judging = len(self.costs) * JUDGING
        return max(self.total.expected / max(1, self.at_once), longest, judging)
