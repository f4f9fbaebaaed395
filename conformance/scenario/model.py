"""A scenario is a value: what it proves, what it needs, and its steps.  Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.contract.dialects import DIALECTS
from conformance.scenario.step import Step
from conformance.scenario.steps import STEPS

#: Steps that ask for a connection.
OPENING = frozenset(name for name, each in STEPS.items() if each.opens)
#: Topic of the conversations that take minutes.
SOAK = "soak"


@dataclass(frozen=True)
class Scenario:
    """One script."""

    id: str
    """`topic/name`, the file's place; stable."""
    title: str
    steps: tuple[Step, ...]
    proves: tuple[str, ...] = ()
    """Ids of the rules that this conversation promises to exercise."""
    needs: frozenset[str] = frozenset()
    """Features without which it says nothing."""
    without: frozenset[str] = frozenset()
    """Features that the endpoint must not have: the script asks for them, and wants to be refused."""
    dialects: frozenset[str] = frozenset(DIALECTS)
    tags: frozenset[str] = frozenset()
    each: str = ""
    """`auth`: one conversation for each auth style of the profile."""
    intent: str = ""
    """`transcription` connects with `?intent=transcription`, `translation` to the resource `translations`."""
    upstream: Any = None
    """What the upstream of a relay does on purpose (`relay.upstream_script`); None: it takes no relay to play this."""
    path: Path | None = None
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)
    """Key of the file, or rule that it proves -> line and column, from 1."""

    def where_is(self, what: Step | str) -> str:
        """Return `file:line:column` of a step, a key, or a rule that it proves."""
        line, column = self.places.get(what, (1, 1)) if isinstance(what, str) else (what.line, what.column)
        return f"{self.path}:{line}:{column}"

    def steps_in(self, dialect: str) -> tuple[Step, ...]:
        """Return the steps as they are played in a dialect: with the connection that opens by itself."""
        steps = tuple(step for step in self.steps if step.only in ("", dialect))
        return (Step("connect", on=steps[0].on), *steps) if steps and steps[0].name not in OPENING else steps

    @property
    def soaks(self) -> bool:
        """Whether it takes minutes, so that it is held only where somebody asks for it."""
        return self.topic == SOAK

    @property
    def topic(self) -> str:
        """The folder."""
        return self.id.rpartition("/")[0]
