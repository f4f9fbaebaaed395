"""One connection of a conversation: carries out what steps ask, and notes everything that was said."""

from __future__ import annotations

from dataclasses import replace

import orjson

from conformance.contract.dialects import aliases, recognise
from conformance.play.connection import Connection, Connector, Disconnected, RawFrame, Refusal
from conformance.play.recorder import Recorder
from conformance.play.target import Target, upgrade_request_for
from conformance.scenario.commands import Close, Command, Event, Hangup, Idle, Open, Recall, Reply, Send, Unmet, Wait
from conformance.trace.trace import Credential, Direction, End, EndKind, Trace

#: Statuses of a refused upgrade that say nothing about conformance.
ENVIRONMENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
#: Codes of an `error` that say nothing about conformance.
ENVIRONMENT_CODES = frozenset({"rate_limit_exceeded", "insufficient_quota", "server_overloaded", "overloaded"})


class EnvironmentTrouble(Exception):
    """Something between us and the endpoint's conformance: a rate limit, an overload, DNS, TLS."""

    def __init__(self, message: str, retry_after: str = "") -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RecordedConnection:
    """A connection, its recorder, and the events that no step has asked for yet."""

    def __init__(self, connector: Connector, target: Target, recorder: Recorder) -> None:
        self.connector = connector
        self.target = target
        self.recorder = recorder
        self.connection: Connection | None = None
        self.backlog: list[tuple[str, Event]] = []
        self.heard: set[str] = set()
        """The types that the endpoint spoke."""

    @property
    def live(self) -> bool:
        """Whether a session is (as far as we know) open."""
        return self.connection is not None and self.recorder.trace.end is None

    def result(self) -> Trace:
        """Give what was said so far."""
        return self.recorder.result()

    async def carry_out(self, command: Command) -> Reply:
        """Do what a step asks."""
        match command:
            case Open():
                return await self._open(command)
            case Send():
                await self._send(command)
            case Wait():
                return Reply(await self._wait(command))
            case Close():
                await self._close(command)
            case Hangup():
                await self._hangup(command)
            case Idle():
                await self._idle(command)
            case Recall():
                return Reply(self._recall(command))
        return Reply()

    async def _open(self, command: Open) -> Reply:
        ask = upgrade_request_for(self.target, command.options)
        opened = await self.connector.connect(ask)
        self.recorder.shake(opened.handshake)
        if isinstance(opened, Refusal):
            self.recorder.refused(opened)
            expected_refusal = ask.credential is not Credential.VALID or ask.model_kind is not Credential.VALID
            if opened.cause not in ("http", "protocol") or (
                opened.handshake.status in ENVIRONMENT_STATUSES and not expected_refusal
            ):
                raise EnvironmentTrouble(opened.why, opened.headers.get("retry-after", ""))
            return Reply(refused=opened.why)
        self.connection = opened
        first = Wait(lambda _kind, _event: True, "session.created", self.target.patience.first_event)
        try:
            event = await self._wait(first)
        except Unmet as unmet:
            return Reply(refused=unmet.actual or unmet.message)
        if command.options.get("revision") == "other" and (spoken := recognise([event])) is not None:
            # Whoever asks for the other revision may get it: then what comes is judged as that.
            self.recorder.trace = replace(self.recorder.trace, dialect=spoken.name)
        return Reply(event)

    async def _send(self, command: Send) -> None:
        frame = command.frame
        if isinstance(frame, dict):
            frame = orjson.dumps(frame).decode()
        if self.connection is None or not self.live:
            raise Unmet("the connection was over before the script was", "an open session", self._how_it_ended())
        self.recorder.note(Direction.CLIENT, frame, self.connection.now(), deliberate=command.deliberate)
        try:
            await self.connection.send(frame)
        except Disconnected as gone:
            self._ended(gone)
            raise Unmet("the connection ended", "an open session", self._how_it_ended()) from gone

    async def _wait(self, command: Wait) -> Event:
        for position, (kind, event) in enumerate(self.backlog):
            if command.matches(kind, event):
                del self.backlog[position]
                return event
            self._stop_on_error(command, kind, event)
        within = command.within or self.target.patience.answer
        connection = self.connection
        if connection is None:
            raise Unmet("there is no connection", command.awaiting, self._how_it_ended())
        deadline = connection.now() + within
        while self.live:
            kind, event = await self._next(connection, command, deadline, within)
            if not command.within:  # our patience is for silence: who still speaks is not late
                deadline = connection.now() + within
            if command.matches(kind, event):
                return event
            self._stop_on_error(command, kind, event)
            self.backlog.append((kind, event))
        raise Unmet(
            f"the connection ended while waiting for {command.awaiting}", command.awaiting, self._how_it_ended()
        )

    async def _next(self, connection: Connection, command: Wait, deadline: float, within: float) -> tuple[str, Event]:
        try:
            frame = await connection.receive(max(0.0, deadline - connection.now()))
        except TimeoutError:
            end = End(EndKind.TIMEOUT, Direction.CLIENT, awaiting=command.awaiting, at=connection.now())
            self.recorder.finish(end)
            actual = f"nothing in {within:g} s"
            if self.backlog:
                actual += f" but {', '.join(dict.fromkeys(kind for kind, _ in self.backlog[-6:]))}"
            raise Unmet(f"{command.awaiting} never came", command.awaiting, actual) from None
        except Disconnected as gone:
            self._ended(gone)
            raise Unmet(
                f"the connection ended while waiting for {command.awaiting}", command.awaiting, self._how_it_ended()
            ) from gone
        return self._heard(connection, frame)

    def _heard(self, connection: Connection, frame: RawFrame) -> tuple[str, Event]:
        """Note a frame of the endpoint and give its event under its canonical type."""
        event = self.recorder.note(Direction.SERVER, frame, connection.now())
        kind = event.get("type")
        canonical = self._canonical(kind) if isinstance(kind, str) else ""
        return canonical, {**event, "type": canonical}

    def _canonical(self, kind: str) -> str:
        """Return the canonical name of an event as spoken, which may be another revision's name for it.

        A rule tells that once, and the play goes on.  Where the right name came as well, the other is one too many.
        """
        dialect = self.target.dialect
        self.heard.add(kind)
        meant = aliases(dialect.name).get(kind, kind)
        return dialect.canonical(kind if meant in self.heard else meant)

    def _stop_on_error(self, command: Wait, kind: str, event: Event) -> None:
        """End the wait when an error names the client event whose answer is awaited."""
        if kind != "error":
            return
        error = event.get("error")
        if not isinstance(error, dict):
            return
        code = error.get("code") or error.get("type")
        if code in ENVIRONMENT_CODES:
            raise EnvironmentTrouble(f"the endpoint says {code}: {error.get('message')}")
        if command.sent and error.get("event_id") == command.sent:
            raise Unmet("the endpoint refused", command.awaiting, f"error {code}: {error.get('message')}")

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
        until = connection.now() + command.seconds
        while self.live and (left := until - connection.now()) > 0:
            try:
                self.backlog.append(self._heard(connection, await connection.receive(left)))
            except TimeoutError:
                return
            except Disconnected as gone:
                self._ended(gone)

    def _recall(self, command: Recall) -> Event:
        """Find the first event heard that holds a text, beside where it may."""
        for entry in self.recorder.entries:
            if entry.direction is Direction.SERVER and entry.event is not None:
                told = orjson.dumps(entry.event).decode()
                if command.text in (told.replace(command.but, "") if command.but else told):
                    return entry.event
        return {}

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

    def _how_it_ended(self) -> str:
        end = self.recorder.trace.end
        if end is None:
            return "nothing"
        if end.kind is EndKind.CLOSED:
            who = "we" if end.by is Direction.CLIENT else "the endpoint"
            return f"{who} closed with {end.code}{f' ({end.reason})' if end.reason else ''}"
        told = {EndKind.DROPPED: "the connection broke without a close frame", EndKind.TIMEOUT: "silence"}
        return told.get(end.kind, end.reason or str(end.kind))
