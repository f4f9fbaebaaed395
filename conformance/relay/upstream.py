"""The scripted upstream: the reference endpoint that a gateway dials, with a script of faults and its own traces."""

from __future__ import annotations

import asyncio
import http
import logging
import ssl as tls
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.reference.server.admission import (
    AcceptThenClose,
    Admission,
    Admitted,
    Refused,
    RefusingSession,
    admit,
    key_error,
)
from conformance.reference.server.client_secrets import ClientSecrets
from conformance.reference.server.connection import ServedConnection
from conformance.reference.server.posting import PostConnection
from conformance.reference.server.server import MAX_FRAME, plain
from conformance.reference.session.core import Endpoint
from conformance.reference.session.hooks import Hooks
from conformance.reference.session.refusals import error_body
from conformance.relay.dial import AskedUpgrade, Dial, Keys
from conformance.relay.flood import AFTER
from conformance.relay.scripted_session import ScriptedSession
from conformance.relay.upstream_script import HONEST, UpstreamScript
from conformance.trace.trace import Direction, End, EndKind

log = logging.getLogger("conformance.relay")
wire = logging.getLogger("conformance.relay.wire")
wire.setLevel(logging.WARNING)

#: `error.code` of a scripted refusal by its status.
REFUSAL_CODES = {401: "invalid_api_key", 403: "model_not_allowed", 429: "rate_limit_exceeded"}


