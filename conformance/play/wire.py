"""The socket: `websockets`' asyncio client as a connection.  The only client-side import of `websockets`.

No compression; what the endpoint sends is bounded where it arrives (`play.bounds`).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Awaitable
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
)
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from conformance.play.bounds import CLOSING, MESSAGE, NODE, PARTING, REFUSAL_KEPT, Bounds, Held
from conformance.play.connection import BeyondBounds, Connector, Disconnected, RawFrame, Refusal, UpgradeRequest
from conformance.play.line import Line, LineSettings
from conformance.play.plain import get, tls_of, words_of
from conformance.play.target import Target, url_of
from conformance.trace.trace import Handshake

#: `websockets` writes request headers and pieces of frames to its log at DEBUG: keys, cut in two where no scrubber
#: finds them.  Our traces hold all of it, scrubbed.
log = logging.getLogger("conformance.wire")
log.setLevel(logging.WARNING)


#: What OpenSSL says of an answer that is not TLS at all.
NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"})


class UpgradeWithoutRedirect(connect):
    """One upgrade request.  A redirect is a refusal: following it would carry the key to another address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow no redirect."""
        return exc


class Socket(ClientConnection):
    """A socket that remembers how it was answered, and that ends what a well-behaved endpoint would end itself."""

    last: ContextVar[Socket | None] = ContextVar("last", default=None)

    def __init__(self, *args: Any, bounds: Bounds, held: Held, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.bounds, self.held = bounds, held
        self.received = self.messages = self.unfolded = 0
        self.parting = self.lost = False
        self.beyond = ""
        """The bound that was reached, in words."""
        Socket.last.set(self)

    def data_received(self, data: bytes) -> None:
        """Take what came, as long as it is within bounds; after a close frame wait no longer than PARTING for TCP."""
        self.received += len(data)
        super().data_received(data)
        self.held.holds(self, self.received + self.unfolded)
        if self.received > self.bounds.connection:
            self.cut(f"the endpoint sent more than {self.bounds.connection:,} bytes (--max-received)")
        elif self.held.is_beyond(self, self.bounds.held):
            self.cut_for_all()
        elif self.transport.get_write_buffer_size() > self.bounds.unsent:
            self.cut(f"the endpoint does not read: {self.bounds.unsent:,} bytes wait to be sent")
        elif self.protocol.close_expected() and not self.parting:
            self.parting = True
            self.loop.call_later(PARTING, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hold nothing more."""
        super().connection_lost(exc)
        self.lost = True
        self.held.releases(self)
        if self.beyond:
            self.protocol.reader.buffer.clear()  # the frame that nobody will read

    def takes(self, frame: RawFrame) -> None:
        """Count what a message holds in memory once it is read."""
        nodes = frame.count("[") + frame.count("{") + frame.count(",") if isinstance(frame, str) else 0
        self.messages += 1
        self.unfolded += MESSAGE + NODE * nodes
        if not self.lost:
            self.held.holds(self, self.received + self.unfolded)
        if self.messages > (most := self.bounds.events):
            self.cut(f"the endpoint sent more than {most:,} messages (--max-events)")
        elif self.held.is_beyond(self, self.bounds.held):
            self.cut_for_all()

    def cut_for_all(self) -> None:
        """Break the connection because all of them together hold too much."""
        self.cut(f"the endpoint sent more than {self.bounds.held:,} bytes on all open connections (--sessions=N)")

    def cut(self, why: str) -> None:
        """Break the connection because of a bound."""
        self.beyond = self.beyond or why
        self.transport.abort()


class WireConnection:
    """One open socket."""

    def __init__(self, socket: Socket, handshake: Handshake) -> None:
        self.socket = socket
        self.handshake = handshake
        self.began = time.monotonic()
        self.closing = False

    def now(self) -> float:
        """Seconds since connect."""
        return time.monotonic() - self.began

    async def send(self, frame: RawFrame) -> None:
        """Send a frame."""
        try:
            await self.socket.send(frame)
        except ConnectionClosed as gone:
            raise self._gone(gone) from gone

    async def receive(self, within: float) -> RawFrame:
        """Return the next frame."""
        try:
            async with asyncio.timeout(within):
                frame = await self.socket.recv()
        except ConnectionClosed as gone:
            raise self._gone(gone) from gone
        self.socket.takes(frame)
        if self.socket.beyond:
            raise BeyondBounds(None, self.socket.beyond, by_client=True)
        return frame

    async def stop_reading(self, seconds: float) -> None:
        """Take nothing from the socket for that long."""
        self.socket.transport.pause_reading()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.socket.transport.resume_reading()

    async def close(self, code: int = 1000, reason: str = "") -> Disconnected:
        """Close, and tell whether the endpoint answered our close frame; never wait longer than CLOSING."""
        self.closing = self.socket.close_code is None
        try:
            async with asyncio.timeout(CLOSING):
                await self.socket.close(code, reason)
        except TimeoutError:  # a send that is stuck holds the connection's lock
            self.socket.transport.abort()
        if not self.closing:
            return Disconnected(self.socket.close_code, self.socket.close_reason or "")
        answered = self.socket.protocol.close_rcvd is not None
        return Disconnected(code, reason, by_client=True, graceful=answered)

    async def ping(self, payload: bytes) -> Awaitable[object]:
        """Send a ping and return what waits for its pong."""
        try:
            return await self.socket.ping(payload)
        except ConnectionClosed as gone:
            raise self._gone(gone) from gone

    async def drop(self) -> None:
        """Break the connection under the socket."""
        self.socket.transport.abort()
        await self.socket.wait_closed()

    def _gone(self, gone: ConnectionClosed) -> Disconnected:
        if self.socket.beyond:
            return BeyondBounds(None, self.socket.beyond, by_client=True)
        if gone.rcvd is None:
            ours = gone.sent
            if ours is not None and ours.code == CloseCode.MESSAGE_TOO_BIG:
                told = f"the endpoint sent a message of more than {self.socket.bounds.message:,} bytes (--max-message)"
                return BeyondBounds(None, told, by_client=True)
            # We failed the connection ourselves (e.g. broken framing): the code we sent says why.
            reason = f"{ours.reason} ({ours.code})" if ours is not None and not self.closing else ""
            return Disconnected(None, reason)
        return Disconnected(gone.rcvd.code, gone.rcvd.reason, by_client=not gone.rcvd_then_sent and self.closing)


