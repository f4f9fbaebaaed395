"""Endpoints that transcribe what the user said wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.contract.dialect import Dialect, Event
from conformance.mutants.changes import adding_after, dropping, item_id_of, repeating, setting
from conformance.mutants.mutant import Fault, FaultTable

faults = FaultTable()

PREFIX = "conversation.item.input_audio_transcription."
DELTA, COMPLETED, FAILED = PREFIX + "delta", PREFIX + "completed", PREFIX + "failed"
COMMITTED, ADDED = "input_audio_buffer.committed", "conversation.item.added"

#: Usage of a response that was cancelled before it said anything.
NOTHING_USED: dict[str, Any] = {
    "total_tokens": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "input_token_details": {"text_tokens": 0, "audio_tokens": 0, "cached_tokens": 0},
    "output_token_details": {"text_tokens": 0, "audio_tokens": 0},
}


def _transcript(item_id: str | None) -> Event:
    return {
        "type": COMPLETED,
        "item_id": item_id,
        "content_index": 0,
        "transcript": "Hello.",
        "usage": {"type": "duration", "seconds": 1},
    }


@faults.mutant(killed_by="transcription.only-when-configured", during="transcription/off")
def everything_is_transcribed(_dialect: Dialect) -> Fault:
    """Audio is transcribed although the session has no transcription."""

    def make(event: Event) -> Iterable[Event]:
        if any(part.get("type") == "input_audio" for part in event["item"].get("content", ())):
            yield _transcript(item_id_of(event))

    return adding_after(ADDED, make)


@faults.mutant(
    killed_by="transcription.names-the-users-audio",
    during="transcription/in_a_conversation",
    like="ids-inconsistent-over-events",
)
def deltas_name_an_unknown_item(_dialect: Dialect) -> Fault:
    """The deltas of a transcription name an item that does not exist."""
    return setting(DELTA, item_id="item_unknown")


@faults.mutant(killed_by="transcription.names-an-audio-part", during="transcription/in_a_conversation")
def a_transcription_is_of_another_part(_dialect: Dialect) -> Fault:
    """A transcription names a content part that the item does not have."""
    return setting(DELTA, COMPLETED, content_index=1)


@faults.mutant(killed_by="transcription.ends-once", during="transcription/in_a_conversation", like="done-chunk-level")
def a_transcription_ends_twice(_dialect: Dialect) -> Fault:
    """A transcription is completed twice."""
    return repeating(COMPLETED)


@faults.mutant(
    killed_by="transcription.ends-at-all",
    during="transcription/in_a_conversation",
    like="transcription-done-never",
)
def a_transcription_never_ends(_dialect: Dialect) -> Fault:
    """A transcription streams its deltas and never ends."""
    return dropping(COMPLETED)


@faults.mutant(killed_by="transcription.end-is-last", during="transcription/in_a_conversation")
def a_delta_follows_the_transcript(_dialect: Dialect) -> Fault:
    """A delta comes after the end of its transcription."""

    def make(event: Event) -> Iterable[Event]:
        yield {
            "type": DELTA,
            "item_id": event["item_id"],
            "content_index": event["content_index"],
            "delta": " And",
        }

    return adding_after(COMPLETED, make)


@faults.mutant(
    killed_by="transcription.deltas-make-the-transcript",
    during="transcription/in_a_conversation",
    like="transcript-append-only-violated",
)
def the_transcript_is_another_text(_dialect: Dialect) -> Fault:
    """The transcript says something else than its deltas."""
    return setting(COMPLETED, transcript="Something else entirely.")


@faults.mutant(killed_by="transcription.failure-is-its-own-event", during="transcription/failed")
def a_failed_transcription_is_an_error_too(_dialect: Dialect) -> Fault:
    """A transcription that fails is also reported as an `error`."""
    error: dict[str, Any] = {
        "type": "transcription_error",
        "code": "transcription_failed",
        "message": "The transcription failed.",
        "param": None,
        "event_id": None,
    }
    return adding_after(FAILED, lambda _: [{"type": "error", "error": error}])


@faults.mutant(killed_by="transcription.failure-ends-nothing", during="transcription/failed")
def a_failed_transcription_ends_the_session(_dialect: Dialect) -> Fault:
    """The endpoint hangs up once a transcription has failed."""
    return Fault(ends=lambda event: (1000, "") if event.get("type") == FAILED else None)


@faults.mutant(killed_by="transcription.session-never-responds", during="transcription/session")
def a_transcription_session_answers(dialect: Dialect) -> Fault:
    """A transcription session answers what it transcribed."""
    effective = {"modalities": "text", "max_output_tokens": "inf", "voice": "alloy", "output_format": "pcm16"}
    response = {
        "object": "realtime.response",
        "id": "resp_uncalled",
        "output": [],
        "conversation_id": "conv_uncalled",
        "metadata": None,
        **dialect.response({**effective, "temperature": 0.8}),
    }
    cancelled = {"type": "cancelled", "reason": "turn_detected"}
    begun = {"status": "in_progress", "status_details": None, "usage": None}
    ended = {"status": "cancelled", "status_details": cancelled, "usage": NOTHING_USED}

    def make(_event: Event) -> Iterable[Event]:
        yield {"type": "response.created", "response": {**response, **begun}}
        yield {"type": "response.done", "response": {**response, **ended}}

    return adding_after(COMPLETED, make)
