"""Endpoints that stream broken audio, or lose count of items and parts."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from conformance.mutants.edits import put
from conformance.mutants.mutant import Fault, FaultTable, Transform
from conformance.mutants.operators import changing_all, putting
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

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

    return changing_all(change)


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


@faults.mutant(killed_by="streaming.part-holds-what-its-type-says", during=TEXT_TURN)
def text_in_an_audio_part(_dialect: Dialect) -> Fault:
    """Text is streamed into a part of type audio."""

    def change(event: Event) -> Event:
        if event["type"] in (PART, PART_DONE):
            event["part"] |= {"type": "audio", "transcript": event["part"].get("text", "")}
        return event

    return changing_all(change)


@faults.mutant(killed_by="streaming.item-ends-finished", during=TEXT_TURN)
def item_ends_in_progress(_dialect: Dialect) -> Fault:
    """An output item that is done is still in progress."""

    def change(event: Event) -> Event:
        if event["type"] == "response.done":
            return put(event, ("response", "output", 0, "status"), "in_progress")
        return put(event, ("item", "status"), "in_progress") if event["type"] == DONE else event

    return changing_all(change)


def _a_part_more(dialect: Dialect) -> Fault:
    part = {"type": dialect.content_type("output_text"), "text": "And more."}

    def change(event: Event) -> Event:
        if event["type"] == "response.done":
            event["response"]["output"][0]["content"].append(part)
        return event

    return changing_all(change)


# fmt: off
faults.rows(
    ("audio-loses-a-byte", "streaming.audio-is-whole-samples", AUDIO_TURN, "",
     "The first audio delta is one byte short.", lambda _: Fault(sends=_cutting(carried=False))),
    ("samples-lie-across-deltas", "streaming.audio-delta-is-whole-samples", AUDIO_TURN, "",
     "The first audio delta is one byte short; the second begins with that byte.",
     lambda _: Fault(sends=_cutting(carried=True))),
    ("part-done-repeats-the-audio", "streaming.done-carries-no-audio", AUDIO_TURN, "",
     "`response.content_part.done` carries audio.", lambda _: putting(PART_DONE, ("part", "audio"), "AAAA")),
    ("output-index-always-zero", "streaming.output-index-counts-up", "tools/two_calls", "index-not-tracked",
     "Every item has the output index 0.",
     lambda _: changing_all(lambda event: {**event, "output_index": 0} if "output_index" in event else event)),
    ("content-index-from-one", "streaming.content-index-counts-up", TEXT_TURN, "index-not-tracked",
     "Content parts are numbered from 1.",
     lambda _: changing_all(lambda event: {**event, "content_index": 1} if "content_index" in event else event)),
    ("deltas-of-another-index", "streaming.ids-never-contradict", TEXT_TURN, "ids-inconsistent-over-events",
     "Deltas have another output index than their item.", lambda _: putting(TEXT, ("output_index",), 7)),
    ("part-changes-its-type", "streaming.part-type-stays", TEXT_TURN, "",
     "A content part that began as text ends as audio.", lambda _: putting(PART_DONE, ("part", "type"), "audio")),
    ("item-without-its-parts", "streaming.an-item-shows-its-parts", TEXT_TURN, "",
     "`response.output_item.done` shows no content.", lambda _: putting(DONE, ("item", "content"), [])),
    ("response-without-the-parts", "streaming.a-response-shows-the-parts", TEXT_TURN, "",
     "`response.done` shows a message without content.",
     lambda _: putting("response.done", ("response", "output", 0, "content"), [])),
    ("a-part-more-in-the-response", "streaming.a-response-shows-the-parts", TEXT_TURN, "",
     "`response.done` shows a part that was never streamed.", _a_part_more),
    ("item-begins-completed", "streaming.item-begins-in-progress", TEXT_TURN, "",
     "An output item is completed when it is added.", lambda _: putting(ADDED, ("item", "status"), "completed")),
)
