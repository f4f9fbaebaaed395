"""The player drives a scenario's steps over connections and notes everything.  It judges nothing.

Steps are generators: the player carries out what they yield (`scenario.commands`) and sends back what came.
Every event answers one wait: what a wait passes over stays in a backlog for later steps,
so that a script need not know in which order independent events arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

from conformance.play.connection import Connector
from conformance.play.environment import EnvironmentTrouble
from conformance.play.look_back import ended_as_asked
from conformance.play.minting import Minted
from conformance.play.recorded_connection import RecordedConnection
from conformance.play.recorder import Recorder
from conformance.play.target import LONGER, Target
from conformance.scenario.commands import ModelDidNot, Silence, Unmet
from conformance.scenario.context import ScriptContext
from conformance.scenario.model import OPENING, Scenario
from conformance.scenario.step import Step
from conformance.scenario.steps import STEPS
from conformance.secrets import Scrubber
from conformance.trace.trace import Direction, End, EndKind, Trace
from conformance.trace.wording import as_spoken


class Outcome(StrEnum):
    """What became of a conversation; the player gives the first four, a run the others."""

    PLAYED = "played"
    STOPPED = "stopped"
    """A step's expectation was not met: the endpoint failed the conversation."""
    INCONCLUSIVE = "inconclusive"
    """The model did not do its part: nobody's fault, and no evidence."""
    ENVIRONMENT = "environment"
    """429, 5xx, DNS, TLS …: never the endpoint's guilt."""
    NOT_APPLICABLE = "not applicable"
    """Not played: the profile does not claim what it needs, or the endpoint refuses that."""
    NOT_RUN = "not run"
    """Not played: a budget did not allow it."""
    ERROR = "error"
    """Our own mistake."""


@dataclass(frozen=True)
class Conversation:
    """One play of a scenario."""

    scenario: Scenario
    variant: str
    """The auth style, where a scenario is played once for each."""
    traces: tuple[Trace, ...]
    """One for each connection, in the order in which they were opened."""
    outcome: Outcome
    message: str = ""
    expected: str = ""
    actual: str = ""
    step: Step | None = None
    """The step at which it stopped."""
    seconds: float = 0.0
    retry_after: str = ""
    silent: bool = False
    """INCONCLUSIVE: the endpoint said nothing for longer than we wait; another attempt would only wait as long."""
    full: bool = False
    """ENVIRONMENT: the endpoint holds no more sessions at once."""
    beyond: bool = False
    """ENVIRONMENT: a bound of ours was reached; another attempt would reach it again."""
    longest: float = 0.0
    """The longest wait that was not in vain, in seconds."""


