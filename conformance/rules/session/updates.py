"""What `session.update` does: takes effect, merges, clears, is refused as a whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Set
from itertools import pairwise
from typing import Any

from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.engine.settings import (
    ABSENT,
    EMPTY,
    FIXED,
    acknowledgements_tell,
    asked_for,
    difference,
    heard_audio,
    path_of,
    reflects,
    settings_in,
    short,
    updates,
)
from conformance.rules.session.opening import UPDATED
from conformance.trace.exchanges import Exchange
from conformance.trace.frames import Frame, mapping
from conformance.trace.lens import gathered
from conformance.trace.views import View

rules = Chapter("session")

UPDATE_SPEC = CLIENT_EVENTS + "session/update"


@gathered
def accepted(view: View) -> Iterator[tuple[Frame, Mapping[str, Any], Frame, Mapping[str, Any]]]:
    """Yield each accepted update that asks for anything, and what it asks for; its answer, and what that shows."""
    for exchange in updates(view) if acknowledgements_tell(view) else ():
        answer, asked = exchange.answer, asked_for(view, exchange)
        if not asked or answer is None or exchange.refused or not answer.whole:
            continue
        if isinstance(answer.event.get("session"), dict):
            yield exchange.sent, asked, answer, settings_in(view, view.session_in(answer.index))


@rules.must("session.an-update-takes-effect", about=UPDATED, covers=("SES-08",), spec=UPDATE_SPEC)
def an_update_takes_effect(view: View) -> Judged:
    """`session.updated` shows the values that the update asked for, completed with defaults at most."""
    audio = heard_audio(view)
    for sent, asked, answer, shown in accepted(view):
        if sent.entry.deliberate:
            continue
        for name, value in asked.items():
            if value in EMPTY or name not in shown or (name == "voice" and sent.index > audio):
                continue
            if reflects(value, shown[name]):
                yield HELD
            else:
                within, wanted, there = difference(value, shown[name])
                message = f"The update set {name}{within.replace('/', '.')}, and the session shows another value."
                yield Finding(answer.index, message, short(wanted), short(there), path_of(view, name) + within)


@rules.must("session.untouched-settings-stay", about=UPDATED, covers=("SES-09",), spec=UPDATE_SPEC)
def untouched_settings_stay(view: View) -> Judged:
    """What an update does not name keeps its value."""
    if not acknowledgements_tell(view):
        return
    named = _Named(view)
    shown = [(index, settings_in(view, session)) for index, session in view.sessions]
    for (before, old), (after, new) in pairwise(shown):
        touched = named.between(before, after)
        differing = [name for name, value in old.items() if new.get(name, value) != value] if new is not old else []
        changed = [name for name in differing if name not in touched and not _same(old[name], new[name])]
        if changed:
            name = changed[0]
            message = f"No update named {', '.join(changed)}, and the value changed."
            yield Finding(after, message, short(old[name]), short(new[name]), path_of(view, name))
        elif not touched.issuperset(filter(new.__contains__, old)):
            yield HELD


class _Named:
    """What the updates named that may have taken effect between two shown sessions; asked in ascending order."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._waiting = deque(updates(view))
        self._under_way: list[tuple[int, Set[str]]] = []
        self._unanswered: set[str] = set()

    def between(self, before: int, after: int) -> frozenset[str]:
        """Name the settings, and those that no update can change."""
        while self._waiting and self._waiting[0].sent.index < after:
            self._begin(self._waiting.popleft())
        self._under_way = [each for each in self._under_way if each[0] > before]
        return FIXED.union(self._unanswered, *[names for _, names in self._under_way])

    def _begin(self, exchange: Exchange) -> None:
        whole = exchange.sent.whole
        names = (asked_for(self._view, exchange) if whole else self._view.dialect.session_paths).keys()
        if exchange.answer is None:
            self._unanswered |= names
        else:
            self._under_way.append((exchange.answer.index, names))


def _same(old: Any, new: Any) -> bool:
    return reflects(old, new) and reflects(new, old)


@rules.must(
    "session.null-and-empty-lists-clear",
    about=UPDATED,
    covers=("SES-10",),
    spec=UPDATE_SPEC,
)
def null_and_empty_lists_clear(view: View) -> Judged:
    """`tools: []` leaves no tools; `null` switches turn detection, transcription or noise reduction off."""
    for _, asked, answer, shown in accepted(view):
        for name, value in asked.items():
            if name == "instructions" or (value is not None and value != []) or name not in shown:
                continue
            if shown[name] in (None, []) or (
                name == "turn_detection" and mapping(shown[name]).get("type") in (None, "none")
            ):
                yield HELD
            elif name in ("tools", "turn_detection", "transcription", "noise_reduction"):
                message = f"The update cleared {name}, and the session still has it."
                yield Finding(answer.index, message, short(value), short(shown[name]), path_of(view, name))


@rules.must(
    "session.empty-instructions-clear",
    about=UPDATED,
    covers=("SES-10",),
    spec=UPDATE_SPEC,
    relaxed="Azure Voice Live goes back to its default instructions, shown as such: accepted.",
)
def empty_instructions_clear(view: View) -> Judged:
    """`instructions: ""` clears the instructions, or brings back those of `session.created`."""
    for _, asked, answer, shown in accepted(view):
        if asked.get("instructions", ABSENT) != "":
            continue
        now, (_, opened) = shown.get("instructions"), view.sessions[0]
        if not now or now == view.dialect.setting(opened, "instructions"):
            yield HELD
        else:
            message = "The update cleared the instructions, and the session still has them."
            yield Finding(answer.index, message, '""', short(now), path_of(view, "instructions"))


@rules.must(
    "session.updated-has-its-own-event-id",
    about=UPDATED,
    covers=("SES-11",),
    spec=SERVER_EVENTS + "session/updated",
)
def updated_has_its_own_event_id(view: View) -> Judged:
    """`session.updated` does not carry the `event_id` of the client's `session.update`."""
    asked = {name for each in updates(view) if (name := each.sent.text("event_id"))}
    for frame in view.server(*UPDATED):
        name = frame.text("event_id")
        if name in asked:
            yield Finding(
                frame.index,
                f"It carries the client's {name}.",
                "an id of the server",
                name or "",
                "/event_id",
            )
        elif name and asked:
            yield HELD
