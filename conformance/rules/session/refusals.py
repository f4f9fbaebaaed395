"""Which updates of the session are refused, and what a refusal leaves behind."""

from __future__ import annotations

from collections import deque
from functools import cache

from conformance.contract.dialects import DIALECTS
from conformance.rules.engine.rule import CLIENT_EVENTS, GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.engine.settings import (
    EMPTY,
    asked_for,
    heard_audio,
    modalities_asked,
    out_of_range,
    path_of,
    reflects,
    settings_in,
    short,
    shown_after,
    updates,
)
from conformance.rules.session.opening import UPDATE
from conformance.trace.exchanges import Exchange
from conformance.trace.frames import string
from conformance.trace.views import View

rules = Chapter("session")

UPDATE_SPEC = CLIENT_EVENTS + "session/update"
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
FURTHER = frozenset({"client_secret", "parallel_tool_calls", "reasoning", "truncation", "tracing", "prompt", "include"})


@rules.must(
    "session.the-voice-is-fixed-once-heard", about={"response.output_audio.delta"}, covers=("SES-12",), spec=UPDATE_SPEC
)
def the_voice_is_fixed_once_heard(view: View) -> Judged:
    """Once the assistant was heard, an update with another voice is refused."""
    audio = heard_audio(view)
    for exchange in updates(view) if audio < len(view.frames) else ():
        asked = asked_for(view, exchange).get("voice")
        if exchange.sent.index < audio or asked in EMPTY:
            continue
        before = view.setting_at(exchange.sent.index, "voice")
        if before in EMPTY or reflects(asked, before):
            continue
        if exchange.refused:
            yield HELD
        elif exchange.answer is not None:
            now = view.dialect.setting(exchange.answer.part("session"), "voice")
            message = (
                "The voice was changed after the assistant had been heard."
                if reflects(asked, now)
                else ("Another voice after the assistant had been heard was passed over without an error.")
            )
            yield Finding(exchange.answer.index, message, "error", short(now), path_of(view, "voice"))


@rules.should(
    "session.a-refused-update-changes-nothing", about={"error"}, covers=("SES-14", "ERR-07"), spec=UPDATE_SPEC
)
def a_refused_update_changes_nothing(view: View) -> Judged:
    """Of an update that is refused nothing takes effect, not even its valid part."""
    if view.partial:
        return
    refused = [each for each in updates(view) if each.refused and each.answer is None]
    answered = {each.answer.index: each for each in updates(view) if each.answer is not None} if refused else {}
    for exchange in refused:
        before = settings_in(view, view.session_at(exchange.refusals[0].index))
        shown = shown_after(view, exchange.refusals[0].index)
        if shown is None or not before:
            continue
        index, now = shown[0], settings_in(view, shown[1])
        others = asked_for(view, answered[index]) if index in answered else {}
        tried = {
            name: value
            for name, value in asked_for(view, exchange).items()
            if name in before and name in now and name not in others and not reflects(value, before[name])
        }
        taken = [name for name, value in tried.items() if reflects(value, now[name])]
        if taken:
            message = f"The update was refused, and yet its {', '.join(taken)} took effect."
            yield Finding(index, message, short(before[taken[0]]), short(now[taken[0]]), path_of(view, taken[0]))
        elif tried:
            yield HELD


@rules.must("session.an-update-names-its-type", about=UPDATE, covers=("SES-16",), spec=UPDATE_SPEC, settings={"type"})
def an_update_names_its_type(view: View) -> Judged:
    """A `session.update` without `session.type` is refused, but in a session that translates."""
    if view.translation_session or view.asked_to_translate:
        return
    for exchange in view.exchanges_with("session.update"):
        if not exchange.sent.whole or "type" in exchange.sent.part("session"):
            continue
        if exchange.refused:
            yield HELD
        elif exchange.answer is not None:
            yield Finding(exchange.answer.index, "An update without `session.type` was not refused.", "error", "none")


