"""What a pipeline asks of a run beside its verdicts: one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.run.baseline import Baseline
from conformance.run.budget import Limits
from conformance.run.prices import Prices
from conformance.run.retry_policy import RETRIES

if TYPE_CHECKING:
    from conformance.run.prices import Price


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
    today: date = date.min

    @property
    def price(self) -> Price | None:
        """What tokens of this model cost; None if nobody knows."""
        return self.prices.of(self.model)
