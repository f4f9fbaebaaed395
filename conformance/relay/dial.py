"""One upgrade request of a gateway at our upstream, and the trace of what follows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

from conformance.contract.auth_styles import keys_in
from conformance.play.recorder import Recorder
from conformance.reference.server.admission import revision
from conformance.relay.side import Side, with_side
from conformance.relay.upstream_script import UpstreamScript
from conformance.secrets import Scrubber, hides
from conformance.trace.trace import Credential, Direction, End, Handshake, Trace

#: Headers that carry the upgrade itself.
OWN_HEADERS = frozenset({"sec-websocket-key", "sec-websocket-accept"})


@dataclass(frozen=True)
class Keys:
    """Who may come in, and whose key must not be seen here."""

    upstream: str = field(default="", repr=False)
    """What the gateway offers us; empty: anything."""
    clients: tuple[str, ...] = field(default=(), repr=False)
    """The keys with which we come to the gateway as its clients, wrong ones among them."""

    @property
    def foreign(self) -> Scrubber:
        """Knows the clients' keys, where they are not the upstream's own."""
        return Scrubber(tuple(key for key in self.clients if key != self.upstream))

    @property
    def scrub(self) -> Scrubber:
        """Knows all of them."""
        return Scrubber(tuple(dict.fromkeys(key for key in (self.upstream, *self.clients) if key)))


@dataclass(frozen=True)
class AskedUpgrade:
    """What the gateway asked for, in clear."""

    target: str = field(repr=False)
    """Path and query."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    subprotocols: tuple[str, ...] = field(repr=False)

    @property
    def query(self) -> Mapping[str, str]:
        """The query."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def model(self) -> str:
        """The model that was asked for, empty if none was."""
        return self.query.get("model") or self.query.get("deployment") or ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that was offered, in whatever style."""
        return tuple(key for _, key in self._given() if key)

    @property
    def style(self) -> str:
        """The auth style of the first key that was offered, empty if none was."""
        return next((style for style, _ in self._given()), "")

    def _given(self) -> Iterator[tuple[str, str]]:
        return keys_in(self.headers, self.query.items(), self.subprotocols)

    def leaks(self, foreign: Scrubber) -> Iterator[str]:
        """Name the places in which a key stands that is not ours."""
        for name, value in self.headers:
            low = name.lower()
            if low not in OWN_HEADERS and low != "sec-websocket-protocol" and hides(value, foreign(value)):
                yield f"header {low}"
        yield from (f"query {name}" for name, value in self.query.items() if hides(value, foreign(value)))
        yield from ("subprotocol" for each in self.subprotocols if hides(each, foreign(each)))


class Dial:
    """One upgrade request, its script, and its growing trace."""

    def __init__(self, number: int, asked: AskedUpgrade, script: tuple[UpstreamScript, int], keys: Keys) -> None:
        """Take in what was asked; *script* is what it meets, and that script's number."""
        self.number, self.asked, self.script, self.keys = number, asked, script[0], keys
        self.spoken = revision(asked.headers, asked.subprotocols, self.script.speaks or "auto")
        self.recorder = Recorder(f"upstream#{number}", self.spoken, keys.scrub)
        self.opened = time.monotonic()
        self.over = asyncio.Event()
        """Set when the connection has ended, or was refused."""
        self.side = Side(
            asked=self.opened,
            opened=self.opened,
            leaks=tuple(asked.leaks(keys.foreign)),
            key=self._whose(),
            model=asked.model,
            revision=revision(asked.headers, asked.subprotocols),
            guards=bool(keys.upstream) and keys.upstream not in keys.clients,
            paced=self.script.between_events,
            script=script[1],
        )
        self.handshake = Handshake(
            url=asked.target,
            auth=asked.style,
            credential=Credential.VALID if self.side.key in ("upstream", "") else Credential.WRONG,
            request_headers=tuple(name for name, _ in asked.headers),
            offered_subprotocols=asked.subprotocols,
        )

    def _whose(self) -> str:
        offered = self.asked.keys
        if not offered:
            return ""
        if self.keys.upstream in offered:
            return "upstream"
        return "client" if set(offered) & set(self.keys.clients) else "other"

    def now(self) -> float:
        """Return the seconds since the gateway asked."""
        return time.monotonic() - self.opened

    def note(self, direction: Direction, frame: str | bytes) -> None:
        """Note a frame, and whether it carries a key that does not belong here."""
        self.recorder.note(direction, frame, self.now())
        if not self.recorder.entries[-1].secret:
            return
        foreign = self.keys.foreign
        if direction is Direction.CLIENT and isinstance(frame, str) and hides(frame, foreign(frame)):
            place = f"event {len(self.recorder.entries) - 1}"
            self.side = replace(self.side, leaks=(*self.side.leaks, place))

    def answered(self, status: int, subprotocol: str | None = None, body: str = "") -> None:
        """Note how the upgrade was answered."""
        self.recorder.shake(replace(self.handshake, status=status, subprotocol=subprotocol, body=body))

    def finish(self, end: End) -> None:
        """Note the end."""
        self.recorder.finish(replace(end, at=self.now()))
        self.over.set()

    @property
    def trace(self) -> Trace:
        """The upstream's trace as it is now."""
        return with_side(self.recorder.result(), self.side)
