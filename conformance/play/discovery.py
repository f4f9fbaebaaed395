"""What an endpoint offers and what not, told by itself.

A cheap session asks for every optional feature, and a connection for each that begins with the upgrade.

Only a proper refusal counts as lacking: an `error` in answer to the question.  Only a proper answer counts as offered.
Silence, or an acknowledgement of something else, is neither but a fault, and stays for the rules to find.  Where even
an update that changes nothing is refused, nothing is concluded.  Nothing here asks for a response, so nothing is spent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.names import TOKEN_TRANSCRIBERS, TRANSCRIBERS, VOICES
from conformance.play.auth import carries
from conformance.play.connection import Connector, Refusal
from conformance.play.environment import EnvironmentTrouble
from conformance.play.features import (
    CONFIRMED,
    DECIDED_BY,
    FAILS_ON_REQUEST,
    ITEM,
    KNOCKS,
    ONLY,
    QUESTIONS,
    refuses,
    setting,
    shown,
    told,
)
from conformance.play.minting import mint_request
from conformance.play.progress import is_probe, named_by
from conformance.play.recorded_connection import RecordedConnection
from conformance.play.recorder import Recorder
from conformance.play.target import Target
from conformance.scenario.commands import Close, Mint, ModelDidNot, Open, Send, Silence, Unmet, Wait
from conformance.secrets import Scrubber
from conformance.trace.trace import Direction, EndKind, Event, Trace

#: Statuses with which a secret is given, and those of an endpoint that has none to give.
SUCCESS, NOT_THERE = range(200, 300), frozenset({404, 405, 426, 501})
#: Connections of a discovery.
SESSIONS = 1 + len(KNOCKS)
USUAL_TRANSCRIBERS = tuple(each.name for each in TRANSCRIBERS)
USUAL_VOICES = tuple(each.name for each in VOICES)
#: As many voices as a script needs.
VOICES_NEEDED = 2


@dataclass(frozen=True)
class Discovery:
    """What was found."""

    trace: Trace = field(default_factory=Trace)
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Feature -> how the endpoint refused it."""
    offered: frozenset[str] = frozenset()
    """Features that it was seen to have."""
    complete: bool = True
    """False where the session ended before every feature was asked for."""
    trouble: str = ""
    """Why nothing can be concluded: what the endpoint says to an update that changes nothing."""
    transcriber: str = ""
    """The first of the names asked for that the endpoint took; empty if nobody asked, or it took none."""
    token_transcriber: str = ""
    """The same, among those that are billed by tokens."""
    voices: tuple[str, ...] = ()
    """Names of voices that the endpoint took, in the order in which they were tried."""

    @property
    def names(self) -> dict[str, Any]:
        """What scripts should call the transcribers and the voices; what nobody knows is left out."""
        voices = self.voices if len(self.voices) == VOICES_NEEDED else ()
        found = {"transcriber": self.transcriber, "token_transcriber": self.token_transcriber, "voices": voices}
        return {name: each for name, each in found.items() if each}


