"""The trace: everything that was said on one connection, in order, unchangeable.

Left of it are I/O, time and chance; right of it are functions.
The end of a connection is part of the trace, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from enum import StrEnum
from typing import Any

Event = dict[str, Any]

#: What a scrubbed secret leaves behind.  A server frame that holds one has leaked the key.
TOKEN_MARK = "‹token›"  # noqa: S105 - the mark that replaces a secret, not one


class Direction(StrEnum):
    """Who sent the frame."""

    CLIENT = "client"
    SERVER = "server"


#: Members are looked up by a slow descriptor in some Pythons; this one is asked for at every frame.
CLIENT = Direction.CLIENT


class FrameKind(StrEnum):
    """How the frame came over the wire (RFC 6455, opcodes 1, 2, 9 and 10)."""

    TEXT = "text"
    BINARY = "binary"
    PING = "ping"
    PONG = "pong"


#: Frames that belong to the connection, and say nothing in the conversation.
CONTROL = frozenset({FrameKind.PING, FrameKind.PONG})


@dataclass(frozen=True, slots=True)
class Entry:
    """One frame."""

    index: int
    """Position in the trace, from 0."""
    direction: Direction
    at: float | None = None
    """Seconds since connect; None where the recorder did not say."""
    event: Event | None = None
    """The JSON object; None if the frame was anything else."""
    text: str | None = None
    """The frame's text when it was not a JSON object (binary, ping and pong: base64)."""
    kind: FrameKind = FrameKind.TEXT
    size: int = 0
    """Bytes of the payload on the wire; 0 where unknown."""
    elided: bool = False
    """The recorder shortened this event: nothing may be concluded from what is missing."""
    ids_elided: bool = False
    """The recorder replaced or dropped the ids of this event."""
    gap: bool = False
    """Events are missing after this entry."""
    deliberate: bool = False
    """A scenario sent this client frame wrong on purpose."""
    leaked: bool = False
    """The frame holds a secret of ours, or held one before it was scrubbed."""
    secret: bool = False
    """The frame holds text that must not leave the process: in memory a trace is as it was said, for the rules."""
    note: str = ""

    @property
    def type(self) -> str:
        """The event's type as it was spoken; empty if there is none."""
        kind = self.event.get("type") if self.event is not None else None
        return kind if isinstance(kind, str) else ""

    @property
    def sent(self) -> bool:
        """Whether the client said it."""
        return self.direction is CLIENT


#: The same slots as those of an entry, but writable: its `__init__` is seven times as fast as a frozen one.
_Draft: Any = make_dataclass(
    "_Draft", [(each.name, Any, field(default=each.default)) for each in fields(Entry)], slots=True
)


def plain_entry(index: int, direction: Direction, at: float | None, event: Event, size: int) -> Entry:
    """Return the entry of a text frame about which nothing is special; readers make millions."""
    draft = _Draft(index, direction, at, event, None, FrameKind.TEXT, size)
    draft.__class__ = Entry
    entry: Entry = draft
    return entry


class Credential(StrEnum):
    """Which key the client offered in the handshake."""

    VALID = "valid"
    WRONG = "wrong"
    EMPTY = "empty"
    MISSING = "missing"
    CONFLICTING = "conflicting"
    """Two styles at once, of which one is wrong."""
    RECASED = "recased"
    """A valid one, its scheme written in lower case."""
    RESTRICTED = "restricted"
    """A valid one of somebody who may not use the model."""
    EXHAUSTED = "exhausted"
    """A valid one of somebody who has nothing left to spend."""
    UNKNOWN = "unknown"
    """Somebody else recorded it, and no session was opened."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The upgrade: what was asked and what was answered."""

    url: str
    auth: str = ""
    """Auth style, as in `--auth`."""
    credential: Credential = Credential.VALID
    model: Credential = Credential.VALID
    """Whether the model in the URL was the configured one, a WRONG one or MISSING."""
    request_headers: tuple[str, ...] = ()
    """Header names only."""
    offered_subprotocols: tuple[str, ...] = ()
    status: int | None = None
    """HTTP status of the answer; 101 is an upgrade; None if there was no HTTP answer."""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    subprotocol: str | None = None
    body: str = ""
    """The first part of a refusal's body."""
    leaked: tuple[str, ...] = ()
    """Where the answer holds a secret of ours, or held one before it was scrubbed: `subprotocol`, `body`, a header."""
    seconds: float | None = None
    """From asking for the connection, TCP and TLS included, to the upgrade; None if nobody timed it."""


class EndKind(StrEnum):
    """How the conversation came to its end."""

    CLOSED = "closed"
    """A close frame was exchanged."""
    DROPPED = "dropped"
    """The connection broke without a close frame (1006)."""
    REFUSED = "refused"
    """The upgrade was refused, or nobody answered."""
    TIMEOUT = "timeout"
    """We stopped waiting."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of the conversation."""

    kind: EndKind
    by: Direction | None = Direction.SERVER
    """Who ended it; None where a recorder did not say."""
    code: int | None = None
    reason: str = ""
    awaiting: str = ""
    """TIMEOUT: the (canonical) event type that never came."""
    at: float | None = None
    graceful: bool = True
    """False when the *server* left our close frame unanswered."""
    leaked: bool = False
    """The reason holds a secret of ours, or held one before it was scrubbed."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One conversation, from the handshake to the end."""

    entries: tuple[Entry, ...] = field(default=(), repr=False)
    dialect: str = ""
    """`ga`, `beta`, or empty where nothing told."""
    handshake: Handshake | None = None
    end: End | None = None
    """None where the recording just stops."""
    name: str = ""
    """The scenario that was played, or the file that was read."""
    intent: Mapping[str, Any] = field(default_factory=dict)
    """What the scenario meant to do, where the wire alone cannot tell (e.g. `{"transcription": true}`)."""

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def duration(self) -> float:
        """Seconds from connect to the last thing known."""
        if self.end is not None and self.end.at is not None:
            return self.end.at
        return next((entry.at for entry in reversed(self.entries) if entry.at is not None), 0.0)
