"""The proof that the rules bite: each mutant is played, and exactly the rule that it names must find it.

Rules come in from outside (this room never imports them): `judge` is a function from a trace to the ids
of the rules that found something.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from conformance.contract.dialects import DIALECTS
from conformance.mutants import MUTANTS
from conformance.mutants.mutant import Mutant
from conformance.mutants.rehearsal import rehearse
from conformance.mutants.relay_mutant import RelayMutant
from conformance.trace.trace import Trace

Judge = Callable[[Trace], Collection[str]]


@dataclass(frozen=True)
class Trial:
    """One mutant in one dialect."""

    mutant: Mutant | RelayMutant
    dialect: str
    found_by: frozenset[str]
    """The rules that found something."""

    @property
    def killed(self) -> bool:
        """Whether the rule that it names found it."""
        return self.mutant.killed_by in self.found_by

    @property
    def collateral(self) -> frozenset[str]:
        """The rules that found it although they should not."""
        return self.found_by - {self.mutant.killed_by}


@dataclass(frozen=True)
class Matrix:
    """All trials, and the rules that nothing was tried on."""

    trials: tuple[Trial, ...]
    untried: tuple[str, ...]

    def __add__(self, other: Matrix) -> Matrix:
        return Matrix((*self.trials, *other.trials), (*self.untried, *other.untried))

    @property
    def perfect(self) -> bool:
        """Whether every mutant is killed by its rule and by no other, and every rule has one."""
        return not self.untried and all(trial.killed and not trial.collateral for trial in self.trials)

    def summary(self) -> str:
        """Return the closing line."""
        mutants = {trial.mutant.id for trial in self.trials}
        survived = {trial.mutant.id for trial in self.trials if not trial.killed}
        collateral = sum(len(trial.collateral) for trial in self.trials)
        return (
            f"{len(mutants) - len(survived)}/{len(mutants)} mutants killed by the rule they name, "
            f"{collateral} collateral, {len(self.untried)} rules without a mutant"
        )

    def as_data(self) -> dict[str, Any]:
        """Return the matrix as JSON data."""
        return {
            "summary": self.summary(),
            "perfect": self.perfect,
            "rules_without_a_mutant": list(self.untried),
            "trials": [
                {
                    "mutant": trial.mutant.id,
                    "sentence": trial.mutant.sentence,
                    "like": trial.mutant.like,
                    "scenario": trial.mutant.during,
                    "dialect": trial.dialect,
                    "killed_by": trial.mutant.killed_by,
                    "killed": trial.killed,
                    "collateral": sorted(trial.collateral),
                }
                for trial in self.trials
            ],
        }


def try_one(mutant: Mutant, dialect: str, judge: Judge) -> Trial:
    """Play the mutant's scenario and judge every trace of it."""
    spoken = DIALECTS[dialect]
    conversation = rehearse(mutant.during, spoken, partial(mutant.make, spoken))
    found = frozenset(rule for trace in conversation.traces for rule in judge(trace))
    return Trial(mutant, dialect, found)


def run(
    judge: Judge, rules: Iterable[str], only: Collection[str] = (), mutants: Mapping[str, Mutant] = MUTANTS
) -> Matrix:
    """Try every mutant (or those named) in every dialect it exists in."""
    chosen = [each for each in mutants.values() if not only or each.id in only]
    trials = tuple(try_one(each, dialect, judge) for each in chosen for dialect in sorted(each.dialects))
    named = {each.killed_by for each in mutants.values()}
    return Matrix(trials, tuple(rule for rule in rules if rule not in named))
