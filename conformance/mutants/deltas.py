"""Endpoints that lose a delta, or show another text than they streamed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from conformance.mutants.edits import Path, is_output, put
from conformance.mutants.mutant import Fault, FaultTable, Row
from conformance.mutants.operators import changing_all, dropping_first, putting
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

CONVERSATION_DONE = "conversation.item.done"

#: What is streamed -> the stream, and a scenario that streams it.
KINDS = {
    "text": ("output_text", "response/text_turn"),
    "transcript": ("output_audio_transcript", "response/audio_turn"),
}
#: Rule -> the event and the path of the object that shows the whole.
PLACES: dict[str, tuple[str, Path]] = {
    "part": ("response.content_part.done", ("part",)),
    "item": ("response.output_item.done", ("item", "content", 0)),
    "response": ("response.done", ("response", "output", 0, "content", 0)),
}


def _rows(name: str, stream: str, during: str) -> Iterable[Row]:
    """Return the mutants that lose a delta of *name*, or show another one in one of the PLACES."""
    like = "delta-concat-mismatch"
    # fmt: off
    yield (f"first-{name}-delta-is-lost", f"deltas.{name}-is-made-of-its-deltas", during, like,
           f"The first delta of a {name} is never sent.", lambda _: dropping_first(f"response.{stream}.delta"))
    for place, (kind, path) in PLACES.items():
        rule = "the-response" if place == "response" else f"its-{place}"
        yield (f"other-{name}-in-the-{place}", f"deltas.{name}-is-the-same-in-{rule}", during, like,
               f"`{kind}` shows another {name} than was streamed.",
               partial(_other, kind, (*path, name)))
    # fmt: on


def _other(kind: str, path: Path, _dialect: Dialect) -> Fault:
    return putting(kind, path, "Something else was said.")


def _other_in_the_conversation(name: str, _dialect: Dialect) -> Fault:
    def change(event: Event) -> Event:
        if event["type"] == CONVERSATION_DONE and is_output(event):
            return put(event, ("item", "content", 0, name), "Something else was said.")
        return event

    return changing_all(change)


for _name, (_stream, _during) in KINDS.items():
    faults.rows(*_rows(_name, _stream, _during))
    faults.rows(
        (f"other-{_name}-in-the-conversation", f"deltas.{_name}-is-the-same-in-the-conversation", _during, "",
         f"`{CONVERSATION_DONE}` shows another {_name} than was streamed.",
         partial(_other_in_the_conversation, _name)),
        dialects=("ga",),
    )  # fmt: skip
