"""What a `session.update` asked for, and whether a session object shows it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from conformance.trace.frames import listing, mapping
from conformance.trace.lens import lens

if TYPE_CHECKING:
    from conformance.trace.exchanges import Exchange
    from conformance.trace.views import View

#: Stands for "is not there", where null is a value.
ABSENT = object()
#: What belongs to the session itself, and is not for the client to set.
FIXED = frozenset({"id", "object", "type", "model", "expires_at"})
#: Settings whose emptiness has a meaning of its own: nothing of it at all.
EMPTY: tuple[Any, ...] = (None, "", [])
#: Longer arrays are compared in order only.
UNORDERED = 128
#: Legal ranges of numbers.  Source: the session reference.
RANGES = {"temperature": (0.6, 1.2), "max_output_tokens": (1, 4096), "speed": (0.25, 1.5)}
DETECTIONS = frozenset({"server_vad", "semantic_vad", "none"})
TOOL_CHOICES = frozenset({"auto", "none", "required"})


def settings_in(view: View, session: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings that a session object of this dialect holds, by canonical name."""
    return view.settings_in(session)


@lens
def asked_for(view: View, exchange: Exchange) -> Mapping[str, Any]:
    """Return the settings that a `session.update` wants to change; none if the recorder shortened it."""
    if not exchange.sent.whole:
        return {}
    wanted = settings_in(view, exchange.sent.part("session"))
    return {name: value for name, value in wanted.items() if name not in FIXED}


@lens
def updates(view: View) -> Sequence[Exchange]:
    """Return the exchanges that a `session.update` began."""
    return tuple(view.exchanges_with("session.update", "transcription_session.update"))


def asked_and_not_shown(view: View, name: str) -> Iterator[tuple[int, Any]]:
    """Yield where an update asked for a setting, and for what, if it was not refused and its answer hides the setting.

    What such a session does with the setting contradicts nothing that it shows.
    """
    for exchange in updates(view):
        asked = asked_for(view, exchange)
        if name not in asked or exchange.refused:
            continue
        if exchange.answer is None or name not in settings_in(view, exchange.answer.part("session")):
            yield exchange.sent.index, asked[name]


@lens
def acknowledgements_tell(view: View) -> bool:
    """Return whether each `session.updated` can be laid to one update: one too many shifts all that follow."""
    answers = {each.answer.index for each in updates(view) if each.answer is not None}
    shown = view.server("session.updated", "transcription_session.updated")
    return not view.partial and all(frame.index in answers for frame in shown) and not _lag(view)


def _lag(view: View) -> bool:
    """Return whether an acknowledgement repeats the one before, and a later one shows what its update asked for.

    An endpoint that acknowledges each update twice is soon behind; a play that ends early hears of no surplus.
    """
    answered = [(each, each.answer.index) for each in updates(view) if each.answer is not None]
    if len(answered) < 3:
        return False
    told = [(asked_for(view, each), settings_in(view, view.session_in(index))) for each, index in answered]
    for place, ((_, before), (asked, shown)) in enumerate(pairwise(told), 2):
        if asked and shown == before and not _shows(asked, shown):
            for since, later in told[place:]:
                again = not since.keys().isdisjoint(asked)
                if _shows(asked, later) and not (again and _shows(since, later)):
                    return True
                if again:
                    break
    return False


