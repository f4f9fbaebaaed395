"""The reference endpoint behind a socket: one asyncio server, a session for each connection.

A connection has one writer.  The reader hands each frame to the session and puts the answers into the outbox;
the writer empties it in order, and between that sleeps until the session's next plan is due.
"""

from __future__ import annotations

import asyncio
import http
import logging
import ssl as tls
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from types import TracebackType
from typing import Self

from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from conformance.contract.dialects import DIALECTS
from conformance.reference.admission import MODELS, STYLES, Admission, Admitted, Refused, Refusing, admit
from conformance.reference.core import Endpoint, Hook, Said
from conformance.reference.loopback import Session, as_frame
from conformance.reference.manners import MANNERS
from conformance.reference.pace import Pace
from conformance.reference.refusals import Event

log = logging.getLogger("conformance.reference")

#: Largest frame taken: a 15 MiB append in base64 with its envelope, and room to refuse a larger one politely.
MAX_FRAME = 32 * 1024 * 1024
#: So many events may wait for a client that does not read, before it is not listened to either.
OUTBOX_LIMIT = 4096


class Server:
    """`async with Server() as server:` listens on `server.url` until the block ends."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        dialect: str = "auto",
        tokens: Sequence[str] = (),
        auth_styles: Iterable[str] = tuple(STYLES),
        models: Sequence[str] = MODELS,
        pace: Pace = Pace.INSTANT,
        refusal: str = "http",
        features: frozenset[str] | None = None,
        lifetime: float | None = None,
        sends_factory: Callable[[], Hook] | None = None,
        hears_factory: Callable[[], Callable[[Event], Iterable[Event]]] | None = None,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        """Prepare to listen; *port* 0 lets the system choose.

        *tokens* are the keys that are let in (none: everybody).  *lifetime* is in seconds, by default that
        of the dialect.  The factories make one hook for each session (`Endpoint.sends`, `Endpoint.hears`).
        """
        self._host, self._port, self._ssl = host, port, ssl
        self._tokens, self._styles, self._models = tuple(tokens), tuple(auth_styles), tuple(models)
        self._dialect, self._refusal = dialect, refusal
        self._pace, self._features, self._lifetime = pace, features, lifetime
        self._sends_factory, self._hears_factory = sends_factory, hears_factory
        self._numbers = count(1)
        self._listener: Listener | None = None

    async def __aenter__(self) -> Self:
        self._listener = await serve(
            self._converse,
            self._host,
            self._port,
            ssl=self._ssl,
            process_request=self._process,
            select_subprotocol=self._select,
            compression=None,
            max_size=MAX_FRAME,
            close_timeout=2,
            server_header="realtime-conformance",
        )
        self._port = next(iter(self._listener.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.close()  # sends 1001 to every session
            await self._listener.wait_closed()

    @property
    def url(self) -> str:
        """Where a client connects, without a query."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'wss' if self._ssl else 'ws'}://{host}:{self._port}/v1/realtime"

    def _admission(self, request: Request) -> Admission:
        offered = [
            each.strip()
            for value in request.headers.get_all("Sec-WebSocket-Protocol")
            for each in value.split(",")
        ]
        return admit(
            request.path,
            request.headers.raw_items(),
            offered,
            tokens=self._tokens,
            auth_styles=self._styles,
            dialect=self._dialect,
            refusal=self._refusal,
            models=self._models,
        )

    def _process(self, _connection: ServerConnection, request: Request) -> Response | None:
        admission = self._admission(request)
        if not isinstance(admission, Refused):
            return None
        headers = Headers()
        headers["Content-Type"] = "application/json"
        headers["Content-Length"] = str(len(admission.body))
        headers["Connection"] = "close"
        if admission.status == http.HTTPStatus.UPGRADE_REQUIRED:
            headers["Upgrade"] = "websocket"
        return Response(admission.status, http.HTTPStatus(admission.status).phrase, headers, admission.body)

    def _select(self, _connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((each for each in offered if each == "realtime"), None)

    async def _converse(self, connection: ServerConnection) -> None:
        number = next(self._numbers)
        session = self._session(connection, number)
        line = _Line(connection, session)
        try:
            await line.hold()
        except ConnectionClosed:
            pass
        finally:
            log.info(
                "session %d: %d frames heard, %d said, closed %s",
                number,
                line.heard,
                line.said,
                connection.close_code,
            )

    def _session(self, connection: ServerConnection, number: int) -> Session:
        request = connection.request
        admission = self._admission(request) if request is not None else None
        if not isinstance(admission, Admitted):
            if admission is None or isinstance(admission, Refused):
                raise RuntimeError("a session without an admitted request")
            log.info("session %d: refused, %s", number, admission.reason)
            return Refusing(admission, number)
        log.info("session %d: %s, %s, %s", number, admission.dialect, admission.intent, admission.model)
        session = Endpoint(
            DIALECTS[admission.dialect],
            clock=asyncio.get_running_loop().time,
            model=admission.model,
            intent=admission.intent,
            pace=self._pace,
            features=self._features,
            seed=number,
            lifetime=self._lifetime or MANNERS[admission.dialect].lifetime,
        )
        if self._sends_factory is not None:
            session.sends = self._sends_factory()
        if self._hears_factory is not None:
            session.hears = self._hears_factory()
        return session


class _Line:
    """One connection and its session."""

    def __init__(self, connection: ServerConnection, session: Session) -> None:
        self._connection, self._session = connection, session
        self._outbox: deque[Said] = deque()
        self._news, self._drained = asyncio.Event(), asyncio.Event()
        self.heard = self.said = 0

    async def hold(self) -> None:
        """Hold the conversation until one side closes."""
        self._outbox.extend(self._session.open())
        reader = asyncio.create_task(self._read())
        try:
            await self._write(reader)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for frame in self._connection:
                self.heard += 1
                self._outbox.extend(self._session.receive(frame))
                self._news.set()
                while len(self._outbox) > OUTBOX_LIMIT:
                    self._drained.clear()
                    await self._drained.wait()
        finally:
            self._news.set()

    async def _write(self, reader: asyncio.Task[None]) -> None:
        while True:
            self._news.clear()
            while self._outbox:
                await self._connection.send(as_frame(self._outbox.popleft()))
                self.said += 1
            self._drained.set()
            if self._session.closing is not None:
                await self._connection.close(*self._session.closing)
                return
            if reader.done():
                reader.result()
                return
            await self._sleep()
            self._outbox.extend(self._session.tick())

    async def _sleep(self) -> None:
        due, loop = self._session.due(), asyncio.get_running_loop()
        if due is None:
            await self._news.wait()
        elif due <= loop.time():
            await asyncio.sleep(0)
        else:
            alarm = loop.call_at(due, self._news.set)
            await self._news.wait()
            alarm.cancel()
