"""One connection of a conversation: carries out what steps ask, and notes everything that was said."""

from __future__ import annotations

from dataclasses import replace

from conformance.contract.dialects import aliases, recognise
from conformance.play.connection import Connection, Connector, Disconnected, RawFrame, Refusal
from conformance.play.environment import (
    STATUSES,
    EnvironmentTrouble,
    raise_our_doing,
    trouble_in,
    trouble_in_response,
    trouble_of_close,
    trouble_of_status,
)
from conformance.play.look_back import how_it_ended, instead, recalled, spoken
from conformance.play.minting import Minted, mint
from conformance.play.ping import ping
from conformance.play.progress import Progress, is_output, is_part_of_response
from conformance.play.recorder import Recorder
from conformance.play.target import LONGER, Target, other_than, upgrade_request_for
from conformance.play.waiting import NOT_IDLE, Doubt, is_awaited, stop_on_error, takes_as_stray
from conformance.scenario.commands import (
    Close,
    Command,
    Hangup,
    Idle,
    Mint,
    ModelDidNot,
    Open,
    Ping,
    Recall,
    Reply,
    Running,
    Send,
    Silence,
    Spoken,
    Unmet,
    Wait,
)
from conformance.trace import json_text
from conformance.trace.trace import Direction, End, EndKind, Event, Trace

#: What is awaited where there is no session yet, or none any more: there is nothing to ask.
OPENING = ("session.created", "close")


