"""Endpoints that transcribe what the user said wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.mutants.edits import item_id_of
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_after, changing, dropping, lacking, repeating, setting
from conformance.trace.trace import Event

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


@faults.mutant(killed_by="transcription.logprobs-are-no-more-than-zero", during="transcription/logprobs")
def probabilities_are_no_logarithms(_dialect: Dialect) -> Fault:
    """What is told as log probabilities are probabilities."""

    def change(event: Event) -> Event:
        told = [{**each, "logprob": exp(each["logprob"])} for each in event.get("logprobs", ())]
        return {**event, "logprobs": told} if told else event

    return changing((DELTA, COMPLETED), change)


@faults.mutant(killed_by="transcription.logprobs-come-when-asked-for", during="transcription/logprobs")
def a_wish_for_logprobs_is_shown_and_forgotten(_dialect: Dialect) -> Fault:
    """The session shows that log probabilities are included, and no transcription has them."""
    return lacking((DELTA, COMPLETED), ("logprobs",))


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


# fmt: off
faults.rows(
    ("deltas-name-an-unknown-item", "transcription.names-the-users-audio", "transcription/in_a_conversation",
     "ids-inconsistent-over-events",
     "The deltas of a transcription name an item that does not exist.",
     lambda _: setting(DELTA, item_id="item_unknown")),
    ("a-transcription-is-of-another-part", "transcription.names-an-audio-part", "transcription/in_a_conversation", "",
     "A transcription names a content part that the item does not have.",
     lambda _: setting(DELTA, COMPLETED, content_index=1)),
    ("a-transcription-ends-twice", "transcription.ends-once", "transcription/in_a_conversation", "done-chunk-level",
     "A transcription is completed twice.", lambda _: repeating(COMPLETED)),
    ("a-transcription-never-ends", "transcription.ends-at-all", "transcription/in_a_conversation",
     "transcription-done-never",
     "A transcription streams its deltas and never ends.", lambda _: dropping(COMPLETED)),
    ("the-transcript-is-another-text", "transcription.deltas-make-the-transcript", "transcription/in_a_conversation",
     "transcript-append-only-violated",
     "The transcript says something else than its deltas.",
     lambda _: setting(COMPLETED, transcript="Something else entirely.")),
    ("a-failed-transcription-ends-the-session", "transcription.failure-ends-nothing", "transcription/failed", "",
     "The endpoint hangs up once a transcription has failed.",
     lambda _: Fault(ends=lambda event: (1000, "") if event.get("type") == FAILED else None)),
)
