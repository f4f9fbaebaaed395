"""Conversations are played loop_thread, ahead of the reporting; each is played and judged once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.contract.dialects import DIALECTS
from conformance.play.discovery import SESSIONS, Discovery, discover
from conformance.play.player import Conversation, Outcome, Player
from conformance.play.pool import LoopThread, Pool
from conformance.play.preflight import Diagnosis, preflight
from conformance.play.wire import Wire
from conformance.plugin.limits_from_options import in_force
from conformance.run.budget import Budget, Exhausted, Spent, spent_on
from conformance.run.cost import Cost, cost_of
from conformance.run.known import facts_known_in, known_in, surprises_in
from conformance.run.limits import Policy
from conformance.run.repetition import Repetition
from conformance.run.retry import Attempt, Retrier
from conformance.run.ruling import JudgedConversation, judge_conversation, key_of
from conformance.run.session_gate import SessionGate, sessions_at_once
from conformance.run.settings import AUTO, Settings, embedded_on
from conformance.scenario.audio import clip

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping
    from pathlib import Path

    from conformance.play.target import Target
    from conformance.scenario.model import Scenario

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """One conversation to be played: a scenario, and the auth style where it has its own."""

    key: str
    scenario: Scenario = field(compare=False)
    variant: str = field(default="", compare=False)

    @classmethod
    def of(cls, scenario: Scenario, variant: str = "") -> Job:
        """Name a conversation."""
        return cls(key_of(scenario.id, variant), scenario, variant)


class Runner:
    """Everything between the first connection and the last."""

    def __init__(self, setup: Settings, terms: Policy, *, window: int, cautious: bool) -> None:
        self.setup, self.terms = setup, terms
        self.loop_thread = LoopThread()
        self.stage: Pool[Job, tuple[Attempt, ...]] = Pool(
            self.loop_thread, self._play, window, cautious=cautious, weigh=_weight
        )
        self.budget = Budget(terms.limits, terms.price)
        self.persistence = Retrier(terms.retries)
        self.kept: dict[Job, JudgedConversation | Exception] = {}
        self.open_resources = AsyncExitStack()
        self.diagnosis: Diagnosis | None = None
        self.discovery = Discovery()
        self.gate = SessionGate()
        self.repetition = Repetition()

    def prepare(self, found: Mapping[str, Any] | None = None) -> Diagnosis | None:
        """Start the embedded reference if need be, and connect; None if somebody else (`found`) has done so.

        Raises Exhausted if a budget does not allow even that.
        """
        if self.setup.embedded:
            self.setup = embedded_on(self.setup, self.loop_thread.run(self._listen()))
        if found is not None:
            self._speak(found["dialect"])
            self.setup = replace(self.setup, target=replace(self.setup.target, auth=found["auth"]))
            self.setup = self.setup.with_latency(found["latency"]).with_offers(found["lacking"], found["offered"])
            return None
        self.diagnosis = self.loop_thread.run(self.within_time(self._look()))
        if self.diagnosis.ready:
            recognised = self.diagnosis.dialect or self.setup.target.dialect
            self._speak(recognised.name if self.setup.dialect == AUTO else self.setup.dialect)
            self.setup = self.setup.with_latency(self.diagnosis.latency)
            if self.setup.discovers:
                self.discovery = self.loop_thread.run(self.within_time(self._discover()))
                self.setup = self.setup.with_offers(self.discovery.lacking, self.discovery.offered)
        return self.diagnosis

    @property
    def found(self) -> Mapping[str, Any]:
        """What the first connections showed, as plain data for another process."""
        return {
            "dialect": self.setup.target.dialect.name,
            "auth": self.setup.target.auth,
            "latency": self.diagnosis.latency if self.diagnosis is not None else 0.0,
            "lacking": dict(self.discovery.lacking),
            "offered": sorted(self.discovery.offered),
        }

    async def _discover(self) -> Discovery:
        """Ask an endpoint what it offers."""
        once = Cost(sessions=SESSIONS)
        await self.budget.reserve(once)
        try:
            async with asyncio.timeout(self.budget.left):
                return await discover(Wire(self.setup.target), self.setup.target, self.setup.scrub)
        except TimeoutError:
            raise self.budget.end(self.budget.time_is_over()) from None
        finally:
            await self.budget.settle(once, Spent(SESSIONS))

    async def _look(self) -> Diagnosis:
        """Do the preflight; where the usual auth style is refused, in the other documented ones."""
        refused = diagnosis = await self._knock(self.setup.target)
        for style in self.setup.other_styles:
            if diagnosis.ready or not refused.refuses_the_key:
                break
            target = replace(self.setup.target, auth=style)
            diagnosis = await self._knock(target)
            if diagnosis.ready:
                diagnosis = replace(diagnosis, refused_style=self.setup.target.auth)
                self.setup = replace(self.setup, target=target)
        return diagnosis if diagnosis.ready else refused

    async def _knock(self, target: Target) -> Diagnosis:
        """Connect once, or as often as the environment gets in the way."""
        first = Cost(sessions=1)
        await self.budget.reserve(first)
        sessions = 1
        try:
            once = partial(preflight, Wire(target), target, self.setup.scrub)
            diagnosis, sessions = await self.persistence.connect(once)
        finally:
            await self.budget.settle(first, Spent(sessions))
        if sessions > 1 and not diagnosis.ready:
            return replace(diagnosis, trouble=f"{diagnosis.trouble} ({sessions} attempts)")
        return diagnosis

    def _speak(self, dialect: str) -> None:
        self.setup = replace(self.setup, target=replace(self.setup.target, dialect=DIALECTS[dialect]))
        self.terms = in_force(self.terms, self.setup)
        self.setup = replace(self.setup, excused=facts_known_in(self.terms.baseline, self.setup))

    async def _listen(self) -> str:
        from conformance.reference.server.server import Server

        setup = self.setup
        server = Server(
            tokens=(setup.target.key,) if setup.target.key else (),
            features=setup.profile.features if setup.profile is not None else None,
        )
        return (await self.open_resources.enter_async_context(server)).url

    def enqueue(self, cues: Iterable[Job]) -> None:
        """Begin to play, in this order."""
        fresh = [
            cue for cue in dict.fromkeys(cues) if cue not in self.kept and not self.setup.not_applicable(cue.scenario)
        ]
        self.stage.enqueue(cue for cue in fresh if cue not in self.stage.playing)

    def take(self, cue: Job) -> JudgedConversation:
        """Wait for a conversation and judge it; the same assessment every time."""
        if cue not in self.kept:
            try:
                self.kept[cue] = self._assessed(cue)
            except Exception as error:
                self.kept[cue] = error
        kept = self.kept[cue]
        if isinstance(kept, Exception):
            raise kept.with_traceback(None)  # each raise would make the one traceback longer
        return kept

    def _assessed(self, cue: Job) -> JudgedConversation:
        """Judge a conversation; play it again while it fails unexpectedly, if that is wanted."""
        attempts = self.stage.take(cue)
        assessment = self._assess(attempts)
        for _ in range(self.terms.retry_unexpected):
            surprises = surprises_in(assessment, self.setup)
            if not surprises:
                break
            try:
                more = self.loop_thread.run(self._play(cue, len(attempts) + 1))
            except Exhausted:
                break
            attempts = (*attempts[:-1], replace(attempts[-1], broken=surprises), *more)
            assessment = self._assess(attempts)
        return assessment

    def _assess(self, attempts: tuple[Attempt, ...]) -> JudgedConversation:
        from conformance.rules.rule_packs import judged_rules

        *earlier, last = attempts
        facts = self.setup.profile.facts if self.setup.profile is not None else ()
        judged = judge_conversation(
            last.conversation, judged_rules().values(), self.setup.waivers, facts, last.files, self.setup.scrub
        )
        judged = replace(judged, known=known_in(judged, self.terms.baseline), earlier=tuple(earlier))
        fine = not surprises_in(judged, self.setup) and last.conversation.outcome is not Outcome.ENVIRONMENT
        flaky = fine and any(each.counts for each in earlier)
        return replace(judged, spent=sum((each.spent for each in attempts), Spent()), flaky=flaky)

    def cost(self, cue: Job) -> Cost:
        """Give the upper bound of one play."""
        return cost_of(cue.scenario, self.setup.target.dialect.name, partial(clip, home=_home(cue)))

    async def _play(self, cue: Job, first: int = 1) -> tuple[Attempt, ...]:
        """Play a conversation until it says something; Exhausted if a budget ends it before."""
        return await self.within_time(self.persistence.play(partial(self._attempt, cue), first))

    async def within_time(self, work: Coroutine[Any, Any, T]) -> T:
        """Do *work* while the run has time; Exhausted when that is over."""
        self.budget.begin()
        try:
            async with asyncio.timeout(self.budget.left):
                return await work
        except TimeoutError:
            raise self.budget.end(self.budget.time_is_over()) from None

    async def _attempt(self, cue: Job, number: int) -> Attempt:
        attempt = await self.attempt(cue)
        return replace(attempt, files=tuple(self._write(cue, attempt.conversation, number)))

    async def attempt(self, cue: Job) -> Attempt:
        """Play a conversation once, if the budget allows it and there is room; its traces are not written."""
        if reason := self.repetition.reason:
            return Attempt(Conversation(cue.scenario, cue.variant, (), Outcome.MODEL, message=reason, silent=True))
        attempt = await self.gate.play(sessions_at_once(cue.scenario), partial(self._once, cue))
        conversation, setup = attempt.conversation, self.setup
        self.repetition.note(conversation)
        patience = setup.target.patience.grown(conversation.longest)
        target = replace(setup.target, patience=patience)
        self.setup = replace(setup, target=target, session_limit=self.gate.capacity)
        return attempt

    async def _once(self, cue: Job) -> Attempt:
        target, cost = self.setup.target, self.cost(cue)
        await self.budget.reserve(cost)
        # Nobody knows what a play used that is cut off.
        spent = Spent(cost.sessions, cost.tokens, cost.heard, estimated=True)
        try:
            player = Player(Wire(target), target, self.setup.scrub, partial(clip, home=_home(cue)))
            conversation = await player.play(cue.scenario, cue.variant)
            spent = spent_on(conversation.traces, cost)
        finally:
            await self.budget.settle(cost, spent)
        return Attempt(conversation, spent=spent)

    def _write(self, cue: Job, conversation: Conversation, attempt: int) -> Iterable[Path]:
        from conformance.trace.jsonl import dump

        again = f"~{attempt}" if attempt > 1 else ""
        for number, trace in enumerate(conversation.traces, 1):
            name = f"{cue.key}{again}{f'#{number}' if number > 1 else ''}.jsonl"
            path = self.setup.reports / "traces" / name
            dump(self.setup.scrub.trace(trace), path)
            yield path

    def close(self) -> None:
        """Stop everything."""
        self.stage.close()
        try:
            if self.loop_thread.thread.is_alive():
                self.loop_thread.run(self.open_resources.aclose(), 5)
        except TimeoutError:
            pass
        finally:
            self.loop_thread.close()


def _home(cue: Job) -> Path | None:
    return cue.scenario.path.parent if cue.scenario.path is not None else None


def _weight(attempts: tuple[Attempt, ...]) -> int:
    """Return the bytes that were said in all attempts."""
    return sum(entry.size for each in attempts for trace in each.conversation.traces for entry in trace)
