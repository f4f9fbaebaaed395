"""Endpoints whose usage adds up and is still not what was used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.contract.dialect import reach
from conformance.mutants.edits import put
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import changing_all
from conformance.mutants.usage import TRANSCRIBED, recounting
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

TRUNCATION = ("session", "truncation")
LIMITED = {"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 400}}


@faults.mutant(killed_by="metering.token-limits-hold", during="usage/token_limits", dialects=("ga",))
def a_token_limit_is_shown_and_ignored(_dialect: Dialect) -> Fault:
    """The session shows a token limit, and every response is given the whole conversation."""

    def receives(event: Event) -> Iterable[Event]:
        yield put(event, TRUNCATION, "auto") if reach(event, TRUNCATION) is not None else event

    def sends(event: Event) -> Iterable[Event]:
        yield put(event, TRUNCATION, LIMITED) if event["type"] == "session.updated" else event

    return Fault(sends=sends, receives=receives)


TEXT_TURN, AUDIO_TURN = "response/text_turn", "response/audio_turn"
SEVERAL = "usage/several_turns"


def _count(usage: dict[str, Any], side: str, **kinds: int) -> None:
    """Set counts of one side by kind, and the sums that follow from them; nothing is cached."""
    details = usage[f"{side}_token_details"]
    details |= kinds
    if side == "input":
        details["cached_tokens"] = 0
        details["cached_tokens_details"] = dict.fromkeys(details["cached_tokens_details"], 0)
    usage[f"{side}_tokens"] = sum(details.get(f"{kind}_tokens", 0) for kind in ("text", "audio", "image"))
    usage["total_tokens"] = usage["input_tokens"] + usage["output_tokens"]


@faults.mutant(killed_by="metering.pictures-are-counted", during="items/image_answered", dialects={"ga"})
def pictures_count_as_text(_dialect: Dialect) -> Fault:
    """The tokens of a picture are counted as text."""

    def change(usage: dict[str, Any]) -> None:
        details = usage["input_token_details"]
        _count(usage, "input", text_tokens=details["text_tokens"] + details["image_tokens"], image_tokens=0)

    return recounting(change)


@faults.mutant(killed_by="metering.text-response-has-no-audio-output", during=TEXT_TURN)
def text_output_counts_as_audio(_dialect: Dialect) -> Fault:
    """The text that the model wrote is counted as audio."""

    def change(usage: dict[str, Any]) -> None:
        _count(usage, "output", text_tokens=0, audio_tokens=usage["output_tokens"])

    return recounting(change)


@faults.mutant(killed_by="metering.no-audio-costs-no-audio-input", during=TEXT_TURN)
def text_input_counts_as_audio(_dialect: Dialect) -> Fault:
    """The text that the user wrote is counted as audio."""

    def change(usage: dict[str, Any]) -> None:
        _count(usage, "input", text_tokens=0, audio_tokens=usage["input_tokens"])

    return recounting(change)


@faults.mutant(
    killed_by="metering.output-audio-has-its-rate", during=AUDIO_TURN, like="double-charge-segments-plus-settle"
)
def audio_output_counts_twice(_dialect: Dialect) -> Fault:
    """The audio that was streamed is counted twice."""

    def change(usage: dict[str, Any]) -> None:
        _count(usage, "output", audio_tokens=2 * usage["output_token_details"]["audio_tokens"])

    return recounting(change)


@faults.mutant(
    killed_by="metering.input-audio-has-its-rate", during="audio/manual_turn", like="audio-estimate-wrong-format"
)
def audio_input_counts_thrice(_dialect: Dialect) -> Fault:
    """The audio of the user is counted as if it were three times as long."""

    def change(usage: dict[str, Any]) -> None:
        _count(usage, "input", audio_tokens=3 * usage["input_token_details"]["audio_tokens"] + 10)

    return recounting(change)


@faults.mutant(killed_by="metering.input-does-not-shrink", during=SEVERAL)
def earlier_turns_are_not_counted(_dialect: Dialect) -> Fault:
    """Of the conversation, less is counted from turn to turn."""
    turns: list[int] = []

    def change(usage: dict[str, Any]) -> None:
        turns.append(usage["input_tokens"])
        _count(usage, "input", text_tokens=max(1, turns[0] - 2 * len(turns)))

    return recounting(change)


@faults.mutant(killed_by="metering.is-counted-per-response", during=SEVERAL, like="usage-cumulative")
def usage_of_the_whole_session(_dialect: Dialect) -> Fault:
    """Every response tells the usage of the session so far."""
    spent = {"input": 0, "output": 0}

    def change(usage: dict[str, Any]) -> None:
        for side in spent:
            spent[side] += usage[f"{side}_tokens"]
            _count(usage, side, text_tokens=spent[side])

    return recounting(change)


@faults.mutant(killed_by="metering.completed-counts-its-output", during=TEXT_TURN, like="usage-always-zero")
def usage_is_always_zero(_dialect: Dialect) -> Fault:
    """Every count is zero."""

    def change(usage: dict[str, Any]) -> None:
        for side in ("input", "output"):
            _count(usage, side, text_tokens=0, audio_tokens=0)

    return recounting(change)


@faults.mutant(killed_by="metering.transcription-seconds-match-the-audio", during="transcription/in_a_conversation")
def transcription_of_a_minute(_dialect: Dialect) -> Fault:
    """Every transcription is billed as a minute."""

    def edit(event: Event) -> Event:
        if event["type"] == TRANSCRIBED:
            event["usage"] = {"type": "duration", "seconds": 60}
        return event

    return changing_all(edit)


@faults.mutant(killed_by="metering.transcription-audio-has-its-rate", during="transcription/tokens")
def transcribed_audio_counts_thrice(_dialect: Dialect) -> Fault:
    """The audio of a transcription is counted three times."""

    def edit(event: Event) -> Event:
        if event["type"] == TRANSCRIBED and event["usage"]["type"] == "tokens":
            _triple(event["usage"])
        return event

    return changing_all(edit)


@faults.mutant(
    killed_by="metering.output-fits-what-was-streamed",
    during="usage/long_then_short",
    like="usage-cumulative-over-session",
)
def output_is_counted_since_the_beginning(_dialect: Dialect) -> Fault:
    """Every response counts the output of all responses before it as well."""
    before = [0]

    def change(usage: dict[str, Any]) -> None:
        before[0] += usage["output_token_details"]["text_tokens"]
        _count(usage, "output", text_tokens=before[0])

    return recounting(change)


def _triple(usage: dict[str, Any]) -> None:
    details = usage["input_token_details"]
    details["audio_tokens"] = 3 * details["audio_tokens"] + 10
    usage["input_tokens"] = details["text_tokens"] + details["audio_tokens"]
    usage["total_tokens"] = usage["input_tokens"] + usage["output_tokens"]
