"""Endpoints that open, show and change sessions wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from conformance.contract.dialect import Dialect, reach
from conformance.mutants.edits import Path, put, session_path, without
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_after, adding_before, changing, dropping, lacking, repeating
from conformance.reference.server.admission import Admitted
from conformance.trace.trace import Event

faults = FaultTable()

CREATED, UPDATE, UPDATED = "session.created", "session.update", "session.updated"
TYPE = ("session", "type")


def _receiving(change: Callable[[Event], Event]) -> Fault:
    """Take every `session.update` for what *change* makes of it."""
    return Fault(receives=lambda event: (change(event) if event.get("type") == UPDATE else event,))


def _deaf_for(dialect: Dialect, name: str, *values: Any) -> Fault:
    """Pass over a setting in every update (only where it has one of *values*, if any are given)."""
    path = session_path(dialect, name)

    def change(event: Event) -> Event:
        asked = reach(event, path)
        return without(event, path) if asked is not None and (not values or asked in values) else event

    return _receiving(change)


def _showing(kinds: Iterable[str], path: Path, value: Any) -> Fault:
    return changing(kinds, lambda event: put(event, path, value))


@faults.mutant(killed_by="session.created-comes-first", during="session/defaults", like="session-created-not-first")
def the_conversation_comes_before_the_session(_dialect: Dialect) -> Fault:
    """`conversation.created` opens the connection."""
    conversation = {"id": "conv_1", "object": "realtime.conversation"}
    return adding_before(CREATED, lambda _e: [{"type": "conversation.created", "conversation": conversation}])


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


@faults.mutant(killed_by="session.untouched-settings-stay", during="session/merges", like="update-merge-vs-replace")
def an_update_resets_what_it_does_not_name(dialect: Dialect) -> Fault:
    """Instructions that an update does not repeat are gone."""
    path = session_path(dialect, "instructions")

    def change(event: Event) -> Event:
        return event if reach(event, path) is not None else put(event, path, "The default.")

    return _receiving(change)


@faults.mutant(
    killed_by="session.updated-has-its-own-event-id",
    during="session/defaults",
    like="event-id-echoes-client",
)
def an_update_is_acknowledged_under_its_own_id(_dialect: Dialect) -> Fault:
    """`session.updated` carries the event id of the client's update."""
    last = [""]

    def receives(event: Event) -> Iterable[Event]:
        last[0] = event.get("event_id") or ""
        yield event

    def sends(event: Event) -> Iterable[Event]:
        yield {**event, "event_id": last[0]} if event["type"] == UPDATED else event

    return Fault(sends=sends, receives=receives)


@faults.mutant(killed_by="session.the-voice-is-fixed-once-heard", during="session/voice_lock")
def the_voice_changes_in_the_middle(dialect: Dialect) -> Fault:
    """Another voice is accepted although the assistant was heard."""
    path, heard, voice = session_path(dialect, "voice"), [False], [""]

    def receives(event: Event) -> Iterable[Event]:
        asked = reach(event, path)
        if event.get("type") == UPDATE and heard[0] and asked is not None:
            voice[0] = asked
            event = without(event, path)
        yield event

    def sends(event: Event) -> Iterable[Event]:
        heard[0] = heard[0] or event["type"] == "response.output_audio.delta"
        yield put(event, path, voice[0]) if event["type"] == UPDATED and voice[0] else event

    return Fault(sends=sends, receives=receives)


@faults.mutant(killed_by="session.a-refused-update-changes-nothing", during="session/refuses_a_bad_value")
def a_refused_update_takes_effect_by_half(dialect: Dialect) -> Fault:
    """The valid part of a refused update is kept."""
    limit, swallow = session_path(dialect, "max_output_tokens"), [0]

    def receives(event: Event) -> Iterable[Event]:
        if event.get("type") == UPDATE and reach(event, limit) == -7:
            swallow[0] += 1
            yield {**without(event, limit), "event_id": "event_half"}
        yield event

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == UPDATED and swallow[0]:
            swallow[0] -= 1
            return
        yield event

    return Fault(sends=sends, receives=receives)


def _taking_any_modalities(dialect: Dialect) -> Fault:
    path = session_path(dialect, "modalities")
    return _receiving(lambda event: put(event, path, ["text"]) if reach(event, path) is not None else event)


@faults.mutant(killed_by="session.updates-are-legal-at-any-time", during="session/update_during_a_response")
def updates_are_refused_while_a_response_runs(_dialect: Dialect) -> Fault:
    """The endpoint is too busy for a `session.update`."""
    running, code = [False], "conversation_already_has_active_response"

    def receives(event: Event) -> Iterable[Event]:
        yield {**event, "type": "session.busy"} if event.get("type") == UPDATE and running[0] else event

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] in ("response.created", "response.done"):
            running[0] = event["type"] == "response.created"
        yield put(event, ("error", "code"), code) if event["type"] == "error" else event

    return Fault(sends=sends, receives=receives)


def _detection_reset(dialect: Dialect) -> Fault:
    path = session_path(dialect, "turn_detection")

    def change(event: Event) -> Event:
        asked = reach(event, path)
        named = not isinstance(asked, dict) or "type" in asked
        return event if named else put(event, path, {**asked, "type": "server_vad"})

    return _receiving(change)


