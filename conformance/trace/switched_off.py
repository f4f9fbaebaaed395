"""Settings that the client set to null: an endpoint may leave them out of the sessions that it shows since then.

Several updates may be under way at once, and an endpoint shows the session as it is after the one that it answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SwitchedOff:
    """Takes in the client's updates and their answers, in order."""

    def __init__(self) -> None:
        self.names = dict[str, None]()
        """Canonical names of what may be off, in the order in which it was set to null."""
        self._open: list[tuple[str | None, Mapping[str, Any]]] = []

    def asks(self, event_id: str | None, settings: Mapping[str, Any]) -> None:
        """Note an update."""
        self._open.append((event_id, settings))
        self.names |= {name: None for name, value in settings.items() if value is None}

    def refused(self, event_id: str | None) -> None:
        """Note an error: the update that it names takes no effect, and if it names none, any open one may take none."""
        if event_id is not None:
            self._open = [each for each in self._open if each[0] != event_id]
            return
        self._open = [(name, {key: None for key, value in of.items() if value is None}) for name, of in self._open]

    def answered(self) -> None:
        """Note an answer: the first open update has taken effect, if no later one."""
        if not self._open:
            return
        _, settings = self._open.pop(0)
        for name, value in settings.items():
            if value is not None and all(later.get(name, value) is not None for _, later in self._open):
                self.names.pop(name, None)
