"""What `session.update` does: takes effect, merges, clears, is refused as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from conformance.rules.rule import CLIENT_EVENTS, GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.session import UPDATE, UPDATED
from conformance.rules.settings import (
    ABSENT,
    FIXED,
    acknowledgements_tell,
    asked_for,
    heard_audio,
    modalities_asked,
    out_of_range,
    reflects,
    settings_in,
    shown_after,
    updates,
)
from conformance.trace.exchanges import Exchange
from conformance.trace.frames import Frame, mapping, string
from conformance.trace.views import View

rules = Chapter("session")

UPDATE_SPEC = CLIENT_EVENTS + "session/update"
#: Settings whose emptiness has a meaning of its own: nothing of it at all.
EMPTY: tuple[Any, ...] = (None, "", [])
#: Codes that blame what an update says, whenever it is said.
OWN_FAULT = (
    "invalid_",
    "unknown_",
    "missing_",
    "integer_",
    "decimal_",
    "string_",
    "array_",
    "cannot_update_voice",
)
#: Session fields that documents name but no canonical setting stands for.
FURTHER = frozenset(
    {"client_secret", "parallel_tool_calls", "reasoning", "truncation", "tracing", "prompt", "include"}
)


def _accepted(view: View) -> Iterator[tuple[Exchange, Frame, Mapping[str, Any]]]:
    """Give each accepted update with its acknowledgement and the session shown there."""
    if not acknowledgements_tell(view):
        return
    for exchange in updates(view):
        answer = exchange.answer
        if (
            answer is not None
            and not exchange.errors
            and answer.whole
            and isinstance(answer.event.get("session"), dict)
        ):
            yield exchange, answer, answer.part("session")


def _shows(view: View, session: Mapping[str, Any], name: str) -> Any:
    return view.dialect.setting(session, name)


@rules.must("session.an-update-takes-effect", about=UPDATED, covers=("SES-08",), spec=UPDATE_SPEC)
def an_update_takes_effect(view: View) -> Judged:
    """`session.updated` shows the values that the update asked for, completed with defaults at most."""
    audio = heard_audio(view)
    for exchange, answer, session in _accepted(view):
        if exchange.sent.entry.deliberate:
            continue
        asked = {name: value for name, value in asked_for(view, exchange).items() if value not in EMPTY}
        if exchange.sent.index > audio:
            asked.pop("voice", None)
        shown = settings_in(view, session)
        for name, value in asked.items():
            if name not in shown:
                continue
            if reflects(value, shown[name]):
                yield HELD
            else:
                message = f"The update set {name}, and the session shows another value."
                yield Finding(answer.index, message, _short(value), _short(shown[name]), _path(view, name))


@rules.must("session.untouched-settings-stay", about=UPDATED, covers=("SES-09",), spec=UPDATE_SPEC)
def untouched_settings_stay(view: View) -> Judged:
    """What an update does not name keeps its value."""
    if not acknowledgements_tell(view):
        return
    shown = [(index, settings_in(view, session)) for index, session in view.sessions]
    for (before, old), (after, new) in pairwise(shown):
        touched = _touched(view, before, after) | FIXED
        changed = [
            name
            for name, value in old.items()
            if name not in touched and name in new and not _same(value, new[name])
        ]
        if changed:
            name = changed[0]
            message = f"No update named {', '.join(changed)}, and the value changed."
            yield Finding(after, message, _short(old[name]), _short(new[name]), _path(view, name))
        elif old.keys() & new.keys() - touched:
            yield HELD


def _touched(view: View, before: int, after: int) -> set[str]:
    """Name what the updates set that may have taken effect between two shown sessions."""
    named: set[str] = set()
    for exchange in updates(view):
        if exchange.sent.index > after:
            break
        if exchange.answer is None or exchange.answer.index > before:
            named.update(asked_for(view, exchange))
            if not exchange.sent.whole:
                named.update(view.dialect.session_paths)
    return named


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
    for exchange, answer, session in _accepted(view):
        shown = settings_in(view, session)
        for name, value in asked_for(view, exchange).items():
            if name == "instructions" or (value is not None and value != []) or name not in shown:
                continue
            if shown[name] in (None, []) or (
                name == "turn_detection" and mapping(shown[name]).get("type") in (None, "none")
            ):
                yield HELD
            elif name in ("tools", "turn_detection", "transcription", "noise_reduction"):
                message = f"The update cleared {name}, and the session still has it."
                yield Finding(answer.index, message, _short(value), _short(shown[name]), _path(view, name))


@rules.should(
    "session.empty-instructions-clear",
    about=UPDATED,
    covers=("SES-10",),
    spec=UPDATE_SPEC,
    softened="Azure Voice Live goes back to its default instructions, shown as such: accepted.",
)
def empty_instructions_clear(view: View) -> Judged:
    """`instructions: ""` clears the instructions, or brings back those of `session.created`."""
    default = next((_shows(view, session, "instructions") for _, session in view.sessions), None)
    for exchange, answer, session in _accepted(view):
        if asked_for(view, exchange).get("instructions", ABSENT) != "":
            continue
        now = _shows(view, session, "instructions")
        if not now or now == default:
            yield HELD
        else:
            message = "The update cleared the instructions, and the session still has them."
            yield Finding(answer.index, message, '""', _short(now), _path(view, "instructions"))


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


@rules.must("session.the-voice-is-fixed-once-heard", about=UPDATE, covers=("SES-12",), spec=UPDATE_SPEC)
def the_voice_is_fixed_once_heard(view: View) -> Judged:
    """Once the assistant was heard, an update with another voice is refused."""
    audio = heard_audio(view)
    for exchange in updates(view):
        asked = asked_for(view, exchange).get("voice")
        if exchange.sent.index < audio or asked in EMPTY:
            continue
        before = view.setting_at(exchange.sent.index, "voice")
        if before in EMPTY or reflects(asked, before):
            continue
        if exchange.errors:
            yield HELD
        elif exchange.answer is not None:
            now = _shows(view, exchange.answer.part("session"), "voice")
            message = (
                "The voice was changed after the assistant had been heard."
                if reflects(asked, now)
                else ("Another voice after the assistant had been heard was passed over without an error.")
            )
            yield Finding(exchange.answer.index, message, "error", _short(now), _path(view, "voice"))


@rules.should(
    "session.a-refused-update-changes-nothing", about=UPDATE, covers=("SES-14", "ERR-07"), spec=UPDATE_SPEC
)
def a_refused_update_changes_nothing(view: View) -> Judged:
    """Of an update that is refused nothing takes effect, not even its valid part."""
    if view.partial:
        return
    for exchange in updates(view):
        if not exchange.errors or exchange.answer is not None:
            continue
        before = settings_in(view, view.session_at(exchange.sent.index))
        shown = shown_after(view, exchange.errors[0].index)
        if shown is None or not before:
            continue
        index, now = shown[0], settings_in(view, shown[1])
        others = {
            name
            for each in updates(view)
            if each is not exchange
            for name in _between(view, each, exchange, index)
        }
        tried = {
            name: value
            for name, value in asked_for(view, exchange).items()
            if name in before and name in now and name not in others and not reflects(value, before[name])
        }
        taken = [name for name, value in tried.items() if reflects(value, now[name])]
        if taken:
            message = f"The update was refused, and yet its {', '.join(taken)} took effect."
            yield Finding(
                index, message, _short(before[taken[0]]), _short(now[taken[0]]), _path(view, taken[0])
            )
        elif tried:
            yield HELD


def _between(view: View, other: Exchange, refused: Exchange, shown: int) -> Mapping[str, Any]:
    """Give what another update asked for, if it may have taken effect before the session was shown."""
    if other.errors and other.answer is None:
        return {}
    answered = other.answer.index if other.answer is not None else shown
    return asked_for(view, other) if refused.sent.index < answered and other.sent.index < shown else {}


@rules.must(
    "session.an-update-names-its-type", about=UPDATE, covers=("SES-16",), spec=UPDATE_SPEC, settings={"type"}
)
def an_update_names_its_type(view: View) -> Judged:
    """A `session.update` without `session.type` is refused."""
    for exchange in view.exchanges_with("session.update"):
        if not exchange.sent.whole or "type" in exchange.sent.part("session"):
            continue
        if exchange.errors:
            yield HELD
        elif exchange.answer is not None:
            yield Finding(
                exchange.answer.index, "An update without `session.type` was accepted.", "error", "accepted"
            )


@rules.should("session.out-of-range-values-are-refused", about=UPDATE, covers=("SES-19",), spec=UPDATE_SPEC)
def out_of_range_values_are_refused(view: View) -> Judged:
    """A temperature, a token limit or an enumeration outside its documented range is refused."""
    for exchange in updates(view):
        names = out_of_range(view, exchange)
        if names and exchange.errors:
            yield HELD
        elif names and exchange.answer is not None:
            value = asked_for(view, exchange)[names[0]]
            message = f"{', '.join(names)} outside the documented range was accepted."
            yield Finding(exchange.answer.index, message, "error", f"accepted {_short(value)}")


@rules.should(
    "session.unknown-parameters-are-refused",
    about=UPDATE,
    covers=("SES-19",),
    spec=UPDATE_SPEC,
    settings={"type"},
)
def unknown_parameters_are_refused(view: View) -> Judged:
    """A session field that no document knows is refused, not passed over."""
    for exchange in updates(view):
        unknown = _unknown_fields(view, exchange)
        if unknown and exchange.errors:
            yield HELD
        elif unknown and exchange.answer is not None and exchange.sent.entry.deliberate:
            message = f"The unknown session.{unknown[0]} was accepted."
            yield Finding(exchange.answer.index, message, "error unknown_parameter", "accepted")


def _unknown_fields(view: View, exchange: Exchange) -> list[str]:
    known = {path[0] for path in view.dialect.session_paths.values()} | FURTHER
    return [name for name in exchange.sent.part("session") if name not in known]


@rules.should(
    "session.a-refusal-names-the-parameter", about=UPDATE, covers=("SES-19",), spec=SERVER_EVENTS + "error"
)
def a_refusal_names_the_parameter(view: View) -> Judged:
    """The `error` about one bad field of an update names it in `param`."""
    for exchange in updates(view):
        if not exchange.errors or not (out_of_range(view, exchange) or _unknown_fields(view, exchange)):
            continue
        error = exchange.errors[0]
        if not error.whole or not isinstance(error.event.get("error"), dict):
            continue
        if string(error.part("error").get("param")):
            yield HELD
        else:
            yield Finding(
                error.index, "The error does not name the field.", "its path", "null", "/error/param"
            )


@rules.must(
    "session.modalities-are-exclusive", about=UPDATE, covers=("SES-20",), spec=UPDATE_SPEC, settings={"type"}
)
def modalities_are_exclusive(view: View) -> Judged:
    """An update that asks for text and audio at once is refused: audio brings its transcript anyway."""
    yield from _judge_modalities(view)


@rules.should(
    "session.audio-comes-with-text",
    about=UPDATE,
    covers=("SES-20",),
    spec=UPDATE_SPEC,
    settings={"temperature"},
)
def audio_comes_with_text(view: View) -> Judged:
    """An update that asks for audio without text is refused."""
    yield from _judge_modalities(view)


def _judge_modalities(view: View) -> Judged:
    legal = [set(each) for each in view.dialect.modality_sets.values()]
    for exchange in updates(view):
        asked = modalities_asked(view, exchange)
        if asked is None or asked in legal:
            continue
        if exchange.errors:
            yield HELD
        elif exchange.answer is not None:
            came = f"accepted {sorted(asked)}"
            yield Finding(
                exchange.answer.index, "Modalities that do not go together were accepted.", "error", came
            )


@rules.must(
    "session.updates-are-legal-at-any-time",
    about=UPDATE,
    covers=("SES-21",),
    spec=GUIDE + "realtime-conversations",
)
def updates_are_legal_at_any_time(view: View) -> Judged:
    """A valid `session.update` is accepted while a response runs, too."""
    spans = [
        (each.created.index, len(view.frames) if each.open else each.last)
        for each in view.responses
        if each.created is not None
    ]
    for exchange in updates(view):
        at = exchange.sent.index
        if exchange.sent.entry.deliberate or not any(first < at < last for first, last in spans):
            continue
        if exchange.answer is not None and not exchange.errors:
            yield HELD
        for error in exchange.errors[:1]:
            code = string(error.part("error").get("code")) or ""
            if not code.startswith(OWN_FAULT) and not {"voice", "speed"} & asked_for(view, exchange).keys():
                yield Finding(
                    error.index,
                    "An update was refused while a response was running.",
                    "accepted",
                    code or "error",
                )


def _path(view: View, name: str) -> str:
    return "/session/" + "/".join(view.dialect.session_paths[name])


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
