"""Endpoints that open, show and change sessions wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from conformance.contract.dialect import Dialect, Event, reach
from conformance.mutants.changes import adding_after, adding_before, changing, dropping, repeating
from conformance.mutants.edits import Path, lacking, put, without
from conformance.mutants.mutant import Fault, FaultTable, Transform
from conformance.reference.server.admission import Admitted

faults = FaultTable()

CREATED, UPDATE, UPDATED = "session.created", "session.update", "session.updated"
TYPE = ("session", "type")


def _place(dialect: Dialect, name: str) -> tuple[str, ...]:
    """Give the way to a setting inside an event."""
    return ("session", *dialect.session_paths[name])


def _hearing(change: Callable[[Event], Event]) -> Transform:
    """Hear every `session.update` as *change* makes it."""
    return lambda event: (change(event) if event.get("type") == UPDATE else event,)


def _deaf_for(dialect: Dialect, name: str, *values: Any) -> Fault:
    """Pass over a setting in every update (only where it has one of *values*, if any are given)."""
    path = _place(dialect, name)

    def change(event: Event) -> Event:
        asked = reach(event, path)
        return without(event, path) if asked is not None and (not values or asked in values) else event

    return Fault(hears=_hearing(change))


def _showing(kinds: Iterable[str], path: Path, value: Any) -> Fault:
    return changing(kinds, lambda event: put(event, path, value))


@faults.mutant(killed_by="session.created-comes-first", during="session/defaults", like="session-created-not-first")
def the_conversation_comes_before_the_session(_dialect: Dialect) -> Fault:
    """`conversation.created` opens the connection."""
    conversation = {"id": "conv_1", "object": "realtime.conversation"}
    return adding_before(CREATED, lambda _e: [{"type": "conversation.created", "conversation": conversation}])


@faults.mutant(killed_by="session.created-comes-once", during="session/defaults", like="session-created-twice")
def the_session_is_created_twice(_dialect: Dialect) -> Fault:
    """The gateway says `session.created`, and then its upstream does."""
    return repeating(CREATED)


@faults.mutant(
    killed_by="session.the-intent-is-honoured",
    during="transcription/session",
    like="wrong-created-event-for-intent",
)
def the_intent_is_not_read(_dialect: Dialect) -> Fault:
    """A connection for transcription opens a conversation."""

    def admits(made: Any) -> Any:
        if not isinstance(made, Admitted):
            return made
        return replace(made, intent="conversation", model="gpt-realtime")

    return Fault(admits=admits)


@faults.mutant(
    killed_by="session.created-shows-the-defaults",
    during="session/defaults",
    like="session-object-missing-fields",
)
def the_session_shows_little(_dialect: Dialect) -> Fault:
    """`session.created` shows an id, a model, and none of the settings."""
    shown = ("type", "object", "id", "model")

    def change(event: Event) -> Event:
        return {
            **event,
            "session": {name: event["session"][name] for name in shown if name in event["session"]},
        }

    return changing((CREATED,), change)


@faults.mutant(killed_by="session.the-conversation-is-announced-early", during="items/keeps_ids")
def the_conversation_comes_after_its_items(_dialect: Dialect) -> Fault:
    """`conversation.created` comes when the conversation has an item."""
    conversation = {"id": "conv_1", "object": "realtime.conversation"}
    return adding_after(
        "conversation.item.added", lambda _e: [{"type": "conversation.created", "conversation": conversation}]
    )


@faults.mutant(killed_by="session.an-update-is-answered", during="session/defaults", like="session-updated-never-sent")
def updates_are_never_answered(_dialect: Dialect) -> Fault:
    """An update is taken, and nothing says so."""
    return dropping(UPDATED)


@faults.mutant(killed_by="session.updated-answers-one-update", during="response/text_turn")
def updates_are_acknowledged_twice(_dialect: Dialect) -> Fault:
    """Every update gets two acknowledgements."""
    return repeating(UPDATED)


@faults.mutant(
    killed_by="session.updated-answers-one-update",
    during="session/refuses_an_unknown_parameter",
    like="unsupported-field-error-plus-ack",
    dialects=("ga",),
)
def a_refused_update_is_acknowledged_as_well(_dialect: Dialect) -> Fault:
    """A refused update gets `session.updated`, and an `error` too."""
    shown: list[Event] = []

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == CREATED:
            shown[:] = [event]
        elif event["type"] == "error" and shown:
            yield {**shown[0], "type": UPDATED, "event_id": f"{event['event_id']}too"}
        yield event

    return Fault(sends=sends)


@faults.mutant(killed_by="session.updated-shows-everything", during="session/defaults")
def an_update_shows_a_part(_dialect: Dialect) -> Fault:
    """`session.updated` leaves the tools out."""
    return lacking((UPDATED,), ("session", "tools"))


@faults.mutant(killed_by="session.the-id-is-constant", during="session/defaults")
def every_update_makes_a_new_session_id(_dialect: Dialect) -> Fault:
    """`session.updated` shows another id."""
    return _showing((UPDATED,), ("session", "id"), "sess_another")


@faults.mutant(
    killed_by="session.the-model-is-constant",
    during="session/model_lock",
    like="key-model-acl-bypassed-by-frame",
)
def an_update_changes_the_model(_dialect: Dialect) -> Fault:
    """A model named in an update becomes the session's."""
    return _showing((UPDATED,), ("session", "model"), "another-realtime-model")