def _shows(asked: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    return all(reflects(value, shown.get(name)) for name, value in asked.items())


def reflects(asked: Any, shown: Any) -> bool:
    """Return whether *shown* is what was *asked* for, completed or reordered by the server at most."""
    if asked == shown:
        return True
    if isinstance(asked, dict):
        return _names(asked, shown) or (
            isinstance(shown, dict) and all(reflects(value, shown.get(key)) for key, value in asked.items())
        )
    if isinstance(asked, list):
        return isinstance(shown, list) and _same_entries(asked, shown)
    if isinstance(asked, str) and isinstance(shown, dict):
        return asked in (shown.get("name"), shown.get("id"), shown.get("type"))
    if _is_number(asked) and _is_number(shown):
        return math.isclose(asked, shown, rel_tol=1e-6, abs_tol=1e-9)
    return bool(asked == shown)


def difference(asked: Any, shown: Any) -> tuple[str, Any, Any]:
    """Return where in a setting (a JSON pointer) *shown* first departs from *asked*, and both values there."""
    path = ""
    while isinstance(asked, dict) and isinstance(shown, dict):
        key = next((key for key, value in asked.items() if not reflects(value, shown.get(key))), None)
        if key is None:
            break
        path, asked, shown = f"{path}/{key}", asked[key], shown.get(key, "absent")
    return path, asked, shown


def _names(asked: Mapping[str, Any], shown: Any) -> bool:
    """Return whether a voice or format was asked for as an object and is shown by its name."""
    return isinstance(shown, str) and shown in (asked.get("name"), asked.get("id"), asked.get("type"))


def _same_entries(asked: list[Any], shown: list[Any]) -> bool:
    if len(asked) != len(shown):
        return False
    if all(map(reflects, asked, shown)):
        return True
    return len(asked) <= UNORDERED and all(any(reflects(each, other) for other in shown) for each in asked)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def out_of_range(view: View, exchange: Exchange) -> list[str]:
    """Name the settings of a `session.update` whose values no document allows (but for the modalities)."""
    asked = asked_for(view, exchange)
    return [name for name, value in asked.items() if value is not None and _is_illegal(view, name, value)]


def _is_illegal(view: View, name: str, value: Any) -> bool:
    if name in RANGES:
        low, high = RANGES[name]
        if name == "max_output_tokens" and value == "inf":
            return False
        return not _is_number(value) or not low <= value <= high
    if name in ("input_format", "output_format"):
        return view.dialect.audio_format(value) is None if isinstance(value, str | dict) else True
    if name == "turn_detection":
        kind = mapping(value).get("type")
        return kind is not None and kind not in DETECTIONS if isinstance(kind, str | None) else True
    return name == "tool_choice" and isinstance(value, str) and value not in TOOL_CHOICES


def modalities_asked(view: View, exchange: Exchange) -> frozenset[str] | None:
    """Return the modalities that a `session.update` asks for; None if it asks for none, or for no strings."""
    names = listing(asked_for(view, exchange).get("modalities"))
    return frozenset(names) if names and all(isinstance(name, str) for name in names) else None


def shown_after(view: View, index: int) -> tuple[int, Mapping[str, Any]] | None:
    """Return the first session object shown after entry *index*, with its own index."""
    position = bisect_right(view.shown_at, index)
    return view.sessions[position] if position < len(view.sessions) else None


@lens
def _naming(view: View) -> Mapping[str, list[int]]:
    """Return where updates were sent that were not refused, by the settings that they name."""
    found: dict[str, list[int]] = {}
    for exchange in updates(view):
        for name in asked_for(view, exchange) if not exchange.refused else ():
            found.setdefault(name, []).append(exchange.sent.index)
    return found


@lens
def _settings_around(view: View, index: int) -> tuple[Mapping[str, Any], int, Mapping[str, Any]]:
    """Return the settings in effect before entry *index*, and those that were shown next, with their own index."""
    settings, following = settings_in(view, view.session_at(index)), shown_after(view, index)
    if following is None:
        return settings, len(view.frames), settings
    return settings, following[0], settings_in(view, following[1])


def steady_setting(view: View, index: int, name: str, default: Any = None) -> Any:
    """Return a setting as it was in effect before entry *index*; *default* if the session then changed it by itself.

    That is told once, by `session.untouched-settings-stay`, and nothing that rests on the setting is judged.
    """
    settings, following, later = _settings_around(view, index)
    value = settings.get(name, default)
    now = later.get(name, value)
    if now is value or now == value:
        return value
    sent = _naming(view).get(name, [])
    at = bisect_right(sent, index)
    if at < len(sent) and sent[at] < following:
        return value
    return value if reflects(value, now) and reflects(now, value) else default


@lens
def heard_audio(view: View) -> int:
    """Return the index of the first sound of the assistant; the length of the trace if there is none."""
    return next((frame.index for frame in view.server("response.output_audio.delta")), len(view.frames))


def path_of(view: View, name: str) -> str:
    """Return the place of a setting as a JSON pointer into `session.updated`."""
    return "/session/" + "/".join(view.dialect.session_paths[name])


def short(value: Any) -> str:
    """Write a setting's value in at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
