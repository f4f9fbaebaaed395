"""A scenario is played through a gateway: by our client, against our upstream, and both sides are paired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from conformance.contract.dialects import DIALECTS
from conformance.play.connection import Disconnected, Refusal
from conformance.play.player import Conversation, Outcome, Player
from conformance.play.target import Target, upgrade_request_for
from conformance.play.wire import Wire
from conformance.relay.balance import Balance
from conformance.relay.billing import Bill, usages_in
from conformance.relay.client_side import NotingConnector
from conformance.relay.declared import Declared
from conformance.relay.dial import Dial
from conformance.relay.flood import MIB
from conformance.relay.lag import Lag
from conformance.relay.log import Log, looked_at
from conformance.relay.pair import Context, Pair
from conformance.relay.pairing import paired
from conformance.relay.side import Side, with_side
from conformance.relay.turns import Turns
from conformance.relay.upstream import Upstream
from conformance.relay.upstream_script import HONEST, UpstreamScript, upstream_scripts
from conformance.scenario.model import Scenario
from conformance.secrets import Scrubber
from conformance.trace.trace import Trace
from conformance.trace.views import View

#: Seconds in which a gateway ends the upstream's session of a client that has left, and charges for it.
LETTING_GO = 10.0
#: Seconds between two looks at a balance that has not settled.
GLANCE = 0.05


@dataclass(frozen=True)
class Relayed:
    """One conversation through a gateway."""

    conversation: Conversation
    pairs: tuple[Pair, ...]
    """One for each connection of the client."""


@dataclass
class Settled:
    """The balance as the last conversation left it: whatever is charged before the next one begins is late."""

    balance: float | None = None


@dataclass
class RelayPlayer:
    """Plays scenarios through one gateway, many at once where they do not need the upstream for themselves."""

    upstream: Upstream
    target: Target
    scrub: Scrubber
    clip: Callable[[str, str], bytes]
    declared: Declared = field(default_factory=Declared)
    balance: Balance | None = None
    log: Log | None = None
    direct: str = ""
    """Where the upstream is reached without the gateway; empty: nowhere."""
    turns: Turns = field(default_factory=Turns)
    settled: Settled = field(default_factory=Settled)
    letting_go: float = LETTING_GO
    """Seconds in which sessions end and balances settle."""

    @property
    def guards(self) -> bool:
        """Whether the gateway has keys of its own."""
        return bool(self.upstream.keys.upstream) and self.target.key != self.upstream.keys.upstream

    async def play(self, scenario: Scenario, variant: str = "") -> Relayed:
        """Play *scenario* once; whatever happens, the pairs come back."""
        if self._needs_quiet(scenario):
            async with self.turns.alone():
                return await self._play(scenario, variant, alone=True)
        async with self.turns.shared():
            return await self._play(scenario, variant, alone=False)

    def _needs_quiet(self, scenario: Scenario) -> bool:
        """Return whether only the order can tell whose dial it is, or the balance whose use."""
        knocks = any(step.name == "expect_refusal" for step in scenario.steps)
        return scenario.upstream is not None or knocks or self.balance is not None

    async def _play(self, scenario: Scenario, variant: str, *, alone: bool) -> Relayed:
        first, before = len(self.upstream.dials), await self._balance()
        if alone:
            self.upstream.follow(self._scripts(scenario))
        target = self._bearing(scenario)
        connector = NotingConnector(Wire(target), self._hidden())
        async with Lag().watched() as lag:
            conversation = await Player(connector, target, self.scrub, self.clip).play(scenario, variant)
        noted = zip_longest(conversation.traces, (replace(each.noted, lag=lag.usual) for each in connector.attempts))
        traces = tuple(with_side(trace, side or Side()) for trace, side in noted if trace is not None)
        conversation = replace(conversation, traces=traces)
        dials = self.upstream.dials[first:]
        if conversation.outcome is Outcome.ENVIRONMENT and any(dial.script.fails for dial in dials):
            conversation = replace(conversation, outcome=Outcome.PLAYED, message="")  # the trouble is of our making
        if alone:
            self.upstream.follow(())
        else:
            matched = {each.name for each in paired(traces, [dial.trace for dial in dials]) if each is not None}
            dials = [dial for dial in dials if dial.trace.name in matched]
        let_go = await self._let_go(dials)
        pairs = self._pairs(conversation, dials, alone=alone, let_go=let_go)
        return Relayed(conversation, await self._billed(await self._logged(pairs), before))

    def _scripts(self, scenario: Scenario) -> Sequence[UpstreamScript]:
        if scenario.upstream is None:
            return ()
        return upstream_scripts(scenario.upstream, self.target.dialect.name)

    def _bearing(self, scenario: Scenario) -> Target:
        """Return the target with room for what our own upstream sends."""
        floods = [script.floods.mebibytes for script in self._scripts(scenario) if script.floods is not None]
        bounds, more = self.target.bounds, 2 * MIB * sum(floods)
        bounds = replace(bounds, connection=bounds.connection + more, held=bounds.held + more)
        return replace(self.target, bounds=bounds)

    def _hidden(self) -> Scrubber:
        return Scrubber((self.upstream.keys.upstream,)) if self.guards else Scrubber()

    def _pairs(
        self, conversation: Conversation, dials: Sequence[Dial], *, alone: bool, let_go: bool
    ) -> tuple[Pair, ...]:
        by_name = {dial.trace.name: dial for dial in dials}
        found = paired(conversation.traces, [dial.trace for dial in dials], by_order=alone)
        views = [_view(trace) if trace is not None else None for trace in found]
        pairs, failed = [], False
        for trace, view in zip(conversation.traces, views, strict=True):
            script = by_name[view.trace.name].script if view is not None else HONEST
            others = tuple(each for each in views if each is not None and each is not view)
            context = Context(self.declared, script, self.guards, others, failed, let_go)
            failed = failed or script.fails
            pairs.append(Pair(_view(trace), view, context))
        return tuple(pairs)

    async def _let_go(self, dials: Sequence[Dial]) -> bool:
        """Wait until every session of the upstream has ended; return whether what has not should have.

        A gateway may be slow: it should have when it has meanwhile served a later client.
        """
        if await self._over(dials):
            return True
        served = await self._serves_somebody()
        return await self._over(dials) or served

    async def _over(self, dials: Sequence[Dial]) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.letting_go):
                for dial in dials:
                    await dial.over.wait()
        return all(dial.over.is_set() for dial in dials)

    async def _serves_somebody(self) -> bool:
        """Open a session through the gateway and close it; return whether it was opened."""
        patience = self.target.patience
        opened = await Wire(self.target).connect(upgrade_request_for(self.target, {}))
        if isinstance(opened, Refusal):
            return False
        try:
            await opened.receive(patience.first_event)
        except (TimeoutError, Disconnected):
            return False
        finally:
            await opened.close()
        return True

    async def _logged(self, pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
        """Look at what the gateway has written to its log meanwhile, and give that to the last pair."""
        if self.log is None or not pairs:
            return pairs
        logged = looked_at(await self.log.read(), self.upstream.keys)
        return (*pairs[:-1], _knowing(pairs[-1], logged=logged))

    async def _balance(self) -> float:
        return await self.balance.read() if self.balance is not None else 0.0

    async def _billed(self, pairs: tuple[Pair, ...], before: float) -> tuple[Pair, ...]:
        """Read the balance when it has settled, and give the bill to the last pair."""
        if self.balance is None or not pairs:
            return pairs
        usages = usages_in(pair.upstream for pair in pairs if pair.upstream is not None)
        tariff, loop = self.declared.tariff, asyncio.get_running_loop()
        settled = before if self.settled.balance is None else self.settled.balance
        late, until = tariff.charge(settled, before), loop.time() + self.letting_go
        while True:
            self.settled.balance = await self.balance.read()
            bill = Bill(before, self.settled.balance, usages, late)
            if abs(bill.charged(tariff) - bill.owed(tariff)) <= tariff.tolerance or loop.time() > until:
                break
            await asyncio.sleep(GLANCE)
        return (*pairs[:-1], _knowing(pairs[-1], bill=bill))


def _knowing(pair: Pair, **more: Any) -> Pair:
    return Pair(pair.client, pair.upstream, replace(pair.context, **more))


def _view(trace: Trace) -> View:
    return View(trace, DIALECTS[trace.dialect if trace.dialect in DIALECTS else "ga"])
