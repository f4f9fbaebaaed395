"""What can be told of a connection from what was noted: an item's audio, an event with a text, how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.contract.dialect import Dialect
from conformance.play.environment import code_of
from conformance.scenario.commands import Recall, Wait
from conformance.trace import json_text
from conformance.trace.trace import Direction, End, EndKind, Entry, Event

#: Seconds without a frame after which a connection may have been ended for being idle.
IDLE = 10.0


def recalled(entries: Iterable[Entry], command: Recall) -> Event:
    """Return the first server event that holds a text, beside where it may; an empty one if none does."""
    for event in _events(entries):
        text = json_text.dumps(event).decode()
        if command.text in (text.replace(command.but, "") if command.but else text):
            return event
    return {}


def spoken(entries: Iterable[Entry], dialect: Dialect, item: str) -> int:
    """Return how many bytes of an item's audio have come."""
    deltas = (
        str(event.get("delta"))
        for event in _events(entries)
        if event.get("item_id") == item and dialect.canonical(str(event.get("type"))) == "response.output_audio.delta"
    )
    return sum(len(each) * 3 // 4 - each.count("=") for each in deltas)


def _events(entries: Iterable[Entry]) -> Iterable[Event]:
    return (each.event for each in entries if each.direction is Direction.SERVER and each.event is not None)


def error_text(event: Event) -> str:
    """Return an error event in words."""
    error = event.get("error")
    return f"error {code_of(error)}: {error.get('message')}" if isinstance(error, dict) else f"error {error}"


def instead(backlog: Sequence[tuple[str, Event]], dialect: Dialect, command: Wait) -> str:
    """Return what came instead of what was awaited, in words that follow "nothing"; empty if nothing did."""

    def named(kind: str, event: Event) -> str:
        misfit = command.misfit(kind, event)
        return f"{dialect.wire_name(kind)}{f' that is not it ({misfit})' if misfit else ''}"

    others = dict.fromkeys(named(*each) for each in backlog[-6:] if each[0] != "error")
    errors = [error_text(event) for kind, event in backlog if kind == "error"]
    return f" but {', '.join([*others, *errors[-2:]])}" if others or errors else ""


def how_it_ended(end: End | None, entries: Sequence[Entry] = ()) -> str:
    """Return the end of a connection in words, with the silence before it where that may be the cause."""
    if end is None:
        return "nothing"
    if end.kind is EndKind.CLOSED:
        who = "we" if end.by is Direction.CLIENT else "the endpoint"
        return f"{who} closed with {end.code}{f' ({end.reason})' if end.reason else ''}{_after_silence(end, entries)}"
    words = {
        EndKind.DROPPED: f"the connection broke without a close frame{_after_silence(end, entries)}",
        EndKind.TIMEOUT: "silence",
    }
    return words.get(end.kind, end.reason or str(end.kind))


def ended_as_asked(end: End | None, entries: Iterable[Entry]) -> bool:
    """Return whether the endpoint ended a session that the script had asked it to end, however long that took."""
    asked = any(entry.sent and entry.type == "session.close" for entry in entries)
    return asked and end is not None and end.kind is EndKind.CLOSED and end.by is Direction.SERVER


def _after_silence(end: End, entries: Sequence[Entry]) -> str:
    """Say how long nothing was said before the other side ended the connection; empty if that was not long."""
    last = next((each.at for each in reversed(entries) if each.at is not None), 0.0)
    silent = (end.at or 0.0) - last
    if end.by is Direction.CLIENT or silent < IDLE:
        return ""
    return f" after {silent:.3g} s in which nothing was said; proxies cut idle connections so, usually after 60 s"
