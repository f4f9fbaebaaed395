"""Endpoints that stream broken audio, or lose count of items and parts."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from conformance.mutants.edits import editing, put, putting
from conformance.mutants.mutant import Fault, FaultTable, Transform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect, Event

faults = FaultTable()

AUDIO, TEXT = "response.output_audio.delta", "response.output_text.delta"
ADDED, DONE = "response.output_item.added", "response.output_item.done"
PART, PART_DONE = "response.content_part.added", "response.content_part.done"
TEXT_TURN, AUDIO_TURN = "response/text_turn", "response/audio_turn"


@faults.mutant(killed_by="streaming.audio-is-base64", during=AUDIO_TURN)
def audio_in_another_alphabet(_dialect: Dialect) -> Fault:
    """Audio deltas are in the URL-safe alphabet, without padding."""

    def change(event: Event) -> Event:
        if event["type"] == AUDIO:
            event["delta"] = "-_" + event["delta"].rstrip("=")[2:] + "_"
        return event

    return editing(change)


@faults.mutant(killed_by="streaming.audio-is-whole-samples", during=AUDIO_TURN)
def audio_loses_a_byte(_dialect: Dialect) -> Fault:
    """The first audio delta is one byte short."""
    return Fault(sends=_cutting(carried=False))


@faults.mutant(killed_by="streaming.audio-delta-is-whole-samples", during=AUDIO_TURN)
def samples_lie_across_deltas(_dialect: Dialect) -> Fault:
    """The first audio delta is one byte short; the second begins with that byte."""
    return Fault(sends=_cutting(carried=True))


def _cutting(*, carried: bool) -> Transform:
    rest: list[bytes] = []

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == AUDIO and len(rest) < 2:
            data = b64decode(event["delta"])
            if not rest:
                rest.append(data[-1:])
                data = data[:-1]
            else:
                data = (rest[0] if carried else b"") + data
                rest.append(b"")
            event = {**event, "delta": b64encode(data).decode()}
        yield event

    return sends


@faults.mutant(killed_by="streaming.done-carries-no-audio", during=AUDIO_TURN)
def part_done_repeats_the_audio(_dialect: Dialect) -> Fault:
    """`response.content_part.done` carries audio."""
    return putting(PART_DONE, ("part", "audio"), "AAAA")


@faults.mutant(killed_by="streaming.output-index-counts-up", during="tools/two_calls", like="index-not-tracked")
def output_index_always_zero(_dialect: Dialect) -> Fault:
    """Every item has the output index 0."""
    return editing(lambda event: {**event, "output_index": 0} if "output_index" in event else event)


@faults.mutant(killed_by="streaming.content-index-counts-up", during=TEXT_TURN, like="index-not-tracked")
def content_index_from_one(_dialect: Dialect) -> Fault:
    """Content parts are numbered from 1."""
    return editing(lambda event: {**event, "content_index": 1} if "content_index" in event else event)


@faults.mutant(killed_by="streaming.ids-never-contradict", during=TEXT_TURN, like="ids-inconsistent-over-events")
def deltas_of_another_index(_dialect: Dialect) -> Fault:
    """Deltas have another output index than their item."""
    return putting(TEXT, ("output_index",), 7)


@faults.mutant(killed_by="streaming.part-type-stays", during=TEXT_TURN)
def part_changes_its_type(_dialect: Dialect) -> Fault:
    """A content part that began as text ends as audio."""
    return putting(PART_DONE, ("part", "type"), "audio")


@faults.mutant(killed_by="streaming.part-holds-what-its-type-says", during=TEXT_TURN)
def text_in_an_audio_part(_dialect: Dialect) -> Fault:
    """Text is streamed into a part of type audio."""

    def change(event: Event) -> Event:
        if event["type"] in (PART, PART_DONE):
            event["part"] |= {"type": "audio", "transcript": event["part"].get("text", "")}
        return event

    return editing(change)


@faults.mutant(killed_by="streaming.item-begins-in-progress", during=TEXT_TURN)
def item_begins_completed(_dialect: Dialect) -> Fault:
    """An output item is completed when it is added."""
    return putting(ADDED, ("item", "status"), "completed")


@faults.mutant(killed_by="streaming.item-ends-finished", during=TEXT_TURN)
def item_ends_in_progress(_dialect: Dialect) -> Fault:
    """An output item that is done is still in progress."""

    def change(event: Event) -> Event:
        if event["type"] == "response.done":
            return put(event, ("response", "output", 0, "status"), "in_progress")
        return put(event, ("item", "status"), "in_progress") if event["type"] == DONE else event

    return editing(change)
