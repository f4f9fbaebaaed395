"""The reference endpoint itself: one session, without a socket and without a clock.

Theory of operation
-------------------
An `Endpoint` is told what the client sent and what time it is, and returns what to send.  It has four verbs:

    open()      the session begins: `session.created`
    receive()   a frame came: the events that answer it now
    due()       when there will be something to send without being asked
    tick()      the events that are due

Everything that takes time is a *plan* (`schedule`): a response, a transcription, the end of the session.
Everything that a client can send is a row of `core._rows`: its shape, the feature that it needs, what answers
it.  A part answers by a generator of events, or raises a `Refusal` before its first one, which becomes the
`error` event: so a refused event never has half an effect.

The parts speak canonical names (those of `ga`); `_stamped` gives each event its id and the spelling of the
session's dialect, and drops what the dialect does not have.  What else the two revisions do differently is in
`revisions`.
No part knows rules, schemas or the trace: this package is a second reading of the specification.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.reference.audio.input_buffer import InputAudioBuffer
from conformance.reference.session.client_frame import parsed
from conformance.reference.session.hooks import Outgoing, Receives, Sends, unchanged
from conformance.reference.session.ids import Ids
from conformance.reference.session.items import ItemList
from conformance.reference.session.model import Act, Prompt, answer
from conformance.reference.session.pace import Pace
from conformance.reference.session.quirks import quirk_filter
from conformance.reference.session.refusals import Event, EventRefused, error_body, invalid_value
from conformance.reference.session.request_schema import Shape, anything, maybe, record, short, text, whole
from conformance.reference.session.response_context import ResponseContext
from conformance.reference.session.responses import Responses
from conformance.reference.session.revisions import REVISIONS
from conformance.reference.session.schedule import Schedule, Steps
from conformance.reference.session.settings import SessionSettings
from conformance.reference.session.tool_servers import ToolServerFinder, ToolServers, by_heart
from conformance.reference.session.translation import Translator

#: What can be switched off.
FEATURES = frozenset(
    {
        "audio_output",
        "client_secrets",
        "delete",
        "input_audio",
        "out_of_band",
        "retrieve",
        "semantic_vad",
        "server_vad",
        "tools",
        "transcription",
        "translation",
        "truncate",
    }
)

Handler = Callable[[Event], Iterator[Event]]


@dataclass(frozen=True)
class EventHandling:
    """One type of client event."""

    answer: Handler
    shape: Shape
    feature: str = ""


class Endpoint:
    """One session of the reference endpoint."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        clock: Callable[[], float],
        model: str = "gpt-realtime",
        intent: str = "conversation",
        pace: Pace = Pace.INSTANT,
        features: frozenset[str] | None = None,
        seed: int | str = 0,
        lifetime: float | None = None,
        scripted_model: Callable[[Prompt], list[Act]] = answer,
        quirks: str = "",
        delta_ms: int = 50,
        tool_servers: ToolServerFinder = by_heart,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Make a session of *model*.

        *clock* gives seconds that only grow; *wall* gives the time of day for `expires_at`.  *intent* is
        `conversation`, `transcription` or `translation`.  After *lifetime* seconds the session expires (None: never).
        *scripted_model* decides what to answer; *quirks* names a row of `quirks.QUIRKS`; an audio delta sounds for
        *delta_ms* (20, 25, 50 or 100).  *tool_servers* reaches the tool servers that a client names.
        """
        self.dialect = dialect
        self.closing: tuple[int, str] | None = None
        """Close code and reason, once the endpoint wants to close."""
        self.sends: Sends = unchanged
        """Applied to every event that goes out."""
        self.receives: Receives = unchanged
        """Applied to every event that comes in."""
        self._revision, self._ids = REVISIONS[dialect.name], Ids(seed)
        self._features = FEATURES if features is None else features
        self._lifetime = lifetime
        self._schedule = Schedule(clock, pace.value.gap)
        self._settings = SessionSettings(dialect, self._revision, self._session(model, intent, wall()), self._features)
        self._conversation = ItemList(dialect, self._revision, self._settings, self._ids)
        self._tool_servers = ToolServers(tool_servers, self._conversation, self._ids, self._schedule)
        shared = ResponseContext(
            dialect,
            self._revision,
            self._settings,
            self._conversation,
            self._ids,
            pace,
            delta_ms,
            self._tool_servers,
            scripted_model,
        )
        self._responses = Responses(shared, self._schedule, self._features)
        self._input_audio = InputAudioBuffer(
            self._settings, self._conversation, self._responses, self._schedule, self._ids
        )
        self._quirks = quirk_filter(quirks, seed)
        self._table = self._rows()

    def _session(self, model: str, intent: str, now: float) -> Event:
        kinds = {
            "transcription": self._revision.transcription_session,
            "translation": self._revision.translation_session,
        }
        session = dict(kinds.get(intent, self._revision.session))
        own = {"id": self._ids.new("sess"), "model": model, "expires_at": int(now) + self._revision.lifetime}
        return session | {name: value for name, value in own.items() if name in session}

    def _rows(self) -> Mapping[str, EventHandling]:
        item, audio = self._conversation, self._input_audio
        translator = Translator(self._settings, self._hang_up)
        translating = {
            "session.update": EventHandling(self._update, _event({"session": anything}, "session")),
            "session.input_audio_buffer.append": EventHandling(translator.append, _event({"audio": text}, "audio")),
            "session.close": EventHandling(translator.close, _event({})),
        }
        if self._settings.translates:
            return translating
        rows = {
            "session.close": translating["session.close"],
            "session.update": translating["session.update"],
            "transcription_session.update": translating["session.update"],
            "conversation.item.create": EventHandling(
                item.create, _event({"item": anything, "previous_item_id": maybe(text)}, "item")
            ),
            "conversation.item.delete": EventHandling(item.delete, _event({"item_id": text}, "item_id"), "delete"),
            "conversation.item.retrieve": EventHandling(
                item.retrieve, _event({"item_id": text}, "item_id"), "retrieve"
            ),
            "conversation.item.truncate": EventHandling(item.truncate, TRUNCATE, "truncate"),
            "input_audio_buffer.append": EventHandling(audio.append, _event({"audio": text}, "audio"), "input_audio"),
            "input_audio_buffer.commit": EventHandling(audio.commit, _event({}), "input_audio"),
            "input_audio_buffer.clear": EventHandling(audio.clear, _event({}), "input_audio"),
            "response.create": EventHandling(self._responses.create, _event({"response": anything})),
            "response.cancel": EventHandling(self._responses.cancel, _event({"response_id": maybe(text)})),
        }
        unknown = set()
        if self._settings.transcribes_only:
            unknown |= {"response.create", "response.cancel"}
            if self.dialect.name == "beta":
                unknown.add("session.update")
        else:
            unknown.add("transcription_session.update")
        return {
            kind: row
            for kind, row in rows.items()
            if kind in self.dialect.client_events
            and kind not in unknown
            and (not row.feature or row.feature in self._features)
        }

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Begin with *settings*, as an update would set them; Refusal if they are none."""
        if settings:
            self._settings.update(dict(settings))

    @property
    def session(self) -> Event:
        """The session object as it is shown."""
        return self._settings.shown()

    def open(self) -> list[Outgoing]:
        """Begin the session."""
        if self._lifetime is not None:
            self._schedule.start(self._expiry(self._lifetime))
            list(self._schedule.tick())
        return self._outgoing(({"type": self._session_event("created"), "session": self._settings.shown()},))

    def receive(self, frame: str | bytes) -> list[Outgoing]:
        """Answer one frame of the client: text, or binary, which the protocol does not have."""
        try:
            event = parsed(frame)
        except EventRefused as refusal:
            return self._outgoing(({"type": "error", "error": refusal.body(None)},))
        return [each for received in self.receives(event) for each in self.receive_event(received)]

    def receive_event(self, event: Event) -> list[Outgoing]:
        """Answer one event of the client."""
        return self._outgoing((*self._answered(event), *self._schedule.tick()))

    def due(self) -> float | None:
        """When `tick` will have something to send, on the clock's scale; None for never."""
        return self._schedule.due()

    def tick(self) -> list[Outgoing]:
        """Return the events that are due."""
        return self._outgoing(self._schedule.tick())

    def _answered(self, event: Event) -> list[Event]:
        event_id = event.get("event_id")
        try:
            row = self._row(event)
            row.shape(event, "")
            return list(row.answer(event))
        except EventRefused as refusal:
            return [{"type": "error", "error": refusal.body(event_id if isinstance(event_id, str) else None)}]

    def _row(self, event: Event) -> EventHandling:
        kind = event.get("type")
        if kind is None:
            raise EventRefused("invalid_event", "The event needs a 'type'.", "type")
        text(kind, "type")
        row = self._table.get(kind)
        if row is None:
            raise invalid_value("type", kind, tuple(sorted(self._table)))
        return row

    def _update(self, event: Event) -> Iterator[Event]:
        self._settings.update(event["session"])
        yield {"type": self._session_event("updated"), "session": self._settings.shown()}
        if "mcp_list_tools.in_progress" in self.dialect.server_events:
            self._tool_servers.look_at(self._settings.get("tools") or ())

    def _hang_up(self) -> None:
        self.closing = (1000, "")

    def _session_event(self, what: str) -> str:
        own = f"transcription_session.{what}"
        wanted = self._settings.transcribes_only and own in self.dialect.server_events
        return own if wanted else f"session.{what}"

    def _expiry(self, lifetime: float) -> Steps:
        yield lifetime
        message = f"Your session hit the maximum duration of {max(1, round(lifetime / 60))} minutes."
        self.closing = (1001, message)
        yield {"type": "error", "error": error_body("session_expired", message)}

    def _outgoing(self, events: Iterable[Event]) -> list[Outgoing]:
        return [
            outgoing
            for event in events
            for each in self._quirks(event)
            for stamped in self._stamped(each)
            for outgoing in self.sends(stamped)
        ]

    def _stamped(self, event: Event) -> Iterator[Event]:
        kind = self.dialect.wire_name(event["type"])
        if kind in self.dialect.server_events:
            yield {
                "type": kind,
                "event_id": self._ids.new("event"),
                **{k: v for k, v in event.items() if k != "type"},
            }


def _event(fields: Mapping[str, Shape], *required: str) -> Shape:
    return record({"type": text, "event_id": maybe(short(512)), **fields}, *required)


TRUNCATE = _event(
    {"item_id": text, "content_index": whole(0), "audio_end_ms": whole(0)},
    "item_id",
    "content_index",
    "audio_end_ms",
)
