"""Endpoints whose usage does not add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.mutants.edits import editing, putting
from conformance.mutants.mutant import Fault, FaultTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.contract.dialect import Dialect, Event

faults = FaultTable()

DONE, CREATED = "response.done", "response.created"
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
TEXT_TURN = "response/text_turn"
USAGE = ("response", "usage")


def recounting(change: Callable[[dict[str, Any]], None]) -> Fault:
    """Let *change* alter the usage of each response that is done."""

    def edit(event: Event) -> Event:
        if event["type"] == DONE and isinstance(event["response"].get("usage"), dict):
            change(event["response"]["usage"])
        return event

    return editing(edit)


@faults.mutant(killed_by="usage.total-is-the-sum", during=TEXT_TURN, like="usage-sum-wrong")
def total_counts_twice(_dialect: Dialect) -> Fault:
    """The total is twice the sum."""
    return recounting(lambda usage: usage.update(total_tokens=2 * usage["total_tokens"]))


@faults.mutant(killed_by="usage.input-is-the-sum-of-its-kinds", during=TEXT_TURN, like="usage-sum-wrong")
def input_text_vanishes(_dialect: Dialect) -> Fault:
    """The details of the input count no text."""
    return putting(DONE, (*USAGE, "input_token_details", "text_tokens"), 0)


@faults.mutant(killed_by="usage.output-is-the-sum-of-its-kinds", during="response/audio_turn", like="usage-sum-wrong")
def output_text_vanishes(_dialect: Dialect) -> Fault:
    """The details of the output count audio only."""
    return putting(DONE, (*USAGE, "output_token_details", "text_tokens"), 0)


@faults.mutant(killed_by="usage.cached-is-part-of-the-input", during=TEXT_TURN, like="usage-sum-wrong")
def more_cached_than_there_was(_dialect: Dialect) -> Fault:
    """More input is cached than there was."""
    return putting(DONE, (*USAGE, "input_token_details", "cached_tokens"), 100_000)


@faults.mutant(killed_by="usage.cached-is-the-sum-of-its-kinds", during=TEXT_TURN)
def cached_kinds_do_not_add_up(_dialect: Dialect) -> Fault:
    """One cached token is of no kind."""

    def change(usage: dict[str, Any]) -> None:
        usage["input_token_details"]["cached_tokens"] += 1

    return recounting(change)


@faults.mutant(killed_by="usage.counts-are-natural-numbers", during=TEXT_TURN)
def negative_reasoning(_dialect: Dialect) -> Fault:
    """Reasoning takes less than nothing."""
    return putting(DONE, (*USAGE, "output_token_details", "reasoning_tokens"), -1)


@faults.mutant(killed_by="usage.cached-kinds-are-part-of-the-input", during="usage/several_turns")
def cached_audio_of_a_text_session(_dialect: Dialect) -> Fault:
    """Cached text is counted as cached audio."""

    def change(usage: dict[str, Any]) -> None:
        details = usage["input_token_details"]
        details["cached_tokens"] = max(details["cached_tokens"], 1)
        details["cached_tokens_details"] |= {"text_tokens": 0, "audio_tokens": details["cached_tokens"]}

    return recounting(change)


@faults.mutant(killed_by="usage.created-has-none", during=TEXT_TURN)
def usage_before_the_response_began(_dialect: Dialect) -> Fault:
    """A new response has usage already."""
    nothing = dict.fromkeys(("total_tokens", "input_tokens", "output_tokens"), 0)
    details = {"text_tokens": 0, "audio_tokens": 0}
    return putting(CREATED, USAGE, {**nothing, "input_token_details": details, "output_token_details": details})


@faults.mutant(killed_by="usage.completed-has-usage", during=TEXT_TURN, like="usage-missing")
def usage_is_missing(_dialect: Dialect) -> Fault:
    """A response that is done has no usage."""
    return putting(DONE, USAGE, None)


@faults.mutant(killed_by="usage.has-its-breakdown", during=TEXT_TURN, like="usage-no-breakdown")
def usage_without_details(_dialect: Dialect) -> Fault:
    """Usage has totals only."""

    def change(usage: dict[str, Any]) -> None:
        del usage["input_token_details"], usage["output_token_details"]

    return recounting(change)


@faults.mutant(killed_by="usage.details-are-spelled-in-the-singular", during=TEXT_TURN, like="usage-key-spelling")
def details_in_the_plural(_dialect: Dialect) -> Fault:
    """The details are called as in another API."""

    def change(usage: dict[str, Any]) -> None:
        for side in ("input", "output"):
            usage[f"{side}_tokens_details"] = usage.pop(f"{side}_token_details")

    return recounting(change)


@faults.mutant(killed_by="usage.has-no-names-of-chat", during=TEXT_TURN, like="usage-chat-spelling")
def usage_as_in_chat(_dialect: Dialect) -> Fault:
    """Usage has the names of chat completions."""

    def edit(event: Event) -> Event:
        if event["type"] == DONE:
            usage = event["response"]["usage"]
            given, produced = usage["input_tokens"], usage["output_tokens"]
            counted = {"prompt_tokens": given, "completion_tokens": produced, "total_tokens": given + produced}
            event["response"]["usage"] = counted
        return event

    return editing(edit)


@faults.mutant(killed_by="usage.transcription-total-is-the-sum", during="transcription/tokens", like="usage-sum-wrong")
def transcription_total_is_wrong(_dialect: Dialect) -> Fault:
    """The tokens of a transcription do not add up."""
    return putting(TRANSCRIBED, ("usage", "total_tokens"), 10_000)


@faults.mutant(
    killed_by="usage.transcription-is-tokens-or-seconds",
    during="transcription/tokens",
    like="usage-on-interim-transcript",
)
def transcription_in_tokens_and_seconds(_dialect: Dialect) -> Fault:
    """The usage of a transcription is in tokens and in seconds."""
    return putting(TRANSCRIBED, ("usage", "seconds"), 1)


@faults.mutant(
    killed_by="usage.transcription-comes-with-the-whole",
    during="transcription/in_a_conversation",
    like="usage-on-interim-transcript",
)
def transcription_usage_with_a_delta(_dialect: Dialect) -> Fault:
    """Every delta of a transcription has usage."""

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == "conversation.item.input_audio_transcription.delta":
            event = {**event, "usage": {"type": "duration", "seconds": 1}}
        yield event

    return Fault(sends=sends)
