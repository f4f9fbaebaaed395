"""A step as it is written in a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: What a step may carry beside its own name.
MODIFIERS = frozenset({"answer", "as", "within", "on", "only"})


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

    def under(self, key: str) -> dict[str, Any]:
        """Return the argument as an object; one that is written short (`say: Hello.`) becomes the value of *key*."""
        return self.argument if isinstance(self.argument, dict) else {key: self.argument}
