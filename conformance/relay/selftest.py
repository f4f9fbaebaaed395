"""The proof that the rules over pairs bite: each mutant relay is found by exactly the rule that it names."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping

from conformance.contract.dialects import DIALECTS
from conformance.mutants.relay_mutant import RelayMutant
from conformance.mutants.relays import RELAY_MUTANTS
from conformance.mutants.selftest import Matrix, Trial
from conformance.relay.pair import Pair
from conformance.relay.rehearsal import play_relayed
from conformance.relay.rules import PAIR_RULES
from conformance.relay.rules.pair_rule import judge_pair

#: Trials at once: most of their time they wait for a slow stream, or for something that never comes.
AT_ONCE = 8
#: A busy machine is too late to tell what came when: a mutant that survives beside others is tried again alone.
ATTEMPTS = 3


def found_in(pairs: Iterable[Pair]) -> frozenset[str]:
    """Return the ids of the rules that find something in *pairs*."""
    pairs = tuple(pairs)
    return frozenset(rule.id for rule in PAIR_RULES.values() if any(judge_pair(rule, pair).findings for pair in pairs))


async def try_relay(mutant: RelayMutant, dialect: str) -> Trial:
    """Play the scenario of one mutant relay and judge every pair of it."""
    relayed = await play_relayed(mutant.during, dialect, mutant.behave, mutant.variant)
    return Trial(mutant, dialect, found_in(relayed.pairs))


def run(only: Collection[str] = (), mutants: Mapping[str, RelayMutant] = RELAY_MUTANTS) -> Matrix:
    """Try every mutant relay (or those named) in both dialects."""
    chosen = [each for each in mutants.values() if not only or each.id in only]
    trials = asyncio.run(_all(chosen))
    named = {each.killed_by for each in mutants.values()}
    return Matrix(trials, () if only else tuple(rule for rule in PAIR_RULES if rule not in named))


async def _all(mutants: Iterable[RelayMutant]) -> tuple[Trial, ...]:
    room = asyncio.Semaphore(AT_ONCE)

    async def beside_others(mutant: RelayMutant, dialect: str) -> Trial:
        async with room:
            return await try_relay(mutant, dialect)

    rows = [(mutant, dialect) for mutant in mutants for dialect in sorted(DIALECTS)]
    trials = await asyncio.gather(*(beside_others(*row) for row in rows))
    return tuple([each if each.killed else await _alone(*row) for row, each in zip(rows, trials, strict=True)])


async def _alone(mutant: RelayMutant, dialect: str) -> Trial:
    """Try a mutant that survived again, while no other is tried."""
    for _ in range(ATTEMPTS):
        trial = await try_relay(mutant, dialect)
        if trial.killed:
            break
    return trial
