"""A mutant is the reference endpoint with one fault, which names the rule that must notice.

A fault that is one expression is a row of its module's table:

    faults.rows(
        # id, killed by, during, like, what is wrong, fault
        ("usage-is-missing", "usage.completed-has-usage", "response/text_turn", "usage-missing",
         "A response that is done has no usage.", lambda _: putting("response.done", ("response", "usage"), None)),
    )

One that needs more is a function, named as the mutant, whose docstring is the sentence:

    @faults.mutant(killed_by="ordering.response-done-is-last", during="response/text_turn")
    def a_delta_follows_the_end(dialect: Dialect) -> Fault:
        \"\"\"A text delta arrives after its `response.done`.\"\"\"

Faults see canonical event types; each session gets a fault of its own, so a fault may keep state.
Mutants never import rules: they name a rule by its id, a string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from conformance.contract.dialect import Dialect
from conformance.contract.dialects import DIALECTS
from conformance.reference.session.hooks import Hooks
from conformance.trace.trace import Event

Transform = Callable[[Event], Iterable[Event]]


@dataclass(frozen=True)
class Fault(Hooks):
    """What a mutant does differently; events come under their canonical types."""

    def spelled_for(self, dialect: Dialect) -> Hooks:
        """Return the same fault for events as *dialect* spells them."""
        return replace(self, sends=_respelled(self.sends, dialect), receives=_respelled(self.receives, dialect))


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
    like: str
    """What it was modelled on: the name of a fault seen in the field; empty for none."""
    sentence: str
    """What is wrong with it."""
    make: Callable[[Dialect], Fault]
    """Make the fault of one session."""
    dialects: frozenset[str] = frozenset(DIALECTS)


BOTH = tuple(DIALECTS)
Row = tuple[str, str, str, str, str, Callable[[Dialect], Fault]]
"""id, killed by, during, like, sentence, make: as in `Mutant`"""


@dataclass
class FaultTable:
    """The mutants of one module."""

    mutants: list[Mutant] = field(default_factory=list)

    def rows(self, *rows: Row, dialects: Iterable[str] = BOTH) -> None:
        """Register mutants that are one expression each."""
        self.mutants += [Mutant(*row, frozenset(dialects)) for row in rows]

    def mutant(
        self, *, killed_by: str, during: str, like: str = "", dialects: Iterable[str] = BOTH
    ) -> Callable[[Callable[[Dialect], Fault]], Callable[[Dialect], Fault]]:
        """Register a mutant; its id is the function's name with dashes, its sentence the docstring."""

        def register(make: Callable[[Dialect], Fault]) -> Callable[[Dialect], Fault]:
            name, sentence = make.__name__.replace("_", "-"), " ".join((make.__doc__ or "").split())
            self.mutants.append(Mutant(name, killed_by, during, like, sentence, make, frozenset(dialects)))
            return make

        return register
