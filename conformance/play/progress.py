"""What is under way on one connection: which client events are open, which response runs, how long answers take."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from conformance.contract.dialect import Dialect
from conformance.trace.exchanges import MAKE_ITEMS
from conformance.trace.input_buffer import UPDATES
from conformance.trace.trace import Event

#: Beginnings of the types of what a model, a recogniser or a turn detector brings about: none of it is a heartbeat.
OUTPUT = ("response.", "conversation.item.input_audio_transcription.")
#: Types of the answers that updates get.
UPDATED = ("session.updated", "transcription_session.updated")
CREATE, ADDED = "conversation.item.create", "conversation.item.added"
PROBE = "probe"


def is_output(kind: str) -> bool:
    """Return whether an event type is of what a model brings about."""
    return kind.startswith(OUTPUT)


def is_part_of_response(awaiting: str) -> bool:
    """Return whether what is awaited (one type, or several joined by "or") belongs to a response that was created."""
    kinds = awaiting.split(" or ")
    return all(each.startswith("response.") and each != "response.created" for each in kinds)


def is_probe(event: Event | None) -> bool:
    """Return whether a client event is a question of ours that no script asked."""
    return event is not None and str(event.get("event_id")).startswith(f"{PROBE}_")


def named_by(event: Event) -> object:
    """Return the client event that an error names; None if it names none."""
    error = event.get("error")
    return error.get("event_id") if isinstance(error, dict) else None


def names_nobody(error: Event) -> bool:
    """Return whether an `error` event does not say which client event it is about."""
    return isinstance(error.get("error"), dict) and named_by(error) is None


@dataclass(frozen=True)
class OpenEvent:
    """A client event that may still be answered."""

    id: str
    """Empty for what is no event."""
    kind: str
    deliberate: bool
    """Whether it is wrong on purpose: an error about it may come after answers to later ones."""


@dataclass
class Progress:
    """The state of one connection as far as our waiting depends on it."""

    open: list[OpenEvent] = field(default_factory=list)
    """Client events that may still be answered, in the order in which they were sent."""
    explained: int = 0
    """Errors that name nobody, each of which may be about one of the open events."""
    made: set[str] = field(default_factory=set)
    """Ids of items that the endpoint made by itself: what announces them answers nobody."""
    running: set[str] = field(default_factory=set)
    """Ids of responses that were created and are not done."""
    unasked: set[str] = field(default_factory=set)
    """Ids of responses that no client event asked for."""
    intruded: bool = False
    """Whether one of those ran or began since a response was asked for last."""
    output: bool = False
    """Whether anything has come since the latest `response.created` that may be all there is of that response."""
    alone: bool = False
    """Whether no other response ran when the latest one was created."""
    over: bool = False
    """Whether the latest response is done, and none runs."""
    status: str = ""
    """Of the response that was done last."""
    longest: float = 0.0
    """The longest wait that was not in vain, in seconds."""
    strays: list[Event] = field(default_factory=list)
    """Probes of ours that are still to be answered, because what was awaited came late but before that."""
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def sends(self, event: Event, *, deliberate: bool = False) -> None:
        """Note a client event."""
        kind = str(event.get("type"))
        self.open.append(OpenEvent(str(event.get("event_id") or ""), kind, deliberate))
        if kind == "response.create":
            self.over = self.output = False
            self.intruded = not self.running.isdisjoint(self.unasked)

    def settles(self, sent: str) -> None:
        """Note that a client event was acknowledged, and with it all that was sent before and is not wrong."""
        until = next((place for place, each in enumerate(self.open, 1) if sent and each.id == sent), 0)
        if not until:
            return
        kept = [each for each in self.open[:until] if each.deliberate and each.id != sent]
        unanswered = until - 1 - len(kept)
        self.open[:until] = kept
        self.explained = max(0, self.explained - unanswered)  # they may have been what those errors were about
        self.explained = min(self.explained, len(self.open))

    def surely_refused(self, sent: str, *, but: int = 0) -> bool:
        """Return whether as many errors that name nobody have come as events are open, *but* so many, *sent* included.

        While there are fewer of them, each may be about another one.
        """
        return len(self.open) - self.explained <= but and any(each.id == sent for each in self.open)

    def hears(self, kind: str, event: Event) -> None:
        """Note a server event (canonical type)."""
        if kind == "error":
            self._hears_error(event)
        elif kind in MAKE_ITEMS:
            self._makes_item(event)
        response = event.get("response")
        told = response if isinstance(response, dict) else {}
        if kind == "response.created":
            self.alone = not self.running
            self.running.add(str(told.get("id")))
            self.output = self.over = False
            if all(each.kind != "response.create" or each.deliberate for each in self.open):
                self.unasked.add(str(told.get("id")))
                self.intruded = True
        elif kind == "response.done":
            self.running.discard(str(told.get("id")))
            self.over, self.status = not self.running, str(told.get("status"))
        elif kind.startswith("response.") or (kind == "error" and self.running):
            self.output = True

    def _hears_error(self, event: Event) -> None:
        if names_nobody(event):
            self.explained = min(self.explained + 1, len(self.open))
            return
        self.open = [each for each in self.open if each.id != named_by(event)]
        self.explained = min(self.explained, len(self.open))

    def _makes_item(self, event: Event) -> None:
        item = event.get("item")
        name = event.get("item_id") or (item.get("id") if isinstance(item, dict) else None)
        if isinstance(name, str):
            self.made.add(name)

    def is_of_unasked(self, event: Event) -> bool:
        """Return whether an event shows a response that nobody asked for."""
        response = event.get("response")
        return isinstance(response, dict) and str(response.get("id")) in self.unasked

    def announces_its_own(self, kind: str, event: Event) -> bool:
        """Return whether an event announces an item that the endpoint made by itself."""
        item = event.get("item")
        return kind == ADDED and isinstance(item, dict) and str(item.get("id")) in self.made

    def waited(self, seconds: float) -> None:
        """Note how long a wait took."""
        self.longest = max(self.longest, seconds)

    def first_output_is_awaited(self, awaiting: str) -> bool:
        """Return whether a wait is for a response of which nothing but `response.created` has come."""
        return bool(self.running) and not self.output and is_part_of_response(awaiting)

    def probe(self, dialect: Dialect, awaiting: str) -> Event:
        """Return a question that an endpoint answers at once, in a way that cannot be the answer to anything open."""
        number = next(self._numbers)
        event_id = f"{PROBE}_{number}"
        updates = any(each.kind in UPDATES for each in self.open)
        if updates or any(each in UPDATED for each in awaiting.split(" or ")):
            content = [{"type": "input_text", "text": "Are you there?"}]
            item = {"id": f"{PROBE}_item_{number}", "type": "message", "role": "user", "content": content}
            return {"type": CREATE, "event_id": event_id, "item": item}
        return {"type": "session.update", "event_id": event_id, "session": dialect.session({})}
