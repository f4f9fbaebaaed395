"""What a run plays: conversations, each by its key."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.run.ruling import key_of
from conformance.scenario.model import Scenario


@dataclass(frozen=True)
class Job:
    """One conversation to be played: a scenario, and the auth style where it has its own."""

    key: str
    scenario: Scenario = field(compare=False)
    variant: str = field(default="", compare=False)

    @classmethod
    def of(cls, scenario: Scenario, variant: str = "") -> Job:
        """Name a conversation."""
        return cls(key_of(scenario.id, variant), scenario, variant)
