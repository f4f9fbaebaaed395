"""Sessions in a log that does not show connections: another session is taken for another conversation.

Sessions that go on beside each other cannot be told apart, and nobody may be blamed for the mixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.errors import TraceError
from conformance.trace.formats.recording import session_id
from conformance.trace.frames import mapping

if TYPE_CHECKING:
    from conformance.trace.trace import Entry


class LoggedSessions:
    """What a log has told of its sessions so far."""

    def __init__(self) -> None:
        self.opened = ""
        """The id of the session that the log speaks of."""
        self._own: set[str] = set()
        """The ids of this session and of its responses."""
        self._past: set[str] = set()
        """Those of the sessions before."""

    def begins_another(self, entry: Entry) -> bool:
        """Return whether *entry* opens another session than the one that is open."""
        return bool(self.opened and session_id(entry) not in ("", self.opened))

    def note(self, entry: Entry, place: str) -> None:
        """Take *entry* in; TraceError, which names its *place*, where it belongs to a session before."""
        if self.begins_another(entry):
            self._past |= self._own
            self._own = set()
        if begun := session_id(entry):
            self.opened = begun
            self._own.add(begun)
        elif entry.type == "response.created":
            self._own.update(_ids_in(entry))
        if strange := next((name for name in _ids_in(entry) if name in self._past - self._own), None):
            raise TraceError(
                f"{place}: {strange} belongs to a session before: several sessions are mixed here",
                "Write each session to a file of its own.",
            )


def _ids_in(entry: Entry) -> Iterator[str]:
    """Yield the ids of the session and of the response that an event is about."""
    event = entry.event or {}
    told = (mapping(event.get("session")).get("id"), mapping(event.get("response")).get("id"), event.get("response_id"))
    return (name for name in told if isinstance(name, str))