@faults.mutant(killed_by="session.the-expiry-is-near", during="session/defaults")
def the_expiry_is_in_milliseconds(_dialect: Dialect) -> Fault:
    """`expires_at` counts milliseconds."""
    return changing(
        (CREATED,), lambda event: put(event, ("session", "expires_at"), event["session"]["expires_at"] * 1000)
    )


@faults.mutant(killed_by="session.an-update-takes-effect", during="session/reads_back", like="instructions-ignored")
def instructions_are_passed_over(dialect: Dialect) -> Fault:
    """Instructions in an update are acknowledged and ignored."""
    return _deaf_for(dialect, "instructions")


@faults.mutant(
    killed_by="session.an-update-takes-effect",
    during="session/reads_back_speaking",
    like="voice-ignored-or-dropped",
)
def the_voice_is_passed_over(dialect: Dialect) -> Fault:
    """A voice in an update is acknowledged and ignored."""
    return _deaf_for(dialect, "voice")


@faults.mutant(killed_by="session.untouched-settings-stay", during="session/merges", like="update-merge-vs-replace")
def an_update_resets_what_it_does_not_name(dialect: Dialect) -> Fault:
    """Instructions that an update does not repeat are gone."""
    path = _place(dialect, "instructions")

    def change(event: Event) -> Event:
        return event if reach(event, path) is not None else put(event, path, "The default.")

    return Fault(hears=_hearing(change))


@faults.mutant(killed_by="session.null-and-empty-lists-clear", during="session/clears_tools")
def tools_cannot_be_cleared(dialect: Dialect) -> Fault:
    """An empty list of tools is passed over."""
    return _deaf_for(dialect, "tools", [])


@faults.mutant(killed_by="session.empty-instructions-clear", during="session/clears")
def instructions_cannot_be_cleared(dialect: Dialect) -> Fault:
    """Empty instructions are passed over."""
    return _deaf_for(dialect, "instructions", "")


@faults.mutant(
    killed_by="session.updated-has-its-own-event-id",
    during="session/defaults",
    like="event-id-echoes-client",
)
def an_update_is_acknowledged_under_its_own_id(_dialect: Dialect) -> Fault:
    """`session.updated` carries the event id of the client's update."""
    last = [""]

    def hears(event: Event) -> Iterable[Event]:
        last[0] = event.get("event_id") or ""
        yield event

    def sends(event: Event) -> Iterable[Event]:
        yield {**event, "event_id": last[0]} if event["type"] == UPDATED else event

    return Fault(sends=sends, hears=hears)


@faults.mutant(killed_by="session.the-voice-is-fixed-once-heard", during="session/voice_lock")
def the_voice_changes_in_the_middle(dialect: Dialect) -> Fault:
    """Another voice is accepted although the assistant was heard."""
    path, heard, voice = _place(dialect, "voice"), [False], [""]

    def hears(event: Event) -> Iterable[Event]:
        asked = reach(event, path)
        if event.get("type") == UPDATE and heard[0] and asked is not None:
            voice[0] = asked
            event = without(event, path)
        yield event

    def sends(event: Event) -> Iterable[Event]:
        heard[0] = heard[0] or event["type"] == "response.output_audio.delta"
        yield put(event, path, voice[0]) if event["type"] == UPDATED and voice[0] else event

    return Fault(sends=sends, hears=hears)


