"""Conversations are played in a background thread, ahead of the reporting; each is played and judged once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.contract.dialects import DIALECTS
from conformance.contract.names import TRANSCRIBERS, VOICES, usual
from conformance.contract.schemas import schemas_for
from conformance.play.bounds import LARGE_TRACE, LONG_AUDIO
from conformance.play.discovery import SESSIONS, Discovery, discover
from conformance.play.player import Outcome, Player
from conformance.play.pool import LoopThread, Pool
from conformance.play.preflight import Diagnosis, preflight
from conformance.play.wire import connector_to
from conformance.run.budget import Budget, Exhausted, Spent, spent_on
from conformance.run.cost import cost_of
from conformance.run.folder import Disk
from conformance.run.job import Job
from conformance.run.known import facts_known_in, known_in, surprises_in
from conformance.run.look import look
from conformance.run.policy import Policy
from conformance.run.relayed import asked_for_secrets, keeps_protocol, nobody_came, play_relayed, relay_player
from conformance.run.repetition import Repetition
from conformance.run.retry import Attempt, Retrier
from conformance.run.retry_policy import was_cut
from conformance.run.ruling import JudgedConversation, judge_conversation, view_of
from conformance.run.session_gate import SessionGate, sessions_at_once
from conformance.run.settings import AUTO, Settings, embedded_on
from conformance.run.trace_files import again, written
from conformance.run.undocumented import excused
from conformance.run.watch import Watch
from conformance.scenario.audio import clip
from conformance.scenario.cost import Cost

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from pathlib import Path

    from conformance.play.target import Target
    from conformance.relay.play import RelayPlayer

T = TypeVar("T")
#: What is told while the first connections take long.
FIRST_LOOK = "still waiting for the first event of the endpoint"
INQUIRY = "still asking the endpoint for its features (--no-discovery skips this)"
#: What may help where an update that changes nothing is refused.
OTHER_DIALECT = "is the dialect right? --dialect=ga or --dialect=beta"


class Runner:
    """Everything between the first connection and the last."""

    def __init__(self, settings: Settings, policy: Policy, *, window: int, cautious: bool) -> None:
        self.settings, self.policy = settings, policy
        self.loop_thread = LoopThread()
        self.pool: Pool[Job, tuple[Attempt, ...]] = Pool(
            self.loop_thread,
            self._play,
            window,
            cautious=cautious,
            weigh=lambda attempts: sum(each.weight for each in attempts),
        )
        self.budget = Budget(policy.limits, policy.price)
        self.retrier = Retrier(policy.retries)
        self.watch = Watch()
        self.kept: dict[Job, JudgedConversation | Exception] = {}
        self.open_resources = AsyncExitStack()
        self.diagnosis: Diagnosis | None = None
        self.discovery = Discovery()
        self.disk = Disk()
        self.gate = SessionGate()
        self.repetition = Repetition()
        self.long_audio = asyncio.Lock()
        self.notes: list[str] = []
        """What was chosen or found by the first connections, in sentences; see `told`."""
        self.relay: RelayPlayer | None = None

    def prepare(self, found: Mapping[str, Any] | None = None) -> Diagnosis | None:
        """Start the embedded reference if need be, and connect; None if somebody else (`found`) has done so.

        Raises Exhausted if a budget does not allow even that.
        """
        if self.settings.embedded:
            self.settings = embedded_on(self.settings, self.loop_thread.run(self._listen()))
        if self.settings.relay is not None:
            self.relay = self.loop_thread.run(relay_player(self.settings, self.settings.relay, self.open_resources))
        if found is not None:
            self._speak(found["dialect"])
            self.settings = replace(self.settings, target=replace(self.settings.target, auth=found["auth"]))
            self.settings = self.settings.with_latency(found["latency"]).with_offers(found["lacking"], found["offered"])
            self.settings = self.settings.with_names(**found["names"])
            return None
        self.diagnosis = self.loop_thread.run(self.within_time(self.retrier.told(self._look(), FIRST_LOOK)))
        if self.diagnosis.ready:
            recognised = self.diagnosis.dialect or self.settings.target.dialect
            self._speak(recognised.name if self.settings.dialect == AUTO else self.settings.dialect)
            self.settings = self.settings.with_latency(self.diagnosis.latency)
            if self.relay is not None and self.settings.profile is None:
                self.settings = self.loop_thread.run(asked_for_secrets(self.settings))
            if self.settings.discovers:
                self.discovery = self.loop_thread.run(self.within_time(self.retrier.told(self._discover(), INQUIRY)))
                self.settings = self.settings.with_offers(self.discovery.lacking, self.discovery.offered)
                self.settings = self.settings.with_names(**self.discovery.names)
                if self.discovery.trouble:
                    self.notes.append(f"nothing is excused: {self.discovery.trouble} ({OTHER_DIALECT})")
        return self.diagnosis

    @property
    def told(self) -> tuple[str, ...]:
        """What a reader of the verdicts should know of how they came about, in sentences."""
        return (*self.notes, *filter(None, [self.gate.note, nobody_came(self.relay, self.diagnosis)]))

    @property
    def found(self) -> Mapping[str, Any]:
        """What the first connections showed, as plain data for another process."""
        return {
            "dialect": self.settings.target.dialect.name,
            "auth": self.settings.target.auth,
            "latency": self.diagnosis.latency if self.diagnosis is not None else 0.0,
            "lacking": dict(self.discovery.lacking),
            "offered": sorted(self.discovery.offered),
            "names": {**self.discovery.names, "model": self.settings.target.model},
        }

    async def _discover(self) -> Discovery:
        """Ask an endpoint what it offers."""
        once = Cost(sessions=SESSIONS)
        await self.budget.reserve(once)
        settings, today = self.settings, self.policy.today
        try:
            return await discover(
                connector_to(settings.target),
                settings.target,
                settings.scrub,
                transcribers=(settings.target.transcriber,)
                if settings.names_its_transcriber
                else usual(TRANSCRIBERS, today),
                voices=settings.target.voices if settings.names_its_voices else usual(VOICES, today),
            )
        finally:
            await self.budget.settle(once, Spent(SESSIONS))

    async def _look(self) -> Diagnosis:
        """Do the preflight, and take in what had to be chosen for it."""
        found = await look(self.settings, self._knock, self.policy.today)
        self.settings = found.settings
        self.notes += [found.note] if found.note else []
        return found.diagnosis

    async def _knock(self, target: Target) -> Diagnosis:
        """Connect once, or as often as the environment gets in the way."""
        first = Cost(sessions=1)
        await self.budget.reserve(first)
        sessions = 1
        try:
            once = partial(preflight, connector_to(target), target, self.settings.scrub)
            diagnosis, sessions = await self.retrier.connect(once)
        finally:
            await self.budget.settle(first, Spent(sessions))
        if sessions > 1 and not diagnosis.ready:
            return replace(diagnosis, trouble=f"{diagnosis.trouble} ({sessions} attempts)")
        return diagnosis

    def _speak(self, dialect: str) -> None:
        self.settings = replace(self.settings, target=replace(self.settings.target, dialect=DIALECTS[dialect]))
        self.policy = self.policy.in_force(self.settings)
        self.settings = replace(self.settings, excused=facts_known_in(self.policy.baseline, self.settings))

    async def _listen(self) -> str:
        from conformance.reference.server.server import Server

        settings = self.settings
        server = Server(
            tokens=(settings.target.key,) if settings.target.key else (),
            features=settings.profile.features if settings.profile is not None else None,
        )
        return (await self.open_resources.enter_async_context(server)).url

    def enqueue(self, jobs: Iterable[Job]) -> None:
        """Begin to play, in this order."""
        fresh = [
            job
            for job in dict.fromkeys(jobs)
            if job not in self.kept and not self.settings.not_applicable(job.scenario)
        ]
        self.watch.expects({job.key: self.cost(job).expected for job in fresh})
        self.pool.enqueue(job for job in fresh if job not in self.pool.playing)
        if fresh:
            schemas_for(self.settings.target.dialect.name)  # compiled while the first are being played

    def take(self, job: Job) -> JudgedConversation:
        """Wait for a conversation and judge it; the same value every time.

        While it is being played, others that are over are judged: afterwards there is less to do.
        """
        if job not in self.kept:
            self.kept[job] = self._verdict(job, partial(self.pool.take, job, self._judge_ahead))
        elif job in self.pool.playing:
            self.pool.forget(job)
        kept = self.kept[job]
        if isinstance(kept, Exception):
            raise kept.with_traceback(None)  # each raise would make the one traceback longer
        return kept

    def _judge_ahead(self, job: Job) -> None:
        if job not in self.kept:
            self.kept[job] = self._verdict(job, partial(self.pool.look, job))

    def _verdict(self, job: Job, played: Callable[[], tuple[Attempt, ...]]) -> JudgedConversation | Exception:
        try:
            return self._assessed(job, played())
        except Exception as error:
            return error

    def _assessed(self, job: Job, attempts: tuple[Attempt, ...]) -> JudgedConversation:
        """Judge a conversation; play it again while it fails unexpectedly, if that is wanted."""
        judged = self.assess(attempts)
        for _ in range(self.policy.retry_unexpected):
            surprises = surprises_in(judged, self.settings)
            if not surprises:
                break
            try:
                more = self.loop_thread.run(self._play(job, len(attempts) + 1))
            except Exhausted:
                break
            attempts = (*attempts[:-1], replace(attempts[-1], broken=surprises), *more)
            judged = self.assess(attempts)
        return judged

    def assess(self, attempts: tuple[Attempt, ...]) -> JudgedConversation:
        """Judge a conversation; the last attempt counts."""
        from conformance.rules.rule_packs import judged_rules

        *earlier, last = attempts
        facts = self.settings.profile.facts if self.settings.profile is not None else ()
        waivers, scrub = self.settings.waivers, self.settings.scrub
        rules = judged_rules().values() if keeps_protocol(last.pairs) else ()
        judged = judge_conversation(last.conversation, rules, waivers, facts, last.files, scrub)
        if self.settings.relay is not None:
            from conformance.run.pairs import with_pairs  # the rules over pairs cost as much as a conversation

            offers = self.settings.relay.offers(self.settings.target)
            judged = with_pairs(judged, last.pairs, offers, waivers, map(view_of, last.direct), scrub)
        judged = replace(judged, known=known_in(judged, self.policy.baseline), earlier=tuple(earlier))
        fine = not surprises_in(judged, self.settings) and last.conversation.outcome is not Outcome.ENVIRONMENT
        cut = was_cut(last.conversation)  # then a cut before it is nothing that came and went
        flaky = fine and any(each.broken or (each.counts and not cut) for each in earlier)
        return replace(judged, spent=sum((each.spent for each in attempts), Spent()), flaky=flaky)

    def cost(self, job: Job) -> Cost:
        """Return the upper bound of one play."""
        return cost_of(job.scenario, self.settings.target.dialect.name, partial(clip, home=_home(job)))

    async def _play(self, job: Job, first: int = 1) -> tuple[Attempt, ...]:
        """Play a conversation until it says something; Exhausted if a budget ends it before."""
        attempts = await self.within_time(self.retrier.play(partial(self._attempt, job), first))
        self.watch.finished(job.key)
        return attempts

    async def within_time(self, work: Coroutine[Any, Any, T]) -> T:
        """Do *work* while the run has time; Exhausted when that is over."""
        self.budget.begin()
        try:
            async with asyncio.timeout(self.budget.left):
                return await work
        except TimeoutError:
            raise self.budget.end(self.budget.time_is_over()) from None

    async def _attempt(self, job: Job, number: int) -> Attempt:
        attempt = await self.attempt(job)
        write = partial(written, attempt, again(job.key, number), self.settings, self.disk)
        # A disk that takes its time must not delay what others hear; while much is written, no more may come.
        return replace(attempt, files=write() if attempt.weight > LARGE_TRACE else await asyncio.to_thread(write))

    async def attempt(self, job: Job) -> Attempt:
        """Play a conversation once, if the budget allows it and there is room; its traces are not written."""
        if reason := self.repetition.reason:
            raise self.budget.end(reason)
        attempt = await self.gate.play(sessions_at_once(job.scenario), partial(self._once, job))
        conversation, settings = attempt.conversation, self.settings
        self.repetition.note(conversation)
        patience = settings.target.patience.grown(conversation.longest)
        target = replace(settings.target, patience=patience)
        self.settings = replace(settings, target=target, session_limit=self.gate.capacity, session_row=self.gate.row)
        return attempt

    async def _once(self, job: Job) -> Attempt:
        cost = self.cost(job)
        async with self.long_audio if cost.heard > LONG_AUDIO else nullcontext():
            return await self._within_budget(job, cost)

    async def _within_budget(self, job: Job, cost: Cost) -> Attempt:
        target = self.settings.target
        await self.budget.reserve(cost)
        # Nobody knows what a play used that is cut off.
        spent = Spent(cost.sessions, cost.tokens, cost.heard, estimated=True)
        try:
            with self.watch.playing(job.key):
                played = await self._played(job, target)
            spent = spent_on(played.conversation.traces, cost)
        finally:
            await self.budget.settle(cost, spent)
        return replace(played, spent=spent)

    async def _played(self, job: Job, target: Target) -> Attempt:
        own_clip = partial(clip, home=_home(job))
        if self.relay is not None:
            return await play_relayed(replace(self.relay, target=target, clip=own_clip), job.scenario, job.variant)
        player = Player(connector_to(target), target, self.settings.scrub, own_clip)
        return Attempt(excused(await player.play(job.scenario, job.variant), self.settings.profile))

    def close(self) -> None:
        """Stop everything."""
        self.pool.close()
        try:
            if self.loop_thread.thread.is_alive():
                self.loop_thread.run(self.open_resources.aclose(), 5)
        except TimeoutError:
            pass
        finally:
            self.loop_thread.close()


def _home(job: Job) -> Path | None:
    return job.scenario.path.parent if job.scenario.path is not None else None
