"""The lens on questions and answers: which server event answers which client event.

An `error` names its cause by `error.event_id`.  Acknowledgements carry no such id;
they come in the order of the accepted client events, on one ordered channel.
Errors jump the queue: one may overtake the acknowledgement of an earlier event.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.trace.frames import Frame, string

if TYPE_CHECKING:
    from conformance.trace.views import View

#: Client event -> the server event that acknowledges it.  `input_audio_buffer.append` has none.
ACKNOWLEDGED_BY = {
    "session.update": "session.updated",
    "transcription_session.update": "transcription_session.updated",
    "conversation.item.create": "conversation.item.added",
    "conversation.item.delete": "conversation.item.deleted",
    "conversation.item.retrieve": "conversation.item.retrieved",
    "conversation.item.truncate": "conversation.item.truncated",
    "input_audio_buffer.commit": "input_audio_buffer.committed",
    "input_audio_buffer.clear": "input_audio_buffer.cleared",
    "response.create": "response.created",
}


@dataclass(slots=True, eq=False)
class Exchange:
    """One client event and its answers."""

    sent: Frame
    answer: Frame | None = None
    """Its acknowledgement, where one can be told."""
    errors: list[Frame] = field(default_factory=list)
    """The errors that name it."""
    suspected: bool = False
    """Whether an error that names nobody is probably about it: it was wrong on purpose and still open."""

    @property
    def refused(self) -> bool:
        """Whether an error names it."""
        return bool(self.errors)


def item_id_of(frame: Frame) -> str | None:
    """Give the item id a client or server event is about."""
    return frame.text("item_id") or string(frame.part("item").get("id"))


#: Acknowledgements that name the item which the client named: without that id they answer nothing else.
NAMES_ITS_ITEM = frozenset({"conversation.item.deleted", "conversation.item.retrieved", "conversation.item.truncated"})


class _Waiting:
    """The client events that still wait for one kind of acknowledgement."""

    def __init__(self) -> None:
        self.queue: deque[Exchange] = deque()
        self.suspected: deque[Exchange] = deque()
        self.named: dict[str, deque[Exchange]] = {}

    def add(self, exchange: Exchange) -> None:
        self.queue.append(exchange)
        if (name := item_id_of(exchange.sent)) is not None:
            self.named.setdefault(name, deque()).append(exchange)

    def by_name(self, name: str | None) -> Exchange | None:
        return _first_open(self.named.get(name, deque())) if name is not None else None

    def first(self) -> Exchange | None:
        """Give the first that is open; one that an error has probably answered only if there is no other."""
        while (exchange := _first_open(self.queue)) is not None and exchange.suspected:
            self.suspected.append(self.queue.popleft())
        return exchange if exchange is not None else _first_open(self.suspected)


def _first_open(queue: deque[Exchange]) -> Exchange | None:
    while queue and (queue[0].refused or queue[0].answer is not None):
        queue.popleft()
    return queue[0] if queue else None


def exchanges_of(view: View) -> tuple[Exchange, ...]:
    """Attribute answers to client events; linear."""
    found: list[Exchange] = []
    by_event_id: dict[str, Exchange] = {}
    waiting: dict[str, _Waiting] = {}
    wrong: deque[Exchange] = deque()
    produced = _ids_of_own_items(view)
    answers = view.server("error", *ACKNOWLEDGED_BY.values())
    for frame in sorted((*view.said, *answers), key=_index):
        if frame.entry.sent:
            exchange = Exchange(frame)
            found.append(exchange)
            if (name := frame.text("event_id")) is not None:
                by_event_id.setdefault(name, exchange)
            if frame.entry.deliberate:
                wrong.append(exchange)
            if ack := ACKNOWLEDGED_BY.get(frame.type):
                waiting.setdefault(ack, _Waiting()).add(exchange)
        elif frame.type == "error":
            cause = string(frame.part("error").get("event_id"))
            if cause is not None and cause in by_event_id:
                by_event_id[cause].errors.append(frame)
            elif cause is None and (suspect := _first_open(wrong)) is not None:
                suspect.suspected = True
                wrong.popleft()
        elif frame.type in waiting:
            _acknowledge(waiting[frame.type], frame, produced)
    return tuple(found)


def _index(frame: Frame) -> int:
    return frame.index


def _acknowledge(waiting: _Waiting, ack: Frame, produced: frozenset[str]) -> None:
    """Give *ack* to the first waiting client event that it can belong to."""
    name = item_id_of(ack)
    exchange = waiting.by_name(name)
    if exchange is None:
        if ack.type == "conversation.item.added" and (name is None or name in produced):
            return
        exchange = waiting.first()
        if exchange is not None and ack.type in NAMES_ITS_ITEM and item_id_of(exchange.sent) is not None:
            return
    if exchange is not None:
        exchange.answer = ack


def _ids_of_own_items(view: View) -> frozenset[str]:
    """Give the ids of items that the server made by itself: output items and committed audio."""
    made = view.server("response.output_item.added", "input_audio_buffer.committed")
    started = view.server("input_audio_buffer.speech_started")
    return frozenset(name for frame in (*made, *started) if (name := item_id_of(frame)) is not None)