class Inquiry:
    """One session that is asked for features, and what it told so far."""

    def __init__(self, line: RecordedConnection) -> None:
        self.line = line
        self.dialect = line.target.dialect
        self.number = 0
        self.lacking: dict[str, str] = {}
        self.offered: set[str] = set()
        self.transcriber = self.token_transcriber = ""
        self.voices: tuple[str, ...] = ()

    async def answers(self, *events: Event) -> list[Event]:
        """Send events and an update that changes nothing; return what came until that was answered."""
        began = len(self.line.recorder.entries)
        owed = 1 + sum(event["type"] == "session.update" for event in events)
        for event in events:
            await self._send(event)
        barrier: Event = {"type": "session.update", "session": self.dialect.session({})}
        await self._send(barrier)
        while owed:
            reply = await self.line.carry_out(Wait(_settles, "session.updated"))
            named = named_by(reply.event)
            if named == barrier["event_id"]:
                break
            if self._answers_a_probe(reply.event, began):
                raise Unmet("an update was not answered, and a later question was", "session.updated")
            refused = reply.event.get("type") == "error" and any(
                event["type"] == "session.update" and named in (None, event["event_id"]) for event in events
            )
            owed -= reply.event.get("type") == "session.updated" or (refused and owed > 1)
        heard = self.line.recorder.entries[began:]
        return [entry.event for entry in heard if entry.direction is Direction.SERVER and entry.event is not None]

    def _answers_a_probe(self, event: Event, began: int) -> bool:
        """Return whether an error is the answer to a question that the player asked because nothing came."""
        sent = [each.event for each in self.line.recorder.entries[began:] if each.event is not None]
        probes = [each["event_id"] for each in sent if is_probe(each)]
        return bool(probes) and event.get("type") == "error" and named_by(event) in (None, *probes)

    async def _send(self, event: Event) -> None:
        self.number += 1
        event["event_id"] = f"discover_{self.number}"
        await self.line.carry_out(Send(event))

    async def refuses_everything(self) -> str:
        """Send the update that changes nothing, alone; return how it was refused, empty if it was not."""
        return next((told(each) for each in await self.answers() if each.get("type") == "error"), "")

    async def ask(self, feature: str, events: list[Event]) -> bool:
        """Ask for a feature, and note what was answered; tell whether it was not refused."""
        heard: list[Event] = []
        if events[-1].get("item_id") == ITEM:  # an endpoint may give the item another id than it was told
            created, *events = events
            heard = await self.answers(created)
            items = (each["item"] for each in heard if isinstance(each.get("item"), dict))
            events[-1]["item_id"] = next((each["id"] for each in items if isinstance(each.get("id"), str)), ITEM)
        heard += await self.answers(*events)
        decisive = events[DECIDED_BY.get(feature, -1)]
        for error in (each for each in heard if each.get("type") == "error"):
            about = named_by(error) == decisive["event_id"] or (named_by(error) is None and len(events) == 1)
            if about and refuses(feature, error):
                self.lacking[feature] = f"{decisive['type']} was answered by {told(error)}"
                return False
        if shown(feature, events[-1], heard):
            self.offered.add(feature)
        self.lacking.pop(feature, None)
        return True

    async def ask_all(self, transcribers: Iterable[str], voices: Iterable[str]) -> None:
        """Ask for every feature; where a name is needed, for one after the other until one is taken."""
        for feature, question in QUESTIONS.items():
            if self.dialect.name == ONLY.get(feature, self.dialect.name):
                await self.ask(feature, question(self.dialect))
        self.transcriber = await self._first_taken(transcribers)
        if self.transcriber:
            by_tokens = [each.name for each in TOKEN_TRANSCRIBERS]
            usual = self.transcriber in USUAL_TRANSCRIBERS
            self.token_transcriber = await self._first_taken(by_tokens if usual else ()) or self.transcriber
            self.lacking.pop("transcription", None)
        for name in voices if "audio_output" not in self.lacking else ():
            heard = await self.answers(*setting(voice=name)(self.dialect))
            if all(each.get("type") != "error" for each in heard):
                self.voices = (*self.voices, name)
            if len(self.voices) == VOICES_NEEDED:
                break
        if len(self.voices) < VOICES_NEEDED:
            self.lacking["voices"] = f"of the voices that were tried it accepted {', '.join(self.voices) or 'none'}"
        else:
            self.offered.add("voices")

    async def _first_taken(self, transcribers: Iterable[str]) -> str:
        """Return the first name of a transcriber that is not refused; empty if all are."""
        for name in transcribers:
            if await self.ask("transcription", setting(transcription={"model": name})(self.dialect)):
                return name
        return ""


def _settles(kind: str, _event: Event) -> bool:
    return kind in ("session.updated", "error")


