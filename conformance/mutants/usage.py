"""Endpoints whose usage does not add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import changing_all, putting
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.contract.dialect import Dialect

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

    return changing_all(edit)


@faults.mutant(killed_by="usage.cached-is-the-sum-of-its-kinds", during=TEXT_TURN)
def cached_kinds_do_not_add_up(_dialect: Dialect) -> Fault:
    """One cached token is of no kind."""

    def change(usage: dict[str, Any]) -> None:
        usage["input_token_details"]["cached_tokens"] += 1

    return recounting(change)


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

    return changing_all(edit)


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


# fmt: off
faults.rows(
    ("total-counts-twice", "usage.total-is-the-sum", TEXT_TURN, "usage-sum-wrong",
     "The total is twice the sum.",
     lambda _: recounting(lambda usage: usage.update(total_tokens=2 * usage["total_tokens"]))),
    ("input-text-vanishes", "usage.input-is-the-sum-of-its-kinds", TEXT_TURN, "usage-sum-wrong",
     "The details of the input count no text.",
     lambda _: putting(DONE, (*USAGE, "input_token_details", "text_tokens"), 0)),
    ("output-text-vanishes", "usage.output-is-the-sum-of-its-kinds", "response/audio_turn", "usage-sum-wrong",
     "The details of the output count audio only.",
     lambda _: putting(DONE, (*USAGE, "output_token_details", "text_tokens"), 0)),
    ("more-cached-than-there-was", "usage.cached-is-part-of-the-input", TEXT_TURN, "usage-sum-wrong",
     "More input is cached than there was.",
     lambda _: putting(DONE, (*USAGE, "input_token_details", "cached_tokens"), 100_000)),
    ("negative-reasoning", "usage.counts-are-natural-numbers", TEXT_TURN, "",
     "Reasoning takes less than nothing.",
     lambda _: putting(DONE, (*USAGE, "output_token_details", "reasoning_tokens"), -1)),
    ("counts-are-text", "usage.counts-are-natural-numbers", TEXT_TURN, "usage-counts-are-strings",
     "The total is a text.", lambda _: putting(DONE, (*USAGE, "total_tokens"), "34")),
    ("counts-have-fractions", "usage.counts-are-natural-numbers", TEXT_TURN, "usage-counts-are-floats",
     "The input is counted in halves.", lambda _: putting(DONE, (*USAGE, "input_tokens"), 12.5)),
    ("usage-is-a-list", "usage.counts-are-natural-numbers", TEXT_TURN, "",
     "The usage is a list of two numbers.", lambda _: putting(DONE, USAGE, [1, 2])),
    ("usage-is-missing", "usage.completed-has-usage", TEXT_TURN, "usage-missing",
     "A response that is done has no usage.", lambda _: putting(DONE, USAGE, None)),
    ("transcription-total-is-wrong", "usage.transcription-total-is-the-sum", "transcription/tokens", "usage-sum-wrong",
     "The tokens of a transcription do not add up.", lambda _: putting(TRANSCRIBED, ("usage", "total_tokens"), 10_000)),
    ("transcription-in-tokens-and-seconds", "usage.transcription-is-tokens-or-seconds", "transcription/tokens",
     "usage-on-interim-transcript",
     "The usage of a transcription is in tokens and in seconds.",
     lambda _: putting(TRANSCRIBED, ("usage", "seconds"), 1)),
)
