"""Conversations in memory: the reference endpoint, or a mutant of it, behind the player's connection protocol.

No socket, no real time: the loopback's virtual clock jumps to whatever is due next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialect import Dialect
from conformance.contract.dialects import DIALECTS
from conformance.contract.key_roles import ROLES, key_for
from conformance.contract.names import REFERENCE_TOOL_SERVER
from conformance.mutants.mutant import Fault
from conformance.play.connection import Disconnected, RawFrame, Refusal, UpgradeRequest
from conformance.play.player import Conversation, Player
from conformance.play.target import Target, url_of
from conformance.reference.server.admission import (
    AcceptThenClose,
    Admission,
    Refused,
    RefusingSession,
    admit,
    key_error,
)
from conformance.reference.server.client_secrets import ClientSecrets
from conformance.reference.server.loopback import Closed, Loopback, VirtualClock
from conformance.reference.session.core import Endpoint
from conformance.reference.session.hooks import Hooks
from conformance.resources import folder
from conformance.scenario.audio import clip
from conformance.scenario.load import load
from conformance.scenario.model import Scenario
from conformance.secrets import Scrubber
from conformance.trace.trace import Handshake

TOKEN = "rehearsal-8f2c61d07b94e35a"  # noqa: S105 - known to nobody but this process


class MemoryConnection:
    """A loopback as the player wants a connection."""

    def __init__(self, loopback: Loopback, handshake: Handshake, fault: Hooks) -> None:
        self.loopback = loopback
        self.handshake = handshake
        self.fault = fault
        self.ended: Closed | None = None

    def now(self) -> float:
        """Seconds of virtual time since connect."""
        return self.loopback.clock.now

    async def send(self, frame: RawFrame) -> None:
        """Send a frame."""
        try:
            self._go_on()
            await self.loopback.send(frame)
        except Closed as closed:
            raise self._gone(closed) from closed

    async def receive(self, within: float) -> RawFrame:
        """Return the next frame, in no real time."""
        try:
            self._go_on()
            frame: RawFrame = await self.loopback.receive(within)
        except Closed as closed:
            raise self._gone(closed) from closed
        self._end_after(frame)
        return frame

    def _go_on(self) -> None:
        if self.ended is not None:
            raise self.ended

    def _end_after(self, frame: RawFrame) -> None:
        """Close from the endpoint's side, if the fault wants that after this frame."""
        if self.fault.ends is None or not isinstance(frame, str):
            return
        end = self.fault.ends(orjson.loads(frame))
        if end is not None:
            self.ended = Closed(*end)

    async def stop_reading(self, seconds: float) -> None:
        """Let no time pass, as everything here: in memory nothing fills up."""

    async def close(self, code: int = 1000, reason: str = "") -> Disconnected:
        """Close from our side."""
        if self.ended is not None:
            return self._gone(self.ended)
        if self.loopback.endpoint.closing is not None:
            return self._gone(Closed(*self.loopback.endpoint.closing))
        await self.loopback.close(code, reason)
        answered = self.fault.closes is None or self.fault.closes(code, reason) is not None
        return Disconnected(code, reason, by_client=True, graceful=answered)

    async def ping(self, _payload: bytes) -> Awaitable[object]:
        """Send a ping; its pong is there at once, or never."""
        try:
            self._go_on()
        except Closed as closed:
            raise self._gone(closed) from closed
        pong: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if self.fault.answers_pings:
            pong.set_result(None)
        return pong

    async def drop(self) -> None:
        """Break the connection."""
        await self.loopback.close(1006)

    def _gone(self, closed: Closed) -> Disconnected:
        told = (closed.code, closed.reason)
        frame = self.fault.closes(*told) if self.fault.closes is not None else told
        return Disconnected(*frame) if frame is not None else Disconnected(None)