@rules.should("session.out-of-range-values-are-refused", about=UPDATE, covers=("SES-19",), spec=UPDATE_SPEC)
def out_of_range_values_are_refused(view: View) -> Judged:
    """A temperature, a token limit or an enumeration outside its documented range is refused."""
    for exchange in updates(view):
        names = out_of_range(view, exchange)
        if names and exchange.refused:
            yield HELD
        elif names and exchange.answer is not None:
            value = asked_for(view, exchange)[names[0]]
            message = f"{', '.join(names)} outside the documented range: not refused."
            yield Finding(exchange.answer.index, message, "error", f"none for {short(value)}")


@rules.should(
    "session.unknown-parameters-are-refused",
    about=UPDATE,
    covers=("SES-19",),
    spec=UPDATE_SPEC,
)
def unknown_parameters_are_refused(view: View) -> Judged:
    """A session field that no document knows is refused, not passed over."""
    for exchange in updates(view):
        unknown = _unknown_fields(view, exchange)
        if unknown and exchange.refused:
            yield HELD
        elif unknown and exchange.answer is not None and exchange.sent.entry.deliberate:
            message = f"The unknown session.{unknown[0]} was not refused."
            yield Finding(exchange.answer.index, message, "error unknown_parameter", "none")


def _unknown_fields(view: View, exchange: Exchange) -> list[str]:
    known, named = _known_fields(view.dialect.name), exchange.sent.part("session")
    return [] if known.issuperset(named) else [name for name in named if name not in known]


@cache
def _known_fields(dialect_name: str) -> frozenset[str]:
    return FURTHER.union(path[0] for path in DIALECTS[dialect_name].session_paths.values())


@rules.should(
    "session.a-refusal-names-the-parameter", about={"error"}, covers=("SES-19",), spec=SERVER_EVENTS + "error"
)
def a_refusal_names_the_parameter(view: View) -> Judged:
    """The `error` about one bad field of an update names it in `param`."""
    for exchange in updates(view):
        if not exchange.refused or not (out_of_range(view, exchange) or _unknown_fields(view, exchange)):
            continue
        error = exchange.refusals[0]
        if not error.whole or not isinstance(error.event.get("error"), dict):
            continue
        if string(error.part("error").get("param")):
            yield HELD
        else:
            yield Finding(error.index, "The error does not name the field.", "its path", "null", "/error/param")


@rules.must("session.modalities-are-exclusive", about=UPDATE, covers=("SES-20",), spec=UPDATE_SPEC, settings={"type"})
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
    legal = list(map(set, view.dialect.modality_sets.values()))
    for exchange in updates(view):
        asked = modalities_asked(view, exchange)
        if asked is None or asked in legal:
            continue
        if exchange.refused:
            yield HELD
        elif exchange.answer is not None:
            actual = f"none for {sorted(asked)}"
            yield Finding(
                exchange.answer.index, "Modalities that do not go together were not refused.", "error", actual
            )


@rules.must(
    "session.updates-are-legal-at-any-time",
    about={"response.created"},
    covers=("SES-21",),
    spec=GUIDE + "realtime-conversations",
)
def updates_are_legal_at_any_time(view: View) -> Judged:
    """A valid `session.update` is accepted while a response runs, too."""
    spans = deque(
        (each.created.index, len(view.frames) if each.open else each.last)
        for each in view.responses
        if each.created is not None
    )
    busy_until = -1
    for exchange in updates(view):
        at = exchange.sent.index
        while spans and spans[0][0] < at:
            busy_until = max(busy_until, spans.popleft()[1])
        if exchange.sent.entry.deliberate or at > busy_until:
            continue
        if exchange.answer is not None and not exchange.refused:
            yield HELD
        # Where speech was answered meanwhile, an error that names nobody may refuse a request whose answer seems known.
        refusals = exchange.errors if view.unasked_responses else exchange.refusals
        for error in refusals[:1]:
            code = string(error.part("error").get("code")) or ""
            if not code.startswith(OWN_FAULT) and not {"voice", "speed"} & asked_for(view, exchange).keys():
                yield Finding(
                    error.index,
                    "An update was refused while a response was running.",
                    "accepted",
                    code or "error",
                )
