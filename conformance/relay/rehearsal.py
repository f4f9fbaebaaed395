"""Conversations through the toy relay, on loopback: what a mutant relay does, and what the rules see of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from conformance.contract.dialects import DIALECTS
from conformance.contract.key_roles import key_for
from conformance.mutants.rehearsal import bundled
from conformance.mutants.relay_behaviour import Behaviour, RelayPrices
from conformance.mutants.toy_relay import ToyRelay
from conformance.play.target import WRONG_KEY, Patience, Target
from conformance.relay.balance import BalanceUrl
from conformance.relay.declared import Declared, Tariff
from conformance.relay.dial import Keys
from conformance.relay.play import Relayed, RelayPlayer
from conformance.relay.upstream import Upstream
from conformance.scenario.audio import clip
from conformance.scenario.model import Scenario
from conformance.secrets import Scrubber

CLIENT_KEY = "client-key-000000000000"
RESTRICTED_KEY = key_for("restricted", CLIENT_KEY)
UPSTREAM_KEY = "upstream-key-000000000000"
#: What the relay's clients call a model, and what the upstream does.
MODELS = {"gpt-realtime": "gpt-realtime-2025-08-28"}
PRICES = RelayPrices()
#: What the toy relay's documents would say.
DECLARED = Declared(
    alias=MODELS,
    patience=2.0,
    tariff=Tariff(PRICES.input, PRICES.cached_input, PRICES.output, counts_up=True),
)
#: Seconds in which sessions end and balances settle here.
SETTLING = 0.6
#: Everything answers at once here: seconds after which nothing will come.
PATIENCE = Patience(connect=5.0, first_event=3.0, answer=2.0, conversation=30.0, chosen=True)


def rehearse_relayed(
    scenario: Scenario | str, dialect: str, behave: Callable[[], Behaviour] = Behaviour, *, variant: str = ""
) -> Relayed:
    """Play one scenario through the toy relay, which *behave* makes do wrong, anew for each of its clients."""
    return asyncio.run(play_relayed(scenario, dialect, behave, variant))


async def play_relayed(
    scenario: Scenario | str, dialect: str, behave: Callable[[], Behaviour] = Behaviour, variant: str = ""
) -> Relayed:
    """Do the same inside a running loop."""
    async with relaying(dialect, behave) as player:
        return await play_once(player, scenario, variant)


async def play_once(player: RelayPlayer, scenario: Scenario | str, variant: str = "") -> Relayed:
    """Play one scenario through a relay that is there already."""
    script = bundled(scenario) if isinstance(scenario, str) else scenario
    home = script.path.parent if script.path is not None else None
    return await replace(player, clip=partial(clip, home=home)).play(script, variant)


@asynccontextmanager
async def relaying(dialect: str, behave: Callable[[], Behaviour] = Behaviour) -> AsyncIterator[RelayPlayer]:
    """Run the toy relay with an upstream behind it until the block ends."""
    async with Upstream(
        keys=Keys(UPSTREAM_KEY, (CLIENT_KEY, RESTRICTED_KEY, WRONG_KEY)), nonce="rehearsal"
    ) as upstream:
        relay = ToyRelay(
            upstream.url, client_key=CLIENT_KEY, upstream_key=UPSTREAM_KEY, models=MODELS, behave=behave, prices=PRICES
        )
        async with relay:
            yield RelayPlayer(
                upstream,
                Target(
                    relay.url,
                    DIALECTS[dialect],
                    CLIENT_KEY,
                    "gpt-realtime",
                    patience=PATIENCE,
                    keys={"restricted": RESTRICTED_KEY},
                ),
                Scrubber((CLIENT_KEY, RESTRICTED_KEY)),
                clip,
                DECLARED,
                BalanceUrl(relay.balance_url, ("data", "used")),
                relay,
                letting_go=SETTLING,
            )