# fmt: off
faults.rows(
    ("noise-reduction-is-taken-and-not-shown", "session.an-accepted-setting-is-shown",
     "session/reads_back_listening", "",
     "An update of the noise reduction is accepted, and the session does not show it.",
     lambda dialect: lacking((UPDATED,), session_path(dialect, "noise_reduction"))),
    ("another-model-than-asked-for", "session.the-model-is-the-one-asked-for", "session/defaults", "",
     "The session has a model of another name than the URL.",
     lambda dialect: _showing((CREATED, UPDATED), session_path(dialect, "model"), "another-model")),
    ("a-partial-update-resets-the-type", "session.a-partial-turn-detection-keeps-its-type",
     "session/partial_turn_detection", "",
     "An update of one field of the turn detection brings back its default type.", _detection_reset),
)
faults.rows(
    ("the-session-is-created-twice", "session.created-comes-once", "session/defaults", "session-created-twice",
     "The gateway says `session.created`, and then its upstream does.", lambda _: repeating(CREATED)),
    ("updates-are-never-answered", "session.an-update-is-answered", "session/defaults", "session-updated-never-sent",
     "An update is taken, and nothing says so.", lambda _: dropping(UPDATED)),
    ("updates-are-acknowledged-twice", "session.updated-answers-one-update", "response/text_turn", "",
     "Every update gets two acknowledgements.", lambda _: repeating(UPDATED)),
    ("an-update-shows-a-part", "session.updated-shows-everything", "session/defaults", "",
     "`session.updated` leaves the tools out.", lambda _: lacking((UPDATED,), ("session", "tools"))),
    ("every-update-makes-a-new-session-id", "session.the-id-is-constant", "session/defaults", "",
     "`session.updated` shows another id.", lambda _: _showing((UPDATED,), ("session", "id"), "sess_another")),
    ("an-update-changes-the-model", "session.the-model-is-constant", "session/model_lock",
     "key-model-acl-bypassed-by-frame",
     "A model named in an update becomes the session's.",
     lambda _: _showing((UPDATED,), ("session", "model"), "another-realtime-model")),
    ("the-expiry-is-in-milliseconds", "session.the-expiry-is-near", "session/defaults", "",
     "`expires_at` counts milliseconds.",
     lambda _: changing((CREATED,),
         lambda event: put(event, ("session", "expires_at"), event["session"]["expires_at"] * 1000))),
    ("instructions-are-passed-over", "session.an-update-takes-effect", "session/reads_back", "instructions-ignored",
     "Instructions in an update are acknowledged and ignored.", lambda dialect: _deaf_for(dialect, "instructions")),
    ("the-voice-is-passed-over", "session.an-update-takes-effect", "session/reads_back_speaking",
     "voice-ignored-or-dropped",
     "A voice in an update is acknowledged and ignored.", lambda dialect: _deaf_for(dialect, "voice")),
    ("tools-cannot-be-cleared", "session.null-and-empty-lists-clear", "session/clears_tools", "",
     "An empty list of tools is passed over.", lambda dialect: _deaf_for(dialect, "tools", [])),
    ("instructions-cannot-be-cleared", "session.empty-instructions-clear", "session/clears", "",
     "Empty instructions are passed over.", lambda dialect: _deaf_for(dialect, "instructions", "")),
    ("a-bad-limit-is-passed-over", "session.out-of-range-values-are-refused", "session/refuses_a_bad_value", "",
     "An impossible token limit is ignored, and the update accepted.",
     lambda dialect: _deaf_for(dialect, "max_output_tokens", -7)),
    ("a-refusal-does-not-say-what-was-wrong", "session.a-refusal-names-the-parameter", "session/refuses_a_bad_value",
     "", "The `error` about a bad setting has no `param`.",
     lambda _: changing(("error",), lambda event: put(event, ("error", "param"), None))),
)
faults.rows(
    ("the-type-may-be-left-out", "session.an-update-names-its-type", "session/refuses_a_missing_type", "",
     "An update without `session.type` is accepted.",
     lambda _: _receiving(lambda event: put(event, TYPE, "realtime") if reach(event, TYPE) is None else event)),
    ("unknown-settings-are-passed-over", "session.unknown-parameters-are-refused",
     "session/refuses_an_unknown_parameter", "",
     "An unknown setting is ignored, and the update accepted.",
     lambda _: _receiving(lambda event: without(event, ("session", "no_such_setting")))),
    ("text-and-audio-at-once", "session.modalities-are-exclusive", "session/refuses_the_modalities", "",
     "Both modalities at once are taken for one of them.", _taking_any_modalities),
    dialects=("ga",),
)
faults.rows(
    ("any-temperature-will-do", "session.out-of-range-values-are-refused", "session/refuses_a_bad_temperature", "",
     "A temperature far out of range is ignored, and the update accepted.",
     lambda dialect: _deaf_for(dialect, "temperature")),
    ("audio-without-text", "session.audio-comes-with-text", "session/refuses_the_modalities", "",
     "Audio alone is accepted.", _taking_any_modalities),
    dialects=("beta",),
)
