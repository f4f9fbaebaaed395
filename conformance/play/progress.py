"""What is under way on one connection: which client events are open, which response runs, how long answers take."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from conformance.contract.dialect import Dialect
from conformance.trace.trace import Event

#: Beginnings of the types of what a model, a recogniser or a turn detector brings about: none of it is a heartbeat.
OUTPUT = ("response.", "conversation.item.input_audio_transcription.")
#: Types of the answers that an update gets.
UPDATED = ("session.updated", "transcription_session.updated")
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


def names_nobody(error: Event) -> bool:
    """Return whether an `error` event does not say which client event it is about."""
    details = error.get("error")
    return isinstance(details, dict) and details.get("event_id") is None


def answers_probe(kind: str, event: Event, probe: str) -> bool:
    """Return whether an event answers the probe of that id."""
    error = event.get("error")
    named = error.get("event_id") if isinstance(error, dict) else None
    return kind in (*UPDATED, "conversation.item.retrieved") or (kind == "error" and named in (None, probe))


@dataclass
class Progress:
    """The state of one connection as far as our waiting depends on it."""

    open: list[str] = field(default_factory=list)
    """Ids of client events that may still be answered, in the order in which they were sent; empty: no event."""
    suspect: str = ""
    """Id of the one client event that the latest error which names nobody can be about; empty if there are several."""
    running: set[str] = field(default_factory=set)
    """Ids of responses that were created and are not done."""
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
    stray_probe: str = ""
    """Id of a probe of ours that is still to be answered, because what was awaited came late but before it."""
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def sends(self, event: Event) -> None:
        """Note a client event."""
        self.open.append(str(event.get("event_id") or ""))
        if event.get("type") == "response.create":
            self.over = self.output = False

    def settles(self, sent: str) -> None:
        """Note that a client event was answered, and with it all that was sent before."""
        if sent and sent in self.open:
            del self.open[: self.open.index(sent) + 1]

    def hears(self, kind: str, event: Event) -> None:
        """Note a server event (canonical type)."""
        if kind == "error" and names_nobody(event):
            self.suspect = self.open[0] if len(self.open) == 1 else ""
            if "" in self.open:  # nothing but such an error can answer text without an id
                self.open.remove("")
        response = event.get("response")
        told = response if isinstance(response, dict) else {}
        if kind == "response.created":
            self.alone = not self.running
            self.running.add(str(told.get("id")))
            self.output = self.over = False
        elif kind == "response.done":
            self.running.discard(str(told.get("id")))
            self.over, self.status = not self.running, str(told.get("status"))
        elif kind.startswith("response.") or (kind == "error" and self.running):
            self.output = True

    def waited(self, seconds: float) -> None:
        """Note how long a wait took."""
        self.longest = max(self.longest, seconds)

    def first_output_is_awaited(self, awaiting: str) -> bool:
        """Return whether a wait is for a response of which nothing but `response.created` has come."""
        return bool(self.running) and not self.output and is_part_of_response(awaiting)

    def probe(self, dialect: Dialect, awaiting: str) -> Event:
        """Return a question of another kind than what is awaited, which an endpoint answers at once."""
        event_id = f"{PROBE}_{next(self._numbers)}"
        if any(each in UPDATED for each in awaiting.split(" or ")):
            return {"type": "conversation.item.retrieve", "event_id": event_id, "item_id": "item_nowhere"}
        return {"type": "session.update", "event_id": event_id, "session": dialect.session({})}