async def discover(
    connector: Connector,
    target: Target,
    scrub: Scrubber,
    transcribers: Iterable[str] = USUAL_TRANSCRIBERS,
    voices: Iterable[str] = USUAL_VOICES,
) -> Discovery:
    """Ask for each feature; an endpoint that breaks off has told nothing more.

    Of *transcribers* the first is used that is taken, of *voices* the first two.
    """
    line = RecordedConnection(connector, target, Recorder("discovery", target.dialect.name, scrub))
    inquiry, complete, trouble = Inquiry(line), False, ""
    try:
        async with asyncio.timeout(target.patience.conversation):
            reply = await line.carry_out(Open())
            if not _fails_on_request(line):
                inquiry.lacking["scripted_failure"] = "only the reference endpoint fails on request"
            if not reply.refused and not (trouble := await inquiry.refuses_everything()):
                await inquiry.ask_all(transcribers, voices)
                await line.carry_out(Close())
                await _ask_by_connecting(connector, target, scrub, inquiry)
                await _ask_for_a_secret(connector, target, inquiry)
                complete = True
    except (Unmet, Silence, ModelDidNot, EnvironmentTrouble, TimeoutError):
        complete = False
    finally:
        await line.abandon()
    return Discovery(
        trace=scrub.trace(line.result()),
        lacking={feature: scrub.shown(why) for feature, why in inquiry.lacking.items()},
        offered=frozenset(inquiry.offered),
        complete=complete,
        trouble=scrub.shown(trouble),
        transcriber=inquiry.transcriber,
        token_transcriber=inquiry.token_transcriber,
        voices=inquiry.voices,
    )


async def _ask_by_connecting(connector: Connector, target: Target, scrub: Scrubber, inquiry: Inquiry) -> None:
    """Ask for the features that begin with the upgrade."""
    for feature, options in KNOCKS.items():
        if not carries(options.get("auth", target.auth), target.key):
            continue
        if target.dialect.name != ONLY.get(feature, target.dialect.name):
            continue
        line = RecordedConnection(connector, target, Recorder("discovery", target.dialect.name, scrub))
        try:
            answer = await _knocked(line, feature, options)
        except (Unmet, Silence, ModelDidNot, EnvironmentTrouble):
            continue
        finally:
            await line.abandon()
        if answer:
            inquiry.lacking[feature] = answer
        elif answer is not None:
            inquiry.offered.add(feature)


async def _knocked(line: RecordedConnection, feature: str, options: Mapping[str, str]) -> str | None:
    """Connect, and say how the feature was refused: empty if it was not, None if nothing is certain."""
    reply = await line.carry_out(Open(options))
    asked = f"an upgrade with {', '.join(f'{name}={value}' for name, value in options.items())} was answered by"
    if reply.event.get("type") == "error":
        return f"{asked} {told(reply.event)}"
    if reply.event.get("type") not in ("session.created", "transcription_session.created"):
        end = line.recorder.trace.end
        return f"{asked} {reply.refused}" if reply.refused and end is not None and end.kind is EndKind.REFUSED else None
    if options.get("intent") == "translation" and _kind_of(reply.event) != "translation":
        return f"{asked} a session of another kind"
    confirms, question = CONFIRMED.get(feature, (lambda _: True, None))
    if question is None or confirms(reply.event):
        return ""
    further = Inquiry(line)
    await further.ask(feature, question(line.target.dialect))
    return further.lacking.get(feature)


def _kind_of(opened: Event) -> object:
    """Return the type of the session that was opened."""
    session = opened.get("session")
    return session.get("type") if isinstance(session, dict) else None


async def _ask_for_a_secret(connector: Connector, target: Target, inquiry: Inquiry) -> None:
    refused = await without_secrets(connector, target)
    if refused:
        inquiry.lacking["client_secrets"] = refused
    elif refused is not None:
        inquiry.offered.add("client_secrets")


async def without_secrets(connector: Connector, target: Target) -> str | None:
    """Ask for a client secret, and return how that was refused: empty if it was not, None if nothing is certain.

    An answer in JSON that is about something else leaves the question open.
    """
    ask, _ = mint_request(target, Mint({}))
    answer = await connector.connect(ask)
    if not isinstance(answer, Refusal) or answer.cause in ("dns", "tcp", "tls", "timeout"):
        return None
    status = answer.handshake.status
    if status in SUCCESS:
        return ""
    missing = status is None or status in NOT_THERE or not answer.content.lstrip().startswith("{")
    return f"POST …/{ask.resource} was answered by {answer.why}" if missing else None


def _fails_on_request(line: RecordedConnection) -> bool:
    handshake = line.recorder.trace.handshake
    return handshake is not None and handshake.response_headers.get("server", "").startswith(FAILS_ON_REQUEST)
