"""What an event means to a wait: what is awaited, the answer to a question of ours, or an error that ends it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.play.environment import trouble_in
from conformance.play.look_back import error_text
from conformance.play.progress import ADDED, UPDATED, Progress, named_by, names_nobody
from conformance.scenario.commands import ModelDidNot, Unmet, Wait
from conformance.trace.trace import Event

#: Seconds for which a model may pause, however short our patience is: so much silence at least follows our question.
SHORTEST_PAUSE = 5.0
NOT_IDLE = "needs an idle session; a response that nobody asked for was running"


def is_awaited(command: Wait, progress: Progress, kind: str, event: Event) -> bool:
    """Return whether an event is what a wait is for; note an acknowledgement, which settles what it answers."""
    if not command.matches(kind, event) or (command.sent and progress.announces_its_own(kind, event)):
        return False
    if kind != "error":  # one that names nobody may be about another event
        progress.settles(command.sent)
    return True


def answers_probe(kind: str, event: Event, probe: Event) -> bool:
    """Return whether an event answers *probe*: it names it, or is what only an answer to it can be."""
    if kind == "error":
        return named_by(event) == str(probe["event_id"])
    if probe["type"] == "session.update":
        return kind in UPDATED
    item = event.get("item")
    return kind == ADDED and isinstance(item, dict) and item.get("id") == probe["item"]["id"]


def takes_as_stray(progress: Progress, kind: str, event: Event) -> bool:
    """Return whether an event answers a probe that nobody waits for any more, and forget that probe."""
    probe = next((each for each in progress.strays if answers_probe(kind, event, each)), None)
    if probe is not None:
        progress.strays.remove(probe)
        progress.settles(probe["event_id"])
    return probe is not None


def stop_on_error(command: Wait, progress: Progress, kind: str, event: Event, *, fresh: bool) -> None:
    """End a wait when an error is the answer to the client event whose acknowledgement is awaited.

    One that names nobody is, if it is *fresh* (came after that event) and can be about no other one.
    """
    error = event.get("error")
    if kind != "error" or not isinstance(error, dict):
        return
    if (trouble := trouble_in(error)) is not None:
        raise trouble
    if not command.sent:
        return
    told = error_text(event)
    if named_by(event) != command.sent:
        if not (fresh and names_nobody(event) and progress.surely_refused(command.sent)):
            return
        told += " (it names no event)"
    if command.awaiting == "response.created" and progress.intruded:
        raise ModelDidNot(f"{NOT_IDLE} ({told})")
    raise Unmet("the endpoint refused", command.awaiting, told)


@dataclass
class Doubt:
    """How long a wait has been in vain, and the question of ours that tells silence from an answer that never comes."""

    began: float
    """Seconds since connect."""
    within: float
    """Seconds of silence that are borne."""
    probe: Event | None = None
    answered: bool = False
    """Whether the probe was answered; what nobody asks for may still be on its way then."""

    def __post_init__(self) -> None:
        """Bear silence from the beginning."""
        self.deadline = self.began + self.within

    def asks(self, probe: Event, now: float) -> None:
        """Note that our question is sent *now*; it gets half the time."""
        self.probe, self.deadline = probe, now + self.within / 2

    def ends_with(self, now: float, command: Wait, progress: Progress, kind: str, event: Event) -> bool:
        """Return whether an event answers our question, and note that."""
        if self.probe is None or self.answered:
            return False
        if kind == "error" and names_nobody(event):
            # It may be about what was asked before: then, too, nothing else will answer that.
            self.answered = progress.surely_refused(self.probe["event_id"], but=1 if command.sent else 0)
        else:
            self.answered = answers_probe(kind, event, self.probe)
        if self.answered:
            progress.settles(self.probe["event_id"])
            self.deadline = max(self.deadline, now + SHORTEST_PAUSE)
        return self.answered

    def begins_again(self, now: float, command: Wait, progress: Progress) -> None:
        """Bear silence anew, because the endpoint speaks; what it was asked has its order, what it says has none."""
        self.began, self.deadline = now, now + self.within
        if not command.sent:
            self.leaves(progress)
            self.probe, self.answered = None, False

    def leaves(self, progress: Progress) -> None:
        """Leave our question alone: its answer will come, and nobody waits for it."""
        if self.probe is not None and not self.answered:
            progress.strays.append(self.probe)
