"""What `realtime-conformance selftest` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from conformance.errors import UsageError
from conformance.mutants import MUTANTS
from conformance.mutants.relays import RELAY_MUTANTS
from conformance.mutants.selftest import Matrix, Trial, run
from conformance.relay import selftest as relay_selftest
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.run.ruling import rule_on, view_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.trace.trace import Trace

FOUND = (Verdict.FAIL, Verdict.WARNING, Verdict.NOTE)


def found_in(trace: Trace) -> Collection[str]:
    """Return the ids of the rules that find something in *trace*."""
    rulings = rule_on((view_of(trace),), tuple(RULES.values()), {})
    return frozenset(rule_id for rule_id, each in rulings.items() if each.verdict in FOUND)


def prove(only: Collection[str] = (), *, as_json: bool = False) -> tuple[str, bool]:
    """Try every mutant, or those named; give the text, and whether all is as it should be."""
    unknown = [each for each in only if each not in MUTANTS and each not in RELAY_MUTANTS]
    if unknown:
        raise UsageError(f"there is no mutant {unknown[0]!r}", "`realtime-conformance selftest --json` names them all.")
    ours, relays = [each for each in only if each in MUTANTS], [each for each in only if each in RELAY_MUTANTS]
    matrix = Matrix((), ())
    if ours or not only:
        matrix += run(found_in, () if only else RULES, ours)
    if relays or not only:
        matrix += relay_selftest.run(relays)
    if as_json:
        return orjson.dumps(matrix.as_data(), option=orjson.OPT_INDENT_2).decode(), matrix.perfect
    wrong = [_line(each) for each in matrix.trials if not each.killed or each.collateral]
    untried = [f"no mutant  {rule_id}" for rule_id in matrix.untried]
    return "\n".join([*wrong, *untried, matrix.summary()]), matrix.perfect


def _line(trial: Trial) -> str:
    told = f"{'collateral' if trial.killed else 'survived'}  {trial.mutant.id} ({trial.dialect}): "
    told += f"{trial.mutant.killed_by} {'found it' if trial.killed else 'did not find it'}"
    return told + (f", so did {', '.join(sorted(trial.collateral))}" if trial.collateral else "")
