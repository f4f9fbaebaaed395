"""What a pipeline asks of a run beside its verdicts: known failures, budgets, repetitions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.run.baseline import Baseline, BaselineContext
from conformance.run.budget import Limits
from conformance.run.prices import Prices
from conformance.run.retry_policy import RETRIES

if TYPE_CHECKING:
    from conformance.run.prices import Price
    from conformance.run.settings import Settings
    from conformance.run.soak_plan import SoakPlan


@dataclass(frozen=True)
class Policy:
    """Known failures, budgets, and how often to try again."""

    limits: Limits = field(default_factory=Limits)
    prices: Prices = field(default_factory=lambda: Prices(""))
    model: str = ""
    """Whose prices count."""
    retries: int = RETRIES
    """How often a conversation is repeated that the environment got in the way of."""
    retry_unexpected: int = 0
    """How often a conversation is repeated that failed unexpectedly."""
    baseline: Baseline = field(default_factory=Baseline)
    file: Path | None = None
    """Of the baseline."""
    update: bool = False
    """Whether to write it."""
    plan: bool = False
    """Whether to say what would be played, and to play nothing."""
    soak: SoakPlan | None = None
    """What is played over and over, instead of each conversation once."""
    today: date = date.min

    @property
    def price(self) -> Price | None:
        """What tokens of this model cost; None if nobody knows."""
        return self.prices.of(self.model)

    def in_force(self, settings: Settings) -> Policy:
        """Leave the entries of the baseline that speak of this run, now that its dialect is known."""
        here = BaselineContext(
            dialect=settings.target.dialect.name,
            profile=settings.profile.name if settings.profile is not None else "",
            features=settings.profile.features if settings.profile is not None else None,
        )
        entries = tuple(each for each in self.baseline.entries if each.applies(here))
        return replace(self, baseline=replace(self.baseline, entries=entries))