class Wire:
    """Connects to a target over the network."""

    def __init__(self, target: Target) -> None:
        self.target = target

    async def connect(self, ask: UpgradeRequest) -> WireConnection | Refusal:
        """Upgrade; a refusal says why in one sentence."""
        url = url_of(self.target, ask)
        handshake = ask.handshake(url)
        if ask.plain or ask.posts is not None:
            return await get(self.target, url, ask, handshake)
        began = time.monotonic()
        try:
            opened = await self._upgrade(url, ask)
        except NegotiationError as error:
            return Refusal(_misnegotiated(handshake, Socket.last.get()), *_trouble(error, self.target))
        except InvalidStatus as refused:
            answer = refused.response
            return _refused_by_http(handshake, answer.status_code, dict(answer.headers.raw_items()), answer.body)
        except (OSError, InvalidHandshake, InvalidURI, InvalidProxy, TimeoutError, EOFError) as error:
            return Refusal(handshake, *_trouble(error, self.target))
        except ValueError as error:  # the request cannot be written: nothing that the endpoint did
            return Refusal(handshake, f"the upgrade request cannot be written: {error}", "request")
        return WireConnection(opened, _shaken(replace(handshake, seconds=time.monotonic() - began), opened))

    async def _upgrade(self, url: str, ask: UpgradeRequest) -> Socket:
        opened = await UpgradeWithoutRedirect(
            url,
            additional_headers=list(ask.headers),
            subprotocols=[Subprotocol(each) for each in ask.subprotocols] or None,
            compression=None,
            max_size=self.target.bounds.message,
            max_queue=1024,
            open_timeout=self.target.patience.connect,
            close_timeout=CLOSING,
            ping_interval=None,
            ssl=tls_of(self.target, url),
            proxy=None,
            user_agent_header="realtime-conformance",
            logger=log,
            create_connection=partial(Socket, bounds=self.target.bounds, held=self.target.held),  # type: ignore[arg-type]
        )
        assert isinstance(opened, Socket)  # noqa: S101 - `create_connection` makes nothing else
        return opened


def connector_to(target: Target) -> Connector:
    """Return what connects to a target: the network, with a bad line before it where one is asked for."""
    wire = Wire(target)
    return wire if target.line == LineSettings() else Line(wire, target.line)


def _shaken(handshake: Handshake, opened: ClientConnection) -> Handshake:
    answer = opened.response
    headers = {name.lower(): value for name, value in answer.headers.raw_items()} if answer else {}
    return replace(handshake, status=101, response_headers=headers, subprotocol=opened.subprotocol)


def _misnegotiated(handshake: Handshake, answered: ClientConnection | None) -> Handshake:
    """Note an upgrade whose subprotocol we cannot accept: `websockets` refuses it, the rules want to see it."""
    answer = answered.response if answered is not None else None
    if answer is None:
        return handshake
    headers = {name.lower(): value for name, value in answer.headers.raw_items()}
    return replace(handshake, status=101, response_headers=headers, subprotocol=headers.get("sec-websocket-protocol"))


def _refused_by_http(
    handshake: Handshake, status: int, headers: dict[str, str], body: bytes | bytearray | None
) -> Refusal:
    low = {name.lower(): value for name, value in headers.items()}
    text = (body or b"")[:REFUSAL_KEPT].decode("utf-8", "replace")
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    why = f"HTTP {status} {phrase}".strip() + (f": {' '.join(text.split())[:200]}" if text.strip() else "")
    answered = replace(handshake, status=status, response_headers=low, body=text)
    return Refusal(answered, why, "http", low)


def _trouble(error: Exception, target: Target) -> tuple[str, str]:
    """Return one sentence and the kind of cause for an upgrade that got no HTTP answer."""
    host = urlsplit(target.url).netloc
    if isinstance(error, TimeoutError):
        return f"{host} did not answer the upgrade within {target.patience.connect:g} s", "timeout"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{host}: its certificate is not trusted: {error.verify_message}", "tls"
    if isinstance(error, ssl.SSLError) and error.reason in NOT_TLS:
        return f"{host} answers, but not in TLS ({error.reason})", "plain"
    if isinstance(error, ConnectionResetError | ssl.SSLEOFError) and urlsplit(target.url).scheme == "wss":
        return f"{host} ended the connection when it was asked for TLS", "plain"
    if isinstance(error, ssl.SSLError):
        return f"{host}: TLS failed: {error.reason or error}", "tls"
    if isinstance(error, socket.gaierror):
        return f"{host}: unknown host ({error.strerror})", "dns"
    if isinstance(error, NegotiationError):
        return f"{host} selected a subprotocol that was not offered: {error}", "protocol"
    if isinstance(error, InvalidMessage | EOFError):
        return f"{host} did not answer in HTTP: {error.__cause__ or error}", "protocol"
    if isinstance(error, OSError):
        return f"{host}: {words_of(error)}", "tcp"
    return f"{host}: {words_of(error)}", "protocol"