class Player:
    """Plays one scenario once."""

    def __init__(
        self, connector: Connector, target: Target, scrub: Scrubber, clip: Callable[[str, str], bytes]
    ) -> None:
        self.connector = connector
        self.target = target
        self.scrub = scrub
        self.clip = clip
        self.opened: list[RecordedConnection] = []
        self.lines: dict[str, RecordedConnection] = {}
        self.minted = Minted()

    async def play(self, scenario: Scenario, variant: str = "") -> Conversation:
        """Play *scenario*; whatever happens, the traces come back."""
        target = replace(self.target, auth=variant) if variant else self.target
        told: dict[str, Any] = {}
        step: Step | None = None
        spoken = partial(as_spoken, dialect=target.dialect)
        context = ScriptContext(target.dialect, self.clip, scenario.intent, {"run": dict(target.names)})
        try:
            async with asyncio.timeout(target.patience.conversation):
                for step in scenario.steps_in(target.dialect.name):
                    await self._perform(scenario, target, context, step)
                step = None
                await self._say_goodbye(context)
                told = {"outcome": Outcome.PLAYED}
        except Unmet as unmet:
            told = {"outcome": Outcome.STOPPED, "message": spoken(unmet.message)}
            told |= {"expected": self.scrub.shown(spoken(unmet.expected)), "actual": self.scrub.shown(unmet.actual)}
        except ModelDidNot as otherwise:
            told = {"outcome": Outcome.INCONCLUSIVE, "message": spoken(otherwise.message)}
            await self._part(context, target.patience.conversation)
        except Silence as silence:
            told = {"outcome": Outcome.INCONCLUSIVE, "message": spoken(silence.message), "silent": True}
        except EnvironmentTrouble as trouble:
            told = {"outcome": Outcome.ENVIRONMENT, "message": str(trouble), "retry_after": trouble.retry_after}
            told |= {"full": trouble.full, "beyond": trouble.beyond}
        except TimeoutError:
            slow = f"took more than {target.patience.conversation:g} s: the endpoint is slow {LONGER}"
            told = {"outcome": Outcome.INCONCLUSIVE, "message": slow, "silent": True}
            for line in self.opened:
                at = line.connection.now() if line.connection is not None else 0.0
                line.recorder.finish(End(EndKind.TIMEOUT, Direction.CLIENT, at=at))
        finally:
            for line in self.opened:
                await line.abandon()
        if failed := next((line.trouble for line in self.opened if line.trouble is not None), None):
            told = {"outcome": Outcome.ENVIRONMENT, "message": str(failed), "full": failed.full}
        traces = tuple(line.result() for line in self.opened)
        if self.minted.sessions:  # nobody else knows these secrets; what leaked is noted
            traces = tuple(map(self.scrub.trace, traces))
        told["message"] = self.scrub.shown(told.get("message", ""))
        seconds = max((trace.duration for trace in traces), default=0.0)
        told["longest"] = max((line.progress.longest for line in self.opened), default=0.0)
        return Conversation(scenario, variant, traces, step=step, seconds=seconds, **told)

    async def _perform(self, scenario: Scenario, target: Target, context: ScriptContext, step: Step) -> None:
        line = self.lines.get(step.on)
        if line is None or step.name in OPENING:
            line = self._new_line(scenario, target, step.on)
        script = STEPS[step.name].play(context, replace(step, argument=context.filled(step.argument)))
        try:
            command = next(script)
            while True:
                command = script.send(await line.carry_out(command))
                self._learn_secrets()
        except StopIteration as finished:
            if step.remember:
                context.values[step.remember] = finished.value or {}

    def _learn_secrets(self) -> None:
        """Keep secrets that were minted out of all that is written."""
        if new := [secret for secret in self.minted.sessions if secret not in self.scrub.secrets]:
            self.scrub = self.scrub.with_more(new)

    def _new_line(self, scenario: Scenario, target: Target, name: str) -> RecordedConnection:
        label = scenario.id if not self.opened else f"{scenario.id}#{len(self.opened) + 1}"
        intent = {"kind": scenario.intent} if scenario.intent else {}
        line = RecordedConnection(self.connector, target, Recorder(label, target.dialect.name, self.scrub, intent))
        line.minted = self.minted
        line.awaits_failure = "scripted_failure" in scenario.needs
        self.opened.append(line)
        self.lines[name] = line
        return line

    async def _part(self, context: ScriptContext, patience: float) -> None:
        """Hear what still comes after the model went its own way; the script's verdict stays."""
        with suppress(Unmet, ModelDidNot, Silence, EnvironmentTrouble, TimeoutError):
            async with asyncio.timeout(patience):
                await self._say_goodbye(context)

    async def _say_goodbye(self, context: ScriptContext) -> None:
        """Drain and close what is still open: late events must be heard, and silence needs a barrier to prove it."""
        for line in self.lines.values():
            try:
                await self._leave(line, context)
            except Unmet:
                if not ended_as_asked(line.recorder.trace.end, line.recorder.entries):
                    raise

    async def _leave(self, line: RecordedConnection, context: ScriptContext) -> None:
        for name in ("barrier", "close") if line.live else ():
            script = STEPS[name].play(context, Step(name))
            try:
                command = next(script)
                while True:
                    command = script.send(await line.carry_out(command))
            except StopIteration:
                continue
