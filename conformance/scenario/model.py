"""A scenario is a value: what it proves, what it needs, and its steps.  Nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.contract.dialects import DIALECTS

#: What a step may carry beside its own name.
MODIFIERS = frozenset({"answer", "as", "within", "on", "only"})


#: Steps that ask for a connection.
OPENING = frozenset({"connect", "expect_refusal"})


@dataclass(frozen=True)
class Step:
    """One line of the script."""

    name: str
    argument: Any = None
    line: int = 0
    column: int = 0
    """Where it stands in the file, from 1."""
    answer: str = ""
    """What has to answer instead of the usual acknowledgement: `error`, `either` or `none`."""
    remember: str = ""
    """Name under which the answer is kept (`as:`), for `${name.path}` later."""
    within: float | None = None
    """Seconds to wait; None = the run's own patience."""
    on: str = ""
    """Which connection, where a scenario has several."""
    only: str = ""
    """The one dialect in which the step is played."""


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
    """`transcription` connects with `?intent=transcription`."""
    upstream: Any = None
    """What the upstream of a relay does on purpose (`relay.upstream_script`); None: it takes no relay to play this."""
    path: Path | None = None

    def steps_in(self, dialect: str) -> tuple[Step, ...]:
        """Return the steps as they are played in a dialect: with the connection that opens by itself."""
        steps = tuple(step for step in self.steps if step.only in ("", dialect))
        return (Step("connect", on=steps[0].on), *steps) if steps and steps[0].name not in OPENING else steps

    @property
    def topic(self) -> str:
        """The folder."""
        return self.id.rpartition("/")[0]
