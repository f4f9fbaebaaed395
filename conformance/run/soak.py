"""Load that judges: many conversations at once, each with a canary of its own, each judged by every rule.

One of each kind is played alone before; whatever breaks beside others and not alone is what the load did.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.play.pool import Pool
from conformance.run.baseline import PLAYS
from conformance.run.budget import Exhausted
from conformance.run.job import Job
from conformance.run.record import ConversationRecord, keeps
from conformance.run.recording import record_of
from conformance.run.ruling import view_of
from conformance.run.soak_plan import Load
from conformance.run.soak_script import VOICE_EVERY, new_canary, script_of, session_id_of, strangers_in
from conformance.run.soak_tally import Leak, SoakTally
from conformance.run.trace_files import FOLDER as TRACES
from conformance.trace.jsonl import dump
from conformance.trace.latency import latency_of, measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.run.retry import Attempt
    from conformance.run.ruling import JudgedConversation
    from conformance.run.runner import Runner

#: Seconds between two looks at how many sessions are open.
TICK = 0.05
#: So many traces of conversations that differ are written.
MOST_TRACES = 20
QUESTIONS = frozenset({PLAYS, keeps("")})
MemberWatcher = Callable[["Member", ConversationRecord, "Mapping[str, tuple[float, ...]]", str], None]


@dataclass(frozen=True)
class Member:
    """One of the sessions."""

    job: Job
    kind: str
    canary: str
    load: int
    """How many were open when it began."""


class Soak:
    """One soak: what it plays, and what it came to."""

    def __init__(self, runner: Runner, plan: Load, tell: MemberWatcher = lambda *_heard: None) -> None:
        """*tell* hears of every judged conversation: its record, its waits, and why it failed (or an empty text)."""
        self.runner, self.plan, self.tell = runner, plan, tell
        self.tally = SoakTally(plan.sessions)
        self.members: queue.SimpleQueue[Member | None] = queue.SimpleQueue()
        """Those whose conversation was begun, in that order; None at the end."""
        self.pool: Pool[Job, Attempt] = Pool(runner.loop_thread, self._once, 1, weigh=lambda attempt: attempt.weight)
        self.canaries: dict[str, str] = {}
        """Canary -> the conversation it belongs to."""
        self.ids: dict[str, str] = {}
        """Id of a session -> its conversation."""
        self.kinds = [kind for kind in ("text", "voice") if self._can(kind)]
        self.written = 0
        self.stopped = False

    def _can(self, kind: str) -> bool:
        script = script_of(kind, new_canary(), self.plan.pause, self._voice(0))
        return not self.runner.settings.not_applicable(script)

    def _voice(self, number: int) -> str:
        voices = self.runner.settings.target.voices
        return voices[number % len(voices)]

    def play(self) -> SoakTally:
        """Play, judge and count; Exhausted if a budget ends it."""
        for number, kind in enumerate(self.kinds):
            member = self._new(kind, number, 1)
            attempt = self.pool.take(member.job)
            self.tally.beside += attempt.spent
            self.tally.count(attempt.conversation.traces)
            judged = self.runner.assess((attempt,))
            self.tally.alone[kind] = record_of(judged, self.runner.settings.reports, QUESTIONS)
        ramping = self.runner.loop_thread.start(self._ramp())
        watching = self.runner.loop_thread.start(self._watch_ourselves())
        try:
            while (member_or_end := self.members.get()) is not None:
                self._take(member_or_end)
        finally:
            self.stopped = True
            watching.cancel()
            self.pool.close()
        ramping.result()
        self.tally.slots = self._slots()
        return self.tally

    async def _ramp(self) -> None:
        """Begin conversations for as long as the plan says, as many at once as it says."""
        clock = asyncio.get_running_loop().time
        began, number = clock(), 0
        try:
            while (wanted := self.plan.at(clock() - began)) is not None and not self.stopped:
                self.pool.window = wanted
                self.tally.sessions = self.plan.sessions
                while self.pool.has_room:
                    number += 1
                    speaks = "voice" in self.kinds and number % VOICE_EVERY == 0
                    member = self._new("voice" if speaks else "text", number, self.pool.busy + 1)
                    self.pool.enqueue([member.job])
                    self.members.put(member)
                self.tally.look(self.pool.busy)
                await asyncio.sleep(TICK)
        finally:
            self.members.put(None)

    async def _once(self, job: Job) -> Attempt:
        """Play one conversation; Exhausted when the time of the run is over."""
        return await self.runner.within_time(self.runner.attempt(job))

    async def _watch_ourselves(self) -> None:
        """Note by how much our own loop is late: no endpoint is to be blamed for that."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + TICK
            await asyncio.sleep(TICK)
            self.tally.lag.append(max(0.0, clock() - due))

    def _new(self, kind: str, number: int, load: int) -> Member:
        canary = new_canary()
        script = script_of(kind, canary, self.plan.pause, self._voice(number))
        job = Job(f"soak/{kind}~{number}", script)
        self.canaries[canary] = job.key
        return Member(job, kind, canary, load)

    def _take(self, member: Member) -> None:
        """Judge a conversation that is over, and count what was said in it."""
        try:
            attempt = self.pool.take(member.job)
        except Exhausted:
            self.stopped = True
            return
        self.tally.count(attempt.conversation.traces)
        times: Mapping[str, tuple[float, ...]] = {}
        if attempt.conversation.outcome is Outcome.PLAYED:
            times = measured(map(latency_of, map(view_of, attempt.conversation.traces)))
            self.tally.time(times, member.load)
        judged = self.runner.assess((attempt,))
        leaks = self._leaks(member, judged)
        self.tally.leaks += leaks
        record = record_of(judged, self.runner.settings.reports, QUESTIONS)
        differs = self.tally.add(member.kind, record)
        self.runner.watch.search = f"{self.tally.played:,} judged, {self.pool.busy} at once"
        if leaks or differs:
            self._write(member, judged)
        why = "another session's words" if leaks else "a verdict differs" if differs else ""
        self.tell(member, record, times, why or record.message)

    def _leaks(self, member: Member, judged: JudgedConversation) -> list[Leak]:
        found = []
        for trace in judged.conversation.traces:
            for index, canary in strangers_in(trace, member.canary):
                whose = self.canaries.get(canary)
                if whose is not None:
                    found.append(Leak(member.job.key, index, f"what belongs to {whose} ({canary})"))
            if name := session_id_of(trace):
                first = self.ids.setdefault(name, member.job.key)
                if first != member.job.key:
                    found.append(Leak(member.job.key, 0, f"the id of the session of {first} ({name})"))
        return found

    def _write(self, member: Member, judged: JudgedConversation) -> None:
        if self.written >= MOST_TRACES:
            self.tally.left_out += 1
            return
        self.written += 1
        for nth, trace in enumerate(judged.conversation.traces, 1):
            name = f"{member.job.key}{f'#{nth}' if nth > 1 else ''}.jsonl"
            with self.runner.disk.writing():
                dump(self.runner.settings.scrub.trace(trace), self.runner.settings.reports / TRACES / name)

    def _slots(self) -> str:
        """Open one more session when all others are closed; return how it was refused, empty if it was not."""
        if self.stopped and not self.tally.played:
            return ""
        member = self._new("text", 0, 1)
        attempt = Pool(self.runner.loop_thread, self._once, 1).take(member.job)
        self.tally.beside += attempt.spent
        last = attempt.conversation
        self.tally.count(last.traces)
        return last.message if last.full else ""

    def records(self) -> list[ConversationRecord]:
        """Return what the soak came to as conversations: one of each kind, and one for each way in which it failed."""
        told = [self._named(kind, record) for kind, record in self.tally.records.items()]
        if self.tally.leaks:
            first = self.tally.leaks[0]
            why = f"{len(self.tally.leaks)} times a session received data of another one"
            told.append(_failed("isolation", why, "its own words and ids", f"{first.conversation}: {first.told}"))
        if self.tally.slots:
            why = "a session is refused although all others are closed"
            told.append(_failed("slots", why, "a session", self.tally.slots))
        return told

    def _named(self, kind: str, record: ConversationRecord) -> ConversationRecord:
        return replace(record, conversation=f"soak/{kind}", seconds=0.0)


def _failed(name: str, why: str, expected: str, actual: str) -> ConversationRecord:
    return ConversationRecord(
        conversation=f"soak/{name}",
        title="Sessions at once are kept apart.",
        questions=(PLAYS,),
        outcome=Outcome.STOPPED,
        message=why,
        step="all sessions together",
        expected=expected,
        actual=actual,
    )
