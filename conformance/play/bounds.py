"""How much an endpoint may send and how long it may take: every bound of a run in one table (docs/bounds.md).

A bound that is reached ends what it bounds, with a sentence that names it and the option that moves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MIB = 2**20


@dataclass(frozen=True)
class Bounds:
    """What one connection may bring into memory."""

    message: int = 8 * MIB
    """Bytes of one message of the endpoint; our own may be larger (an append holds up to 15 MiB of audio)."""
    connection: int = 8 * MIB
    """Bytes that one connection may receive, framing and pings included: a minute of speech is 4 MiB."""
    events: int = 20_000
    """Messages that one connection may receive."""
    unsent: int = 32 * MIB
    """Bytes that wait to be sent to an endpoint that sends and does not read."""
    held: int = 32 * MIB
    """Bytes that all open connections of a run may have received together; a message counts MESSAGE more."""


class Held:
    """What the open connections of a run have received: beyond a bound the one that holds most is ended."""

    def __init__(self) -> None:
        self.bytes: dict[object, int] = {}
        self.sum = 0

    def holds(self, connection: object, size: int) -> None:
        """Note that a connection holds *size* bytes by now."""
        self.sum += size - self.bytes.get(connection, 0)
        self.bytes[connection] = size

    def releases(self, connection: object) -> None:
        """Note that a connection is over: what it holds counts as finished (WAITING)."""
        self.sum -= self.bytes.pop(connection, 0)

    def is_beyond(self, connection: object, most: int) -> bool:
        """Return whether all hold more than *most* bytes, and nobody more than this one."""
        return self.sum > most and self.bytes.get(connection, 0) >= max(self.bytes.values(), default=0)


#: The share of `held` of each conversation where more than 16 are played at once: so many ordinary ones need it.
HELD_EACH = Bounds.held // 16
#: Bytes that are much for the traces of one conversation.
LARGE_TRACE = MIB
#: Bytes that a refusal's body may have, and those that are kept of it.
REFUSAL_READ, REFUSAL_KEPT = 64 * 1024, 2000
#: Seconds for the closing handshake, and for the TCP connection to end after it.
CLOSING, PARTING = 5.0, 1.0
#: Bytes of finished conversations that wait for their verdict; beyond it no further conversation begins.
WAITING = 24 * MIB
#: What a message costs in memory beside its bytes.
MESSAGE = 2500
#: What each array, object or element of a message costs in memory.
NODE = 100
#: Seconds of audio beyond which a conversation waits until no other one sends as much.
LONG_AUDIO = 60.0
#: Seconds of a whole run.
RUN = 900.0


class BoundRow(NamedTuple):
    """One line of docs/bounds.md."""

    what: str
    default: str
    option: str
    reached: str


NOT_JUDGED = "the conversation ends, with this reason; what was received is judged"
STOPS = "the conversation stops there"
CUT = "the connection is cut"
STRETCHED = "more where the endpoint is slow"

TABLE: tuple[BoundRow, ...] = (
    BoundRow("one message of the endpoint", f"{Bounds.message // MIB} MiB", "--max-message", NOT_JUDGED),
    BoundRow("bytes received on one connection", f"{Bounds.connection // MIB} MiB", "--max-received", NOT_JUDGED),
    BoundRow("messages received on one connection", f"{Bounds.events:,}", "--max-events", NOT_JUDGED),
    BoundRow("bytes waiting for an endpoint that does not read", f"{Bounds.unsent // MIB} MiB", "", NOT_JUDGED),
    BoundRow(
        "bytes received on all open connections",
        f"{Bounds.held // MIB} MiB; beyond 16 sessions {HELD_EACH / MIB:g} MiB for each",
        "--sessions",
        NOT_JUDGED,
    ),
    BoundRow("conversations that send more than a minute of audio", "1 at once", "", "the others wait"),
    BoundRow(
        "finished conversations waiting for verdicts", f"{WAITING // MIB} MiB", "", "no conversation starts meanwhile"
    ),
    BoundRow("body of a refused upgrade", f"{REFUSAL_READ // 1024} KiB", "", f"{REFUSAL_KEPT:,} bytes of it are kept"),
    BoundRow("handshake", f"10 s, {STRETCHED}", "--connect-timeout", "the endpoint is not ready"),
    BoundRow("first event", f"15 s, {STRETCHED}", "--answer-timeout", STOPS),
    BoundRow("silence while an answer is owed", f"20 s, {STRETCHED}", "--answer-timeout", STOPS),
    BoundRow("one conversation", f"180 s, {STRETCHED}", "--answer-timeout", STOPS),
    BoundRow("closing handshake", f"{CLOSING:g} s", "", CUT),
    BoundRow("end of TCP after a close frame", f"{PARTING:g} s", "", CUT),
    BoundRow("`Retry-After` of the endpoint", "60 s, and what is left of the run", "", "no repetition"),
    BoundRow("the whole run", f"{RUN:g} s", "--max-time", "what was not played is reported as not run"),
)
