"""What a step can ask of the player.  Steps are generators: they yield commands and are sent what came."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.trace.trace import Event


@dataclass(frozen=True)
class Open:
    """Upgrade; answered by the Reply whose `event` is the first server event, or whose `refused` says why not."""

    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mint:
    """Ask for a client secret; answered by the Reply whose `event` is the answer, or whose `refused` says why not."""

    settings: Mapping[str, Any]
    """Of the session, in canonical names."""
    expires_after: int | None = None
    """Seconds."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Which key, and how it is offered: as in `Open`."""


@dataclass(frozen=True)
class Send:
    """Send a frame; not answered."""

    frame: Event | str | bytes
    deliberate: bool = False


@dataclass(frozen=True)
class Wait:
    """Wait for the first server event that *matches* (canonical type); answered by it.

    An error that names `sent` ends the wait, unless errors are what is waited for.
    """

    matches: Callable[[str, Event], bool]
    awaiting: str
    within: float | None = None
    sent: str = ""
    misfit: Callable[[str, Event], str] = lambda _kind, _event: ""
    """Says what keeps an event of an awaited type from being the one that is waited for; empty for all others."""


@dataclass(frozen=True)
class Close:
    """Close from our side; `drop` breaks the connection instead."""

    code: int = 1000
    reason: str = ""
    drop: bool = False


@dataclass(frozen=True)
class Hangup:
    """Wait until the endpoint closes; answered by (code, reason)."""

    within: float | None = None


@dataclass(frozen=True)
class Idle:
    """Stay connected for that many seconds and say nothing; not answered."""

    seconds: float
    reads: bool = True
    """Whether the client reads from the socket meanwhile."""


@dataclass(frozen=True)
class Ping:
    """Send a ping and wait for its pong; not answered."""


@dataclass(frozen=True)
class Recall:
    """Look for *text* in all that was heard here; answered by the first event that holds it."""

    text: str
    but: str = ""
    """Where it may be."""


@dataclass(frozen=True)
class Running:
    """Ask how many responses run; answered by the event `{"running": number}`."""


@dataclass(frozen=True)
class Spoken:
    """Ask how much of an item's audio has come; answered by the event `{"bytes": number}`."""

    item: str


@dataclass(frozen=True)
class Reply:
    """What a command brought."""

    event: Event = field(default_factory=dict)
    refused: str = ""
    """Open: why there is no session; empty if there is one."""
    alone: bool = False
    """Wait: no other response ran when the latest one was created."""
    unasked: bool = False
    """Wait: the event shows a response that no client event asked for."""


Command = Open | Mint | Send | Wait | Close | Hangup | Idle | Ping | Recall | Running | Spoken
Script = Generator[Command, Reply, Event | None]


@dataclass(eq=False)
class Unmet(Exception):
    """The endpoint did not do what the step needs: the conversation failed here."""

    message: str
    expected: str = ""
    actual: str = ""


@dataclass(eq=False)
class ModelDidNot(Exception):
    """The model answered otherwise than the step needs: unproven, nobody's fault."""

    message: str


@dataclass(eq=False)
class Silence(Exception):
    """Nothing came for longer than we wait, and nothing proves that it never will: nobody's fault, and no evidence."""

    message: str
