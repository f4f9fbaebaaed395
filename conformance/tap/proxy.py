"""The proxy: every byte behind the upgrade is passed on as it is; what anybody saw is on its way to the disk before."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.secrets import Scrubber
from conformance.tap.frames import MessageReader
from conformance.tap.session_log import SessionLog
from conformance.tap.upgrade import END, Head, forwarded, handshake_of, head_of, secrets_of
from conformance.trace.trace import Direction, End, EndKind

if TYPE_CHECKING:
    from collections.abc import Callable

#: Bytes of a head, and bytes that are passed on at once.
LARGEST_HEAD, CHUNK = 1 << 16, 1 << 16
#: Characters of a refusal's body that the trace keeps.
BODY = 2000
PORTS = {"ws": 80, "wss": 443}
BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"


@dataclass
class Tap:
    """A proxy before one upstream; `async with` it listens."""

    upstream: str
    """A WebSocket URL; its path replaces the client's."""
    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    ca_file: str | None = None
    insecure: bool = False
    say: Callable[[str], object] = field(default=lambda _: None)
    """Told of each session's trace, and of what goes wrong."""
    _count: int = 0

    async def __aenter__(self) -> Tap:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.start_server(self._session, self.host, self.port, limit=LARGEST_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}{urlsplit(self.upstream).path or '/'}"

    async def _session(self, client: StreamReader, to_client: StreamWriter) -> None:
        try:
            await self._pass_on(client, to_client)
        except (OSError, IncompleteReadError, LimitOverrunError) as error:
            self.say(f"a connection ended before its upgrade: {error}")
            with suppress(OSError):
                to_client.write(BAD_GATEWAY + f"realtime-conformance tap: {type(error).__name__}".encode())
                await to_client.drain()
        finally:
            to_client.close()

    async def _pass_on(self, client: StreamReader, to_client: StreamWriter) -> None:
        request = head_of(await client.readuntil(END))
        sent = forwarded(request, self.upstream)
        upstream, to_upstream = await self._dial()
        try:
            to_upstream.write(sent.encode())
            head = await upstream.readuntil(END)
            to_client.write(head)
            scrub = Scrubber(secrets_of(request, self.upstream))
            path = self._path()
            log = SessionLog(path, scrub, self.say)
            self.say(str(path))
            answer = head_of(head)
            if answer.status == 101:
                log.begin(handshake_of(sent, answer, self.upstream, "", scrub))
                await _both_ways(client, to_client, upstream, to_upstream, log)
            else:
                await _refusal(upstream, to_client, sent, answer, self.upstream, log, scrub)
        finally:
            to_upstream.close()

    async def _dial(self) -> tuple[StreamReader, StreamWriter]:
        to = urlsplit(self.upstream)
        context: ssl.SSLContext | None = None
        if to.scheme == "wss":
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.insecure:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return await asyncio.open_connection(to.hostname, to.port or PORTS[to.scheme], ssl=context, limit=LARGEST_HEAD)

    def _path(self) -> Path:
        self._count += 1
        return self.folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{self._count:04}.jsonl"


async def _both_ways(
    client: StreamReader, to_client: StreamWriter, upstream: StreamReader, to_upstream: StreamWriter, log: SessionLog
) -> None:
    """Pass bytes on until both sides have ended; who ended first without a close frame broke the connection."""
    gone: list[Direction] = []
    try:
        await asyncio.gather(
            _way(client, to_upstream, Direction.CLIENT, log, gone),
            _way(upstream, to_client, Direction.SERVER, log, gone),
        )
    finally:
        by = gone[0] if gone else Direction.CLIENT
        log.finish(End(EndKind.DROPPED, by, reason="the connection ended without a close frame"))


async def _way(
    source: StreamReader, target: StreamWriter, direction: Direction, log: SessionLog, gone: list[Direction]
) -> None:
    messages = MessageReader()
    try:
        while data := await source.read(CHUNK):
            for message in messages.feed(data):
                log.note(direction, message)
            target.write(data)
            await target.drain()
    except OSError:
        pass  # whoever broke the connection has ended it
    gone.append(direction)
    with suppress(OSError, RuntimeError):
        target.close()


async def _refusal(
    upstream: StreamReader,
    to_client: StreamWriter,
    sent: Head,
    answer: Head,
    url: str,
    log: SessionLog,
    scrub: Scrubber,
) -> None:
    """Pass on what follows the head of a refusal, and note its beginning."""
    body = b""
    length = answer.get("content-length")
    left = int(length) if length.isdigit() else None
    while (left is None or left > 0) and (data := await upstream.read(CHUNK)):
        to_client.write(data)
        await to_client.drain()
        body = (body + data)[:BODY]
        left = left - len(data) if left is not None else None
    log.begin(handshake_of(sent, answer, url, body.decode("utf-8", "replace"), scrub))
    log.finish(End(EndKind.REFUSED, reason=f"HTTP {answer.status}"))
