"""Endpoints that lose a delta, or show another text than they streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.mutants.edits import Path, putting
from conformance.mutants.mutant import Fault, FaultTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect, Event

faults = FaultTable()

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


def losing_the_first(kind: str) -> Fault:
    """Never send the first event of a type."""
    lost: list[Event] = []

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == kind and not lost:
            lost.append(event)
            return
        yield event

    return Fault(sends=sends)


def _register_loss(name: str) -> None:
    stream, during = KINDS[name]

    def make(_dialect: Dialect) -> Fault:
        return losing_the_first(f"response.{stream}.delta")

    make.__name__, make.__doc__ = f"first_{name}_delta_is_lost", f"The first delta of a {name} is never sent."
    faults.mutant(killed_by=f"deltas.{name}-is-made-of-its-deltas", during=during, like="delta-concat-mismatch")(make)


def _register_place(name: str, place: str) -> None:
    _, during = KINDS[name]
    kind, path = PLACES[place]

    def make(_dialect: Dialect) -> Fault:
        return putting(kind, (*path, name), "Something else was said.")

    make.__name__, make.__doc__ = f"other_{name}_in_the_{place}", f"`{kind}` shows another {name} than was streamed."
    rule = "the-response" if place == "response" else f"its-{place}"
    faults.mutant(killed_by=f"deltas.{name}-is-the-same-in-{rule}", during=during, like="delta-concat-mismatch")(make)


for _name in KINDS:
    _register_loss(_name)
    for _place in PLACES:
        _register_place(_name, _place)
