"""Where an endpoint can be made to do wrong on purpose: one object for each session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from conformance.reference.session.refusals import Event

Outgoing = Event | str | bytes
"""An event to send; a hook may also make it a raw frame."""
Sends = Callable[[Event], Iterable[Outgoing]]
Receives = Callable[[Event], Iterable[Event]]
CloseFrame = tuple[int, str]
"""Close code and reason."""


@dataclass(frozen=True)
class Hooks:
    """What may be changed; None changes nothing.  Events come as the session's dialect spells them."""

    sends: Callable[[Event], Iterable[Any]] | None = None
    """Every event on its way out; may hold back, drop, change, repeat."""
    receives: Receives | None = None
    """Every client event on its way in."""
    frames: Callable[[Event], str | bytes] | None = None
    """How an outgoing event is put into a frame (default: JSON text; bytes = a binary frame)."""
    admits: Callable[[Any], Any] | None = None
    """The decision about the upgrade (`admission`), before it is carried out."""
    mints: Callable[[Any], Any] | None = None
    """The answer to who wants a client secret (`client_secrets`), before it is sent."""
    closes: Callable[[int, str], CloseFrame | None] | None = None
    """The close frame; None = break the connection without one, also in answer to the client's."""
    answers_pings: bool = True
    """Whether a WebSocket ping gets its pong."""
    ends: Callable[[Event], CloseFrame | None] | None = None
    """After which outgoing event the endpoint closes, with which code and reason."""


def unchanged(event: Event) -> Iterable[Event]:
    """Change nothing."""
    return (event,)