class Rehearsal:
    """The reference endpoint in memory, as something to connect to."""

    def __init__(
        self,
        target: Target,
        *,
        fault: Callable[[], Fault] | None = None,
        features: frozenset[str] | None = None,
        refusal: str = "http",
        auth_styles: Collection[str] = tuple(STYLES),
    ) -> None:
        self.target = target
        self.fault = fault or Fault
        self.features = features
        self.refusal = refusal
        self.auth_styles = auth_styles
        self.sessions = 0
        self.clocks: list[VirtualClock] = []
        self.secrets = ClientSecrets("rehearsal", self._now)

    def _now(self) -> float:
        """Return the time of day: that of the process, and later by what passed in memory."""
        return time.time() + max((clock.now for clock in self.clocks), default=0.0)

    def _mint(self, path: str, ask: UpgradeRequest, handshake: Handshake, fault: Hooks) -> Refusal:
        error = key_error(f"{path}?{urlencode(ask.query)}", ask.headers, (TOKEN,), self.auth_styles)
        made = self.secrets.mint(path, ask.posts or b"", error, self.features)
        made = fault.mints(made) if fault.mints is not None else made
        content = made.body.decode()
        answered = replace(handshake, status=made.status, body=content[:2000])
        return Refusal(answered, f"HTTP {made.status}", "http", {}, content)

    async def connect(self, ask: UpgradeRequest) -> MemoryConnection | Refusal:
        """Decide about the upgrade as the server would, and open a session."""
        url = url_of(self.target, ask)
        fault = self.fault().spelled_for(self.target.dialect)
        handshake = ask.handshake(url)
        parts = urlsplit(url)
        if ask.posts is not None:
            return self._mint(parts.path, ask, handshake, fault)
        headers = [*ask.headers, ("upgrade", "none" if ask.plain else "websocket")]
        decision: Admission = admit(
            f"{parts.path}?{parts.query}",
            headers,
            ask.subprotocols,
            tokens=(TOKEN,),
            auth_styles=self.auth_styles,
            refusal=self.refusal,
            secrets=self.secrets,
            features=self.features,
        )
        if fault.admits is not None:
            decision = fault.admits(decision)
        if isinstance(decision, Refused):
            body = decision.body.decode()
            answered = replace(handshake, status=decision.status, body=body)
            return Refusal(answered, f"HTTP {decision.status}: {body[:200]}", "http")
        shaken = replace(handshake, status=101, subprotocol=decision.subprotocol)
        return MemoryConnection(self._loopback(decision, fault), shaken, fault)

    def _loopback(self, decision: Any, fault: Hooks) -> Loopback:
        self.sessions += 1
        seed = f"rehearsal-{self.sessions}"
        make: Callable[[VirtualClock], Any]
        if isinstance(decision, AcceptThenClose):
            make = partial(_refusing, decision, seed)
        else:
            make = partial(_endpoint, decision, seed, self.features)
        loopback = Loopback(make, sends=fault.sends, receives=fault.receives, frames=fault.frames)
        self.clocks.append(loopback.clock)
        return loopback


def _refusing(decision: AcceptThenClose, seed: str, _clock: VirtualClock) -> RefusingSession:
    return RefusingSession(decision, seed)


def _endpoint(decision: Any, seed: str, features: frozenset[str] | None, clock: VirtualClock) -> Endpoint:
    endpoint = Endpoint(
        DIALECTS[decision.dialect],
        clock=clock,
        model=decision.model,
        intent=decision.intent,
        features=features,
        seed=seed,
    )
    endpoint.configure(decision.settings)
    return endpoint


def rehearsal_target(dialect: Dialect) -> Target:
    """Return the target that rehearsals play against."""
    keys = {role: key_for(role, TOKEN) for role in ROLES}
    return Target(
        url="wss://rehearsal.test/v1/realtime",
        dialect=dialect,
        key=TOKEN,
        model="gpt-realtime",
        keys=keys,
        tool_server=REFERENCE_TOOL_SERVER,
    )


@cache
def bundled(scenario_id: str) -> Scenario:
    """Load a bundled scenario by its id, e.g. `response/text_turn`."""
    return load(folder("scenarios") / f"{scenario_id}.yaml")


def rehearse(
    scenario: Scenario | str,
    dialect: Dialect | str,
    fault: Callable[[], Fault] | None = None,
    *,
    variant: str = "",
    features: frozenset[str] | None = None,
    refusal: str = "http",
    auth: str = "",
    auth_styles: Collection[str] = tuple(STYLES),
) -> Conversation:
    """Play one scenario in memory against the reference, with *fault* (made anew for each session) if given.

    *auth* is the style in which the key is offered where the scenario does not say; *auth_styles* are understood.
    UsageError if it speaks a clip that is there in another audio format only.
    """
    script = bundled(scenario) if isinstance(scenario, str) else scenario
    target = rehearsal_target(DIALECTS[dialect] if isinstance(dialect, str) else dialect)
    target = replace(target, auth=auth) if auth else target
    connector = Rehearsal(target, fault=fault, features=features, refusal=refusal, auth_styles=auth_styles)
    player = Player(
        connector, target, Scrubber((TOKEN,)), partial(clip, home=script.path.parent if script.path else None)
    )
    return asyncio.run(player.play(script, variant))
