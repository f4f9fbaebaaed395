"""Plays through a gateway: our upstream behind it, and the same conversation without it where that is wanted."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.play.discovery import without_secrets
from conformance.play.player import Player
from conformance.play.wire import Wire, connector_to
from conformance.run.retry import Attempt

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AsyncExitStack

    from conformance.play.preflight import Diagnosis
    from conformance.relay.pair import Pair
    from conformance.relay.play import RelayPlayer
    from conformance.relay.setup import RelaySetup
    from conformance.run.settings import Settings
    from conformance.scenario.model import Scenario
    from conformance.trace.trace import Trace


def keeps_protocol(pairs: Iterable[Pair]) -> bool:
    """Return whether the upstream of every pair kept the protocol; if not, only the rules over pairs judge."""
    return all(pair.context.script.keeps_protocol(pair.client.dialect.name) for pair in pairs)


async def relay_player(settings: Settings, setup: RelaySetup, resources: AsyncExitStack) -> RelayPlayer:
    """Listen behind the gateway; UsageError if that cannot be."""
    from conformance.relay.play import RelayPlayer
    from conformance.relay.upstream import Upstream
    from conformance.scenario.audio import clip

    upstream = Upstream(
        setup.host, setup.port, keys=setup.keys(settings.target), ssl=setup.tls, nonce=secrets.token_hex(8)
    )
    try:
        await resources.enter_async_context(upstream)
    except OSError as error:
        raise UsageError(
            f"--upstream-listen: cannot listen on {setup.host} port {setup.port}: {error.strerror or error}",
            "Choose another port, and point the gateway's channel at it.",
        ) from error
    return RelayPlayer(
        upstream, settings.target, settings.scrub, clip, setup.declared, setup.balance, setup.log, setup.direct
    )


def nobody_came(player: RelayPlayer | None, diagnosis: Diagnosis | None) -> str:
    """Say that a gateway that opens sessions never connected to our upstream; else empty."""
    if player is None or player.upstream.dials or diagnosis is None or not diagnosis.ready:
        return ""
    return (
        f"nobody connected to our upstream at {player.upstream.url}, so nothing here says what the gateway passes on: "
        "is its channel set to that address? (--upstream-listen, docs/gateways)"
    )


async def asked_for_secrets(settings: Settings) -> Settings:
    """Return *settings* with what the gateway says when it is asked for a client secret."""
    refused = await without_secrets(connector_to(settings.target), settings.target)
    return settings.with_offers({"client_secrets": refused} if refused else {}, ())


async def play_relayed(player: RelayPlayer, scenario: Scenario, variant: str) -> Attempt:
    """Play *scenario* through the gateway; an ordinary one also past it, where there is a direct way."""
    relayed = await player.play(scenario, variant)
    direct: tuple[Trace, ...] = ()
    if player.direct and scenario.upstream is None:
        target = replace(player.target, url=player.direct, key=player.upstream.keys.upstream)
        past = await Player(Wire(target), target, player.scrub, player.clip).play(scenario, variant)
        direct = past.traces
    return Attempt(relayed.conversation, pairs=relayed.pairs, direct=direct)