class Upstream:
    """`async with Upstream() as upstream:` listens on `upstream.url`; `upstream.dials` is everybody who came."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        keys: Keys = Keys(),  # noqa: B008 - frozen
        usual: UpstreamScript = HONEST,
        ssl: tls.SSLContext | None = None,
        nonce: str = "",
        ended: Callable[[Dial], object] = lambda _: None,
    ) -> None:
        """Prepare to listen; *usual* is done without a scenario's script, *nonce* makes the sessions' ids ours.

        *ended* is told of each dial when it is over.
        """
        self._ended = ended
        self.keys, self.nonce = keys, nonce
        self.dials: list[Dial] = []
        self._host, self._port, self._ssl, self._usual = host, port, ssl, usual
        self._scripts: Sequence[UpstreamScript] = ()
        self._used = 0
        self._by_connection: dict[ServerConnection, tuple[Dial, Admission]] = {}
        self._listener: Listener | None = None
        self._secrets = ClientSecrets(nonce)

    async def __aenter__(self) -> Self:
        self._listener = await serve(
            self._converse,
            self._host,
            self._port,
            ssl=self._ssl,
            process_request=self._decide,
            select_subprotocol=self._select,
            compression=None,
            max_size=MAX_FRAME,
            create_connection=PostConnection,
            close_timeout=2,
            ping_interval=None,
            logger=wire,
        )
        self._port = next(iter(self._listener.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()

    @property
    def url(self) -> str:
        """Where a gateway dials, without a query."""
        return f"{'wss' if self._ssl else 'ws'}://{self._host}:{self._port}/v1/realtime"

    def follow(self, scripts: Sequence[UpstreamScript]) -> None:
        """Do what *scripts* say at the next dials, one after the other; the last goes on.  None: be honest."""
        self._scripts, self._used = scripts, 0

    def _next_script(self) -> tuple[UpstreamScript, int]:
        if not self._scripts:
            return self._usual, 0
        number = min(self._used, len(self._scripts) - 1)
        self._used += 1
        return self._scripts[number], number

    def _decide(self, connection: ServerConnection, request: Request) -> Response | None:
        headers = tuple(request.headers.raw_items())
        offered = tuple(
            each.strip() for value in request.headers.get_all("Sec-WebSocket-Protocol") for each in value.split(",")
        )
        asked = AskedUpgrade(request.path, headers, offered)
        if isinstance(connection, PostConnection) and connection.posted is not None:
            error = key_error(asked.target, headers, self._tokens, tuple(STYLES))
            return plain(self._secrets.mint(urlsplit(asked.target).path, connection.posted, error, None))
        if "websocket" not in (request.headers.get("Upgrade") or "").lower():
            return _refusal(admit(asked.target, asked.headers, ()))  # gateways also look around, e.g. for /v1/models
        dial = Dial(len(self.dials) + 1, asked, self._next_script(), self.keys)
        self.dials.append(dial)
        admission = self._admission(dial)
        self._by_connection[connection] = dial, admission
        if not isinstance(admission, Refused):
            return None
        dial.answered(admission.status, body=admission.body.decode())
        dial.finish(End(EndKind.REFUSED, Direction.SERVER))
        self._ended(dial)
        return _refusal(admission)

    def _admission(self, dial: Dial) -> Admission:
        asked, refusal = dial.asked, dial.script.refuses
        if refusal is not None:
            key = f" key: {next(iter(asked.keys), '')}" if refusal.names_the_key else ""
            error = error_body(REFUSAL_CODES.get(refusal.status, "server_error"), refusal.message + key)
            return Refused(refusal.status, error)
        speaks = dial.script.speaks or "auto"
        return admit(
            asked.target,
            asked.headers,
            asked.subprotocols,
            tokens=self._tokens,
            dialect=speaks,
            secrets=self._secrets,
        )

    @property
    def _tokens(self) -> tuple[str, ...]:
        return (self.keys.upstream,) if self.keys.upstream else ()

    def _select(self, connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        admission = self._by_connection[connection][1]
        chosen = None if isinstance(admission, Refused) else admission.subprotocol
        return next((each for each in offered if each == chosen), None)

    async def _converse(self, connection: ServerConnection) -> None:
        dial, admission = self._by_connection[connection]
        chosen = None if isinstance(admission, Refused) else admission.subprotocol
        dial.answered(101, chosen)
        session = self._session(dial, admission)
        hooks = Hooks(closes=lambda code, reason: None if session.dropping else (code, reason))
        beside = [asyncio.create_task(each) for each in (_ping(connection, dial), _flood(connection, session))]
        try:
            await ServedConnection(connection, session, hooks).serve()
        except ConnectionClosed:
            pass
        finally:
            for task in beside:
                task.cancel()
            dial.finish(_end_of(connection, session))
            self._ended(dial)
            self._by_connection.pop(connection, None)

    def _session(self, dial: Dial, admission: Admission) -> ScriptedSession:
        loop = asyncio.get_running_loop()
        inner: Any
        seed = f"{self.nonce}-{dial.number}"
        if isinstance(admission, AcceptThenClose):
            inner = RefusingSession(admission, seed)
        elif isinstance(admission, Admitted):
            inner = Endpoint(
                DIALECTS[admission.dialect],
                clock=loop.time,
                model=admission.model,
                intent=admission.intent,
                seed=seed,
                lifetime=dial.script.expires_after,
            )
            inner.configure(admission.settings)
        else:
            raise TypeError("a refused dial has no session")
        key = next(iter(dial.asked.keys), "")
        dialect = DIALECTS[dial.spoken]
        return ScriptedSession(inner, dial.script, dialect, clock=loop.time, note=dial.note, offered_key=key)


def _refusal(admission: Admission) -> Response | None:
    """Answer in plain HTTP; None if an upgrade is what is wanted."""
    if not isinstance(admission, Refused):
        return None
    response = plain(admission)
    if admission.status == http.HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = "1"
    return response


async def _ping(connection: ServerConnection, dial: Dial) -> None:
    """Ask the gateway for a sign of life, and note when it gave one."""
    try:
        waiter = await connection.ping()
        dial.side = replace(dial.side, pinged=dial.now())
        await waiter
        dial.side = replace(dial.side, ponged=dial.now())
    except ConnectionClosed:
        return


async def _flood(connection: ServerConnection, session: ScriptedSession) -> None:
    """Say more than the sockets hold, if the script wants it, and then end what shall end after it."""
    flooding = session.flood(connection.send)
    if flooding is None:
        return
    with suppress(ConnectionClosed):
        await flooding.run()
        if session.ended_after(AFTER) and session.closing is not None:
            await connection.close(*session.closing)


def _end_of(connection: ServerConnection, session: ScriptedSession) -> End:
    """Tell how a connection ended, and by whom."""
    received, sent = connection.protocol.close_rcvd, connection.protocol.close_sent
    if session.dropping:
        return End(EndKind.DROPPED, Direction.SERVER)
    if session.closing is not None and sent is not None and not connection.protocol.close_rcvd_then_sent:
        return End(EndKind.CLOSED, Direction.SERVER, sent.code, sent.reason, graceful=received is not None)
    if received is not None:
        return End(EndKind.CLOSED, Direction.CLIENT, received.code, received.reason)
    return End(EndKind.DROPPED, Direction.CLIENT)
