"""A mutant is the reference endpoint with one fault, which names the rule that must notice.

    @mutant(killed_by="ordering.response-done-is-last", during="response/text_turn", like="late-delta-after-cancel")
    def a_delta_follows_the_end(dialect: Dialect) -> Fault:
        \"\"\"A text delta arrives after its `response.done`.\"\"\"
        last = []
        def sends(event: Event) -> Iterable[Event]:
            yield event
            if event["type"] == "response.output_text.delta":
                last[:] = [event]
            elif event["type"] == "response.done" and last:
                yield {**last[0], "event_id": "event_late"}
        return Fault(sends=sends)

Transforms see canonical event types, one fault object a session.
Mutants never import rules: they name a rule by its id, a string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.contract.dialect import Dialect, Event

Transform = Callable[[Event], Iterable[Event]]


@dataclass(frozen=True)
class Fault:
    """What a mutant does differently, at each of the places where an endpoint can be wrong."""

    sends: Transform | None = None
    """Every event on its way out, under its canonical type; may hold back, drop, change, repeat."""
    hears: Transform | None = None
    """Every client event on its way in."""
    frames: Callable[[Event], str | bytes] | None = None
    """How an outgoing event is put into a frame (default: JSON text; bytes = a binary frame)."""
    admits: Callable[[Any], Any] | None = None
    """The admission's decision (`reference.admission`), before it is carried out."""
    closes: Callable[[int, str], tuple[int, str] | None] | None = None
    """The close frame; None = break the connection without one."""
    ends: Callable[[Event], tuple[int, str] | None] | None = None
    """After which outgoing event the endpoint closes, with which code and reason."""

    def wire_name(self, dialect: Dialect) -> Fault:
        """Give the same fault for events as *dialect* spells them."""
        return replace(self, sends=_respelled(self.sends, dialect), hears=_respelled(self.hears, dialect))


def _respelled(transform: Transform | None, dialect: Dialect) -> Transform | None:
    if transform is None:
        return None

    def respelled(event: Event) -> Iterable[Event]:
        kind = event.get("type")
        canonical = {**event, "type": dialect.canonical(kind)} if isinstance(kind, str) else event
        for each in transform(canonical):
            kind = each.get("type")
            yield {**each, "type": dialect.wire_name(kind)} if isinstance(kind, str) else each

    return respelled


@dataclass(frozen=True)
class Mutant:
    """One faulty endpoint."""

    id: str
    killed_by: str
    """The id of the rule that must find it, and no other rule may."""
    during: str
    """The bundled scenario in which it shows, e.g. `response/text_turn`."""
    make: Callable[[Dialect], Fault]
    like: str = ""
    """What it was modelled on: the name of a fault seen in the field."""
    dialects: frozenset[str] = frozenset({"ga", "beta"})

    @property
    def sentence(self) -> str:
        """What is wrong with it."""
        return " ".join((self.make.__doc__ or "").split())


@dataclass
class FaultTable:
    """The table of the mutants of one module."""

    mutants: list[Mutant] = field(default_factory=list)

    def mutant(
        self, *, killed_by: str, during: str, like: str = "", dialects: Iterable[str] = ("ga", "beta")
    ) -> Callable[[Callable[[Dialect], Fault]], Callable[[Dialect], Fault]]:
        """Register a mutant; its id is the function's name with dashes, its sentence the docstring."""

        def register(make: Callable[[Dialect], Fault]) -> Callable[[Dialect], Fault]:
            name = make.__name__.replace("_", "-")
            self.mutants.append(Mutant(name, killed_by, during, make, like, frozenset(dialects)))
            return make

        return register