@faults.mutant(killed_by="session.a-refused-update-changes-nothing", during="session/refuses_a_bad_value")
def a_refused_update_takes_effect_by_half(dialect: Dialect) -> Fault:
    """The valid part of a refused update is kept."""
    limit, swallow = _place(dialect, "max_output_tokens"), [0]

    def hears(event: Event) -> Iterable[Event]:
        if event.get("type") == UPDATE and reach(event, limit) == -7:
            swallow[0] += 1
            yield {**without(event, limit), "event_id": "event_half"}
        yield event

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == UPDATED and swallow[0]:
            swallow[0] -= 1
            return
        yield event

    return Fault(sends=sends, hears=hears)


@faults.mutant(killed_by="session.an-update-names-its-type", during="session/refuses_a_missing_type", dialects=("ga",))
def the_type_may_be_left_out(_dialect: Dialect) -> Fault:
    """An update without `session.type` is accepted."""
    return Fault(hears=_hearing(lambda event: put(event, TYPE, "realtime") if reach(event, TYPE) is None else event))


@faults.mutant(killed_by="session.out-of-range-values-are-refused", during="session/refuses_a_bad_value")
def a_bad_limit_is_passed_over(dialect: Dialect) -> Fault:
    """An impossible token limit is ignored, and the update accepted."""
    return _deaf_for(dialect, "max_output_tokens", -7)


@faults.mutant(
    killed_by="session.out-of-range-values-are-refused",
    during="session/refuses_a_bad_temperature",
    dialects=("beta",),
)
def any_temperature_will_do(dialect: Dialect) -> Fault:
    """A temperature far out of range is ignored, and the update accepted."""
    return _deaf_for(dialect, "temperature")


@faults.mutant(
    killed_by="session.unknown-parameters-are-refused",
    during="session/refuses_an_unknown_parameter",
    dialects=("ga",),
)
def unknown_settings_are_passed_over(_dialect: Dialect) -> Fault:
    """An unknown setting is ignored, and the update accepted."""
    return Fault(hears=_hearing(lambda event: without(event, ("session", "no_such_setting"))))


@faults.mutant(killed_by="session.a-refusal-names-the-parameter", during="session/refuses_a_bad_value")
def a_refusal_does_not_say_what_was_wrong(_dialect: Dialect) -> Fault:
    """The `error` about a bad setting has no `param`."""
    return changing(("error",), lambda event: put(event, ("error", "param"), None))


def _taking_any_modalities(dialect: Dialect) -> Fault:
    path = _place(dialect, "modalities")
    return Fault(hears=_hearing(lambda event: put(event, path, ["text"]) if reach(event, path) is not None else event))


@faults.mutant(killed_by="session.modalities-are-exclusive", during="session/refuses_the_modalities", dialects=("ga",))
def text_and_audio_at_once(dialect: Dialect) -> Fault:
    """Both modalities at once are taken for one of them."""
    return _taking_any_modalities(dialect)


@faults.mutant(killed_by="session.audio-comes-with-text", during="session/refuses_the_modalities", dialects=("beta",))
def audio_without_text(dialect: Dialect) -> Fault:
    """Audio alone is accepted."""
    return _taking_any_modalities(dialect)


@faults.mutant(killed_by="session.updates-are-legal-at-any-time", during="session/update_during_a_response")
def updates_are_refused_while_a_response_runs(_dialect: Dialect) -> Fault:
    """The endpoint is too busy for a `session.update`."""
    running, code = [False], "conversation_already_has_active_response"

    def hears(event: Event) -> Iterable[Event]:
        yield {**event, "type": "session.busy"} if event.get("type") == UPDATE and running[0] else event

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] in ("response.created", "response.done"):
            running[0] = event["type"] == "response.created"
        yield put(event, ("error", "code"), code) if event["type"] == "error" else event

    return Fault(sends=sends, hears=hears)
