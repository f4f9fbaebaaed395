"""What the player needs of a connection: a socket, the reference in memory and a mutant are all one."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from conformance.trace.trace import Credential, Handshake

RawFrame = str | bytes


@dataclass(frozen=True)
class UpgradeRequest:
    """What one upgrade request shall carry beside the endpoint's own URL; secrets in clear."""

    auth: str
    credential: Credential = Credential.VALID
    model_kind: Credential = Credential.VALID
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    subprotocols: tuple[str, ...] = field(default=(), repr=False)
    model: str | None = None
    """Value of `?model=`; None leaves it out."""
    plain: bool = False
    """A GET without an upgrade."""
    posts: bytes | None = field(default=None, repr=False)
    """The body of a POST to *resource*, instead of an upgrade."""
    resource: str = ""
    """What is put behind the endpoint's path."""
    brief: bool = False
    """The key is a client secret, which has a model of its own."""

    def handshake(self, url: str) -> Handshake:
        """Return what the trace keeps of this request to *url*: of headers their names alone."""
        return Handshake(
            url=url,
            auth=self.auth,
            credential=self.credential,
            model=self.model_kind,
            request_headers=tuple(name for name, _ in self.headers),
            offered_subprotocols=self.subprotocols,
        )

    @property
    def provokes(self) -> bool:
        """Whether it asks for a refusal: with a bad key, or a bad model."""
        good = self.credential in (Credential.VALID, Credential.RECASED)
        return not good or self.model_kind is not Credential.VALID


@dataclass(eq=False)
class Disconnected(Exception):
    """The connection is over: `code` is None when no close frame came."""

    code: int | None = None
    reason: str = ""
    by_client: bool = False
    graceful: bool = True
    """False when our own close frame was never answered."""


@dataclass(eq=False)
class BeyondBounds(Disconnected):
    """We ended the connection: the endpoint sent more, or read less, than a run can bear; `reason` names the bound."""


@dataclass(eq=False)
class LineDropped(Disconnected):
    """We ended the connection: the bad line that was asked for broke it (`--line`)."""


@dataclass(frozen=True)
class Refusal:
    """There is no connection: the upgrade was refused, or nobody answered."""

    handshake: Handshake
    why: str
    """One sentence: what came back instead."""
    cause: str = "http"
    """`http` (an answer with another status), `dns`, `tcp`, `tls`, `timeout`, `protocol`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    content: str = field(default="", repr=False)
    """The whole body of the answer, of which the handshake keeps the beginning."""


class Connection(Protocol):
    """One open connection."""

    handshake: Handshake

    async def send(self, frame: RawFrame) -> None:
        """Send a text (str) or binary (bytes) frame; Disconnected if the connection is over."""

    async def receive(self, within: float) -> RawFrame:
        """Return the next frame; TimeoutError after *within* seconds, Disconnected at the end."""

    async def stop_reading(self, seconds: float) -> None:
        """Take nothing from the socket for that long, so that the endpoint cannot send without bounds."""

    async def close(self, code: int = 1000, reason: str = "") -> Disconnected:
        """Close from our side and tell how it went."""

    async def drop(self) -> None:
        """Break the connection without a close frame."""

    async def ping(self, payload: bytes) -> Awaitable[object]:
        """Send a ping and return what waits for its pong; Disconnected if the connection is over."""

    def now(self) -> float:
        """Seconds since connect."""


class Connector(Protocol):
    """An endpoint to connect to."""

    async def connect(self, ask: UpgradeRequest) -> Connection | Refusal:
        """Open a connection, or say why there is none."""
