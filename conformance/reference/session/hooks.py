"""Where an endpoint can be made to do wrong on purpose: one object for each session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from conformance.reference.session.refusals import Event

Said = Event | str | bytes
"""An event to send; a hook may also make it a raw frame."""
Sends = Callable[[Event], Iterable[Said]]
Hears = Callable[[Event], Iterable[Event]]


class Hooks(Protocol):
    """What may be changed; None changes nothing.  Events come as the session's dialect spells them."""

    @property
    def sends(self) -> Callable[[Event], Iterable[Any]] | None:
        """Change an event on its way out."""

    @property
    def hears(self) -> Hears | None:
        """Change an event on its way in."""

    @property
    def frames(self) -> Callable[[Event], str | bytes] | None:
        """Put an outgoing event into a frame."""

    @property
    def admits(self) -> Callable[[Any], Any] | None:
        """Change the decision about the upgrade (`admission`)."""

    @property
    def closes(self) -> Callable[[int, str], tuple[int, str] | None] | None:
        """Change the close frame; None for no close frame at all, also none in answer to the client's."""

    @property
    def ends(self) -> Callable[[Event], tuple[int, str] | None] | None:
        """After which outgoing event the session is closed, with which code and reason."""


def unchanged(event: Event) -> Iterable[Event]:
    """Change nothing."""
    return (event,)
