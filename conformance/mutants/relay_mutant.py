"""A mutant relay is the toy relay with one fault, which names the rule over pairs that must find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from conformance.mutants.relay_behaviour import Behaviour


@dataclass(frozen=True)
class RelayMutant:
    """One faulty relay."""

    id: str
    killed_by: str
    """The id of the rule over pairs that must find it, and no other may."""
    during: str
    """The bundled scenario in which it shows."""
    like: str
    """What it was modelled on: an issue of a real gateway, or the name of a fault seen in the field."""
    sentence: str
    """What is wrong with it."""
    behave: Callable[[], Behaviour]
    """Make what it does to one client."""
    variant: str = ""
    """The auth style of the client, where it matters."""


RelayRow = tuple[str, str, str, str, Callable[[], Behaviour]]
"""id, killed by, like, sentence, behave: as in `RelayMutant`, the rule without its chapter"""


@dataclass
class RelayTable:
    """The mutants of one module."""

    mutants: list[RelayMutant] = field(default_factory=list)

    def rows(self, during: str, *rows: RelayRow, variant: str = "") -> None:
        """Register mutants that show in one scenario: id, killed by, like, what is wrong, behaviour."""
        self.mutants += [
            RelayMutant(name, f"relay.{rule}", f"relay/{during}", like, sentence, behave, variant)
            for name, rule, like, sentence, behave in rows
        ]
