"""Endpoints that do something else than the client's `response.create` asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.mutants.edits import put, without
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import (
    adding_after,
    adding_before,
    both,
    changing_all,
    dropping,
    ignoring,
    noting,
    putting,
)
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

CREATED, DONE, CREATE = "response.created", "response.done", "response.create"
ADDED = "conversation.item.added"
TRANSCRIPT = "response.output_audio_transcript"
NOTHING = {"text_tokens": 0, "audio_tokens": 0}
FAILED = {
    "status": "failed",
    "status_details": {"type": "failed", "error": {"type": "server_error", "code": "server_error"}},
    "usage": {
        **dict.fromkeys(("total_tokens", "input_tokens", "output_tokens"), 0),
        "input_token_details": {**NOTHING, "cached_tokens": 0},
        "output_token_details": NOTHING,
    },
}


@faults.mutant(killed_by="response_create.metadata-is-returned", during="response/metadata")
def metadata_sticks(_dialect: Dialect) -> Fault:
    """A response that was given no metadata shows those of the response before it."""
    latest: list[Event] = []

    def change(event: Event) -> Event:
        if event["type"] in (CREATED, DONE):
            given = event["response"].get("metadata")
            if given:
                latest[:] = [given]
            elif latest:
                event["response"]["metadata"] = latest[0]
        return event

    return changing_all(change)


@faults.mutant(
    killed_by="response_create.collision-spares-the-running-response",
    during="response/collision",
    like="second-response-kills-first-silently",
)
def second_response_kills_the_first(_dialect: Dialect) -> Fault:
    """A second `response.create` cancels the running response and begins its own."""
    created: list[Event] = []

    def receives(event: Event) -> Iterable[Event]:
        if event.get("type") == CREATE:
            if created:
                yield {"type": "response.cancel"}
            created.append(event)
        yield event

    return Fault(receives=receives)


@faults.mutant(
    killed_by="response_create.one-response-at-a-time",
    during="response/text_turn",
    like="proxy-injects-response-create",
)
def two_responses_at_once(_dialect: Dialect) -> Fault:
    """A second response of the same conversation begins, and fails, while the first one runs."""
    created: list[Event] = []

    def second(_event: Event) -> Iterable[Event]:
        response = {**created[0]["response"], "id": "resp_second"}
        yield {"type": CREATED, "response": response}
        yield {"type": DONE, "response": {**response, **FAILED}}

    return both(noting(CREATED, created), adding_before(DONE, second))


@faults.mutant(killed_by="response_create.out-of-band-has-no-conversation", during="response/out_of_band")
def out_of_band_in_a_conversation(_dialect: Dialect) -> Fault:
    """A response outside the conversation names a conversation."""

    def change(event: Event) -> Event:
        named = event.get("response")
        if isinstance(named, dict) and named.get("conversation_id", "") is None:
            return put(event, ("response", "conversation_id"), "conv_other")
        return event

    return changing_all(change)


@faults.mutant(
    killed_by="response_create.out-of-band-input-stays-outside",
    during="response/out_of_band_beside",
    like="response-overrides-ignored",
)
def out_of_band_input_joins(dialect: Dialect) -> Fault:
    """The input of a response outside the conversation is added to it."""
    added: list[Event] = []
    content = [{"type": "input_text", "text": "Say exactly: Aside."}]
    item = {"id": "item_polluting", "type": "message", "role": "user", "status": "completed", "content": content}

    def joined(event: Event) -> Iterable[Event]:
        if added and event["response"].get("conversation_id", "") is None:
            place = {"previous_item_id": added[-1]["item"]["id"], "item": item}
            yield {"type": ADDED, **place}
            if dialect.wire_name(ADDED) == ADDED:
                yield {"type": "conversation.item.done", **place}

    return both(noting(ADDED, added), adding_after(CREATED, joined))


@faults.mutant(
    killed_by="response_create.overrides-are-honoured",
    during="response/modality_override",
    like="response-overrides-ignored",
)
def overrides_are_ignored(dialect: Dialect) -> Fault:
    """What a `response.create` overrides is ignored."""
    path = ("response", *dialect.response_paths["modalities"])
    return Fault(receives=lambda event: (without(event, path) if event.get("type") == CREATE else event,))


@faults.mutant(killed_by="response_create.overrides-end-with-their-response", during="response/overrides")
def overrides_stick(_dialect: Dialect) -> Fault:
    """What one `response.create` overrides holds for all that follow."""
    limit: list[Any] = []

    def receives(event: Event) -> Iterable[Event]:
        if event.get("type") == CREATE:
            given = event.get("response")
            asked = given if isinstance(given, dict) else {}
            limit.extend([asked["max_output_tokens"]] if "max_output_tokens" in asked else [])
            sticking = {"max_output_tokens": limit[-1]} if limit else {}
            event = {**event, "response": {**sticking, **asked}} if isinstance(given, dict | None) else event
        yield event

    return Fault(receives=receives)


@faults.mutant(killed_by="response_create.text-only-has-no-audio", during="response/text_turn")
def text_comes_as_a_transcript(_dialect: Dialect) -> Fault:
    """A response of text only is streamed as the transcript of audio."""

    def change(event: Event) -> Event:
        kind = event["type"]
        if kind.startswith("response.output_text."):
            event["type"] = kind.replace("output_text", "output_audio_transcript")
        if "text" in event:
            event["transcript"] = event.pop("text")
        if isinstance(event.get("part"), dict):
            event["part"] = {"type": "audio", "transcript": event["part"].get("text", "")}
        return event

    return changing_all(change)


# fmt: off
faults.rows(
    ("create-is-ignored", "response_create.create-begins-a-response", "response/text_turn", "",
     "`response.create` has no effect and no answer.",
     lambda _: ignoring(CREATE)),
    ("collision-is-ignored", "response_create.collision-is-refused", "response/collision", "",
     "A second `response.create` has no effect and no answer.", lambda _: dropping("error")),
    ("collision-without-its-code", "response_create.collision-has-its-code", "response/collision", "",
     "The refusal of a second response has no code, as the first beta did it.",
     lambda _: putting("error", ("error", "code"), None)),
    ("out-of-band-counts-as-active", "response_create.out-of-band-may-overlap", "response/out_of_band_beside", "",
     "A response outside the conversation is refused while another one runs.",
     lambda _: Fault(receives=lambda event: (without(event, ("response", "conversation")),))),
    ("metadata-is-lost", "response_create.metadata-is-returned", "response/metadata", "response-overrides-ignored",
     "The response does not carry its metadata.",
     lambda _: changing_all(lambda event: put(event, ("response", "metadata"), None))),
    ("audio-without-a-transcript", "response_create.audio-comes-with-a-transcript", "response/audio_turn", "",
     "Audio is streamed without its transcript.", lambda _: dropping(TRANSCRIPT + ".delta", TRANSCRIPT + ".done")),
)