class RecordedConnection:
    """A connection, its recorder, and the events that no step has asked for yet."""

    def __init__(self, connector: Connector, target: Target, recorder: Recorder) -> None:
        self.connector = connector
        self.target = target
        self.recorder = recorder
        self.connection: Connection | None = None
        self.backlog: list[tuple[str, Event]] = []
        self.minted = Minted()
        self.heard: set[str] = set()
        """The types that the endpoint spoke."""
        self.progress = Progress()
        self.awaits_failure = False
        """Whether the script asks for a response that fails: then its error is no trouble of the environment."""
        self.trouble: EnvironmentTrouble | None = None
        """Why a response failed that says nothing about the endpoint; the script goes on as far as it can."""

    @property
    def live(self) -> bool:
        """Whether a session is (as far as we know) open."""
        return self.connection is not None and self.recorder.trace.end is None

    def result(self) -> Trace:
        """Return what was said so far."""
        return self.recorder.result()

    async def carry_out(self, command: Command) -> Reply:
        """Do what a step asks."""
        match command:
            case Open():
                return await self._open(command)
            case Mint():
                return await mint(self.connector, self.target, self.recorder, self.minted, command)
            case Send():
                await self._send(command)
            case Wait():
                event = await self._wait(command)
                return Reply(event, alone=self.progress.alone, unasked=self.progress.is_of_unasked(event))
            case Close():
                await self._close(command)
            case Hangup():
                await self._hangup(command)
            case Idle():
                await self._idle(command)
            case Ping() if self.connection is not None:
                await ping(self.connection, self.recorder, self._wait)
            case Recall():
                return Reply(recalled(self.recorder.entries, command))
            case Running():
                return Reply({"running": len(self.progress.running)})
            case Spoken():
                return Reply({"bytes": spoken(self.recorder.entries, self.target.dialect, command.item)})
        return Reply()

    async def _open(self, command: Open) -> Reply:
        ask = upgrade_request_for(self.target, command.options)
        opened = await self.connector.connect(ask)
        self.minted.note(self.recorder, command.options)
        self.recorder.shake(opened.handshake)
        if isinstance(opened, Refusal):
            if ask.provokes and opened.cause == "timeout":  # good credentials were answered before
                self.recorder.finish(End(EndKind.TIMEOUT, Direction.CLIENT, awaiting="session.created", at=0.0))
                return Reply(refused=opened.why)
            self.recorder.refused(opened)
            wanted = ask.provokes or command.options.get("any_status", False)
            status = opened.handshake.status
            if opened.cause not in ("http", "protocol") or (status in STATUSES and not wanted):
                retry_after = opened.headers.get("retry-after", "")
                raise trouble_of_status(status, opened.why, opened.handshake.body, retry_after)
            return Reply(refused=opened.why)
        self.connection = opened
        first = Wait(lambda _kind, _event: True, "session.created", self.target.patience.first_event)
        try:
            event = await self._wait(first)
        except Unmet as unmet:
            end = self.recorder.trace.end
            if end is not None and (trouble := trouble_of_close(end.code, end.reason)) is not None:
                raise trouble from unmet
            return Reply(refused=unmet.actual or unmet.message)
        if event.get("type") == "error" and (trouble := trouble_in(event.get("error"))) is not None:
            raise trouble
        if command.options.get("revision") == "other" and event.get("type") == "session.created":
            # Whoever asks for the other revision may get it: what comes is judged as that, unless it tells otherwise.
            spoken = recognise([event]) or other_than(self.target.dialect)
            self.recorder.trace = replace(self.recorder.trace, dialect=spoken.name)
        return Reply(event)

    async def _send(self, command: Send) -> None:
        frame = command.frame
        if isinstance(frame, dict):
            frame = json_text.dumps(frame).decode()
        if self.connection is None or not self.live:
            raise Unmet("the connection was over before the script was", "an open session", self._how_it_ended)
        event = self.recorder.note(Direction.CLIENT, frame, self.connection.now(), deliberate=command.deliberate)
        self.progress.sends(event, deliberate=command.deliberate)
        try:
            await self.connection.send(frame)
        except Disconnected as gone:
            self._ended(gone)
            raise_our_doing(gone)
            raise Unmet("the connection ended", "an open session", self._how_it_ended) from gone

    async def _wait(self, command: Wait) -> Event:
        for position, (kind, event) in enumerate(self.backlog):
            if not command.sent and command.matches(kind, event):  # an answer comes after its question
                del self.backlog[position]
                return event
            stop_on_error(command, self.progress, kind, event, fresh=False)
        self._stop_after_the_end(command)
        connection = self.connection
        if connection is None:
            raise Unmet("there is no connection", command.awaiting, self._how_it_ended)
        doubt = Doubt(connection.now(), command.within or self.target.patience.answer)
        while self.live:
            try:
                kind, event = await self._next(connection, command, doubt.deadline)
            except TimeoutError:
                if doubt.probe or command.within or (probe := self._probe(command)) is None:
                    raise self._nothing_came(connection, command, doubt.began, answered=doubt.answered) from None
                doubt.asks(probe, connection.now())
                await self._send(Send(probe))
                continue
            if is_awaited(command, self.progress, kind, event):
                self.progress.waited(connection.now() - doubt.began)
                doubt.leaves(self.progress)
                return event
            if doubt.ends_with(connection.now(), command, self.progress, kind, event):
                if command.sent:  # one question is answered after the other
                    raise self._nothing_came(connection, command, doubt.began, answered=True)
                continue
            if not command.within and is_output(kind):  # our patience is for silence: who still speaks is not late
                doubt.begins_again(connection.now(), command, self.progress)
            stop_on_error(command, self.progress, kind, event, fresh=True)
            self.backlog.append((kind, event))
            self._stop_after_the_end(command)
        message = f"the connection ended while waiting for {command.awaiting}"
        raise Unmet(message, command.awaiting, self._how_it_ended)

    async def _next(self, connection: Connection, command: Wait, deadline: float) -> tuple[str, Event]:
        try:
            frame = await connection.receive(max(0.0, deadline - connection.now()))
        except Disconnected as gone:
            self._ended(gone)
            raise_our_doing(gone)
            why = f"the connection ended while waiting for {command.awaiting}"
            raise Unmet(why, command.awaiting, self._how_it_ended) from gone
        return self._heard(connection, frame)

    def _probe(self, command: Wait) -> Event | None:
        """Return a question that every endpoint answers at once; None where its answer would prove nothing.

        Where the endpoint answers it, and not what was asked before, that answer never comes.  Where it answers
        neither, it is silent or slow.  A model that has not begun to speak may be slow, whatever its endpoint answers.
        """
        if self.progress.first_output_is_awaited(command.awaiting) or command.awaiting in OPENING:
            return None
        return self.progress.probe(self.target.dialect, command.awaiting)

    def _nothing_came(self, connection: Connection, command: Wait, since: float, *, answered: bool) -> Exception:
        """End the trace, and say what did not come: a fault where that is proved, silence where it is not."""
        waited = connection.now() - since
        told = f"nothing in {waited:.3g} s{instead(self.backlog, self.target.dialect, command)}"
        proved = answered or command.within is not None or command.awaiting in OPENING
        if command.awaiting == "session.created":
            proved = waited >= self.target.patience.proof
        awaiting = command.awaiting if proved else ""
        self.recorder.finish(End(EndKind.TIMEOUT, Direction.CLIENT, awaiting=awaiting, at=connection.now()))
        if proved and command.awaiting == "response.created" and self.progress.intruded:
            return ModelDidNot(f"{NOT_IDLE}, and {told}")
        if proved:
            told += ", though a later question was answered" if answered else ""
            return Unmet(f"{command.awaiting} never came", command.awaiting, told)
        what = "output of the model" if self.progress.first_output_is_awaited(command.awaiting) else "event"
        return Silence(
            f"no {what} in {waited:.3g} s while waiting for {command.awaiting}: the endpoint is slow or silent {LONGER}"
        )

    def _heard(self, connection: Connection, frame: RawFrame) -> tuple[str, Event]:
        """Note a frame of the endpoint and give its event under its canonical type."""
        event = self.recorder.note(Direction.SERVER, frame, connection.now())
        kind = event.get("type")
        canonical = self._canonical(kind) if isinstance(kind, str) else ""
        if canonical == "response.done" and not self.awaits_failure:
            self.trouble = self.trouble or trouble_in_response(event)
        self.progress.hears(canonical, event)
        if takes_as_stray(self.progress, canonical, event):
            canonical = ""  # the script has not asked for it
        return canonical, {**event, "type": canonical}

    def _canonical(self, kind: str) -> str:
        """Return the canonical name of an event as spoken, which may be another revision's name for it.

        A rule tells that once, and the play goes on.  Where the right name came as well, the other is one too many.
        """
        dialect = self.target.dialect
        self.heard.add(kind)
        meant = aliases(dialect.name).get(kind, kind)
        return dialect.canonical(kind if meant in self.heard else meant)

    def _stop_after_the_end(self, command: Wait) -> None:
        """End a wait for a part of a response when there is no response that could bring it."""
        if self.progress.over and is_part_of_response(command.awaiting) and "response.done" not in command.awaiting:
            if self.trouble is not None:
                raise self.trouble
            raise ModelDidNot(f"the response ended ({self.progress.status}) without {command.awaiting}")

    async def _close(self, command: Close) -> None:
        if self.connection is None or not self.live:
            return
        if command.drop:
            await self.connection.drop()
            self.recorder.finish(End(EndKind.DROPPED, Direction.CLIENT, at=self.connection.now()))
        else:
            self._ended(await self.connection.close(command.code, command.reason))

    async def _hangup(self, command: Hangup) -> None:
        """Wait for the endpoint to end the connection; that it does not is for the rules to judge."""
        never = Wait(lambda _kind, _event: False, "close", command.within or self.target.patience.answer)
        try:
            await self._wait(never)
        except Unmet:
            return

    async def _idle(self, command: Idle) -> None:
        """Listen and say nothing; what comes is kept for later steps."""
        connection = self.connection
        if connection is None:
            return
        if not command.reads:
            await connection.stop_reading(command.seconds)
            return
        until = connection.now() + command.seconds
        while self.live and (left := until - connection.now()) > 0:
            try:
                self.backlog.append(self._heard(connection, await connection.receive(left)))
            except TimeoutError:
                return
            except Disconnected as gone:
                self._ended(gone)
                raise_our_doing(gone)

    @property
    def _how_it_ended(self) -> str:
        return how_it_ended(self.recorder.trace.end, self.recorder.entries)

    async def abandon(self) -> None:
        """Let go of the connection, whatever its state."""
        if self.connection is not None:
            try:
                gone = await self.connection.close()
            except Disconnected as error:
                gone = error
            self._ended(gone)

    def _ended(self, gone: Disconnected) -> None:
        at = self.connection.now() if self.connection is not None else 0.0
        by = Direction.CLIENT if gone.by_client else Direction.SERVER
        kind = EndKind.CLOSED if gone.code is not None else EndKind.DROPPED
        self.recorder.finish(End(kind, by, gone.code, gone.reason, at=at, graceful=gone.graceful))
