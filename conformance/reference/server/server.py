"""The reference endpoint behind a socket: one asyncio server, a session for each connection."""

from __future__ import annotations

import asyncio
import http
import logging
import ssl as tls
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.reference.server.admission import (
    MODELS,
    AcceptThenClose,
    Admission,
    Admitted,
    Refused,
    RefusingSession,
    admit,
    key_error,
    revision,
)
from conformance.reference.server.client_secrets import ClientSecrets, MintedSecret, Unminted
from conformance.reference.server.connection import ServedConnection
from conformance.reference.server.loopback import Session
from conformance.reference.server.posting import PostConnection
from conformance.reference.session.core import Endpoint
from conformance.reference.session.hooks import Hooks
from conformance.reference.session.model import Act, Prompt, answer
from conformance.reference.session.pace import Pace
from conformance.reference.session.revisions import REVISIONS
from conformance.reference.session.tool_servers import ToolServerFinder, by_heart

log = logging.getLogger("conformance.reference")
#: `websockets` writes request headers, and with them keys, to its log at DEBUG.
wire = logging.getLogger("conformance.reference.wire")
wire.setLevel(logging.WARNING)

#: Largest frame taken: a 15 MiB append in base64 with its envelope, and room to refuse a larger one politely.
MAX_FRAME = 32 * 1024 * 1024


@dataclass(frozen=True)
class UpgradeAttempt:
    """One upgrade request: what was decided about it, and what its session does wrong on purpose."""

    admission: Admission
    hooks: Hooks | None


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
        scripted_model: Callable[[Prompt], list[Act]] = answer,
        quirks: str = "",
        delta_ms: int = 50,
        tool_servers: ToolServerFinder = by_heart,
        hooks: Callable[[str], Hooks] | None = None,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        """Prepare to listen; *port* 0 lets the system choose.

        *tokens* are the keys that are let in (none: everybody).  *lifetime* is in seconds, by default that
        of the dialect.  *scripted_model*, *quirks*, *delta_ms* and *tool_servers* are those of `Endpoint`.  *hooks*
        makes the hooks of one session from the name of its dialect.
        """
        self._host, self._port, self._ssl = host, port, ssl
        self._tokens, self._styles, self._models = tuple(tokens), tuple(auth_styles), tuple(models)
        self._dialect, self._refusal = dialect, refusal
        self._pace, self._features, self._lifetime = pace, features, lifetime
        self._scripted_model, self._quirks, self._delta_ms = scripted_model, quirks, delta_ms
        self._tool_servers = tool_servers
        self._hooks = hooks
        self._attempts: WeakKeyDictionary[ServerConnection, UpgradeAttempt] = WeakKeyDictionary()
        self._numbers = count(1)
        self._listener: Listener | None = None
        self._secrets = ClientSecrets()

    async def __aenter__(self) -> Self:
        self._listener = await serve(
            self._converse,
            self._host,
            self._port,
            ssl=self._ssl,
            process_request=self._process,
            select_subprotocol=self._select,
            process_response=self._unoffered,
            compression=None,
            max_size=MAX_FRAME,
            close_timeout=2,
            create_connection=PostConnection,
            server_header="realtime-conformance",
            logger=wire,
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

    def _decide(self, request: Request) -> UpgradeAttempt:
        headers = list(request.headers.raw_items())
        offered = [
            each.strip() for value in request.headers.get_all("Sec-WebSocket-Protocol") for each in value.split(",")
        ]
        hooks = self._hooks(revision(headers, offered, self._dialect)) if self._hooks is not None else None
        admission = admit(
            request.path,
            headers,
            offered,
            tokens=self._tokens,
            auth_styles=self._styles,
            dialect=self._dialect,
            refusal=self._refusal,
            models=self._models,
            secrets=self._secrets,
            features=self._features,
        )
        return UpgradeAttempt(hooks.admits(admission) if hooks and hooks.admits else admission, hooks)

    def _mint(self, request: Request, body: bytes) -> Response:
        """Answer who wants a client secret."""
        headers = list(request.headers.raw_items())
        error = key_error(request.path, headers, self._tokens, self._styles)
        made = self._secrets.mint(urlsplit(request.path).path, body, error, self._features)
        hooks = self._hooks(revision(headers, [], self._dialect)) if self._hooks is not None else None
        return plain(hooks.mints(made) if hooks and hooks.mints else made)

    def _process(self, connection: ServerConnection, request: Request) -> Response | None:
        if isinstance(connection, PostConnection) and connection.posted is not None:
            return self._mint(request, connection.posted)
        self._attempts[connection] = upgrade = self._decide(request)
        admission = upgrade.admission
        if not isinstance(admission, Refused):
            return None
        log.info("refused: %d %s", admission.status, admission.error["code"])
        response = plain(admission)
        if admission.status == http.HTTPStatus.UPGRADE_REQUIRED:
            response.headers["Upgrade"] = "websocket"
        return response

    def _select(self, connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        admission = self._attempts[connection].admission
        chosen = None if isinstance(admission, Refused) else admission.subprotocol
        return next((each for each in offered if each == chosen), None)

    def _unoffered(self, connection: ServerConnection, _request: Request, response: Response) -> None:
        """Select what nobody offered, if that is what a session does wrong: `websockets` itself refuses to."""
        if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            return
        admission = self._attempts[connection].admission
        chosen = None if isinstance(admission, Refused) else admission.subprotocol
        if chosen is not None:
            response.headers.pop("Sec-WebSocket-Protocol", None)
            response.headers["Sec-WebSocket-Protocol"] = chosen

    async def _converse(self, connection: ServerConnection) -> None:
        number, upgrade = next(self._numbers), self._attempts[connection]
        served = ServedConnection(connection, self._session(upgrade, number), upgrade.hooks)
        began = asyncio.get_running_loop().time()
        try:
            await served.serve()
        except ConnectionClosed:
            pass
        finally:
            lasted = asyncio.get_running_loop().time() - began
            fields = (
                number,
                named(upgrade.admission),
                lasted,
                served.received,
                served.sent,
                connection.close_code or "abruptly",
            )
            log.info("session %d: %s; %.1f s, %d frames received, %d sent, closed %s", *fields)

    def _session(self, upgrade: UpgradeAttempt, number: int) -> Session:
        session = self._opened(upgrade.admission, number)
        if upgrade.hooks is not None:
            session.sends = upgrade.hooks.sends or session.sends
            session.receives = upgrade.hooks.receives or session.receives
        return session

    def _opened(self, admission: Admission, number: int) -> Session:
        if not isinstance(admission, Admitted):
            if isinstance(admission, Refused):
                raise TypeError("a refused client has no session")
            return RefusingSession(admission, number)
        endpoint = Endpoint(
            DIALECTS[admission.dialect],
            clock=asyncio.get_running_loop().time,
            model=admission.model,
            intent=admission.intent,
            pace=self._pace,
            features=self._features,
            seed=number,
            lifetime=self._lifetime or REVISIONS[admission.dialect].lifetime,
            scripted_model=self._scripted_model,
            quirks=self._quirks,
            delta_ms=self._delta_ms,
            tool_servers=self._tool_servers,
        )
        endpoint.configure(admission.settings)
        return endpoint


def plain(answer: Refused | MintedSecret | Unminted) -> Response:
    """Return an answer in plain HTTP."""
    told = {"Content-Type": "application/json", "Content-Length": str(len(answer.body)), "Connection": "close"}
    return Response(answer.status, http.HTTPStatus(answer.status).phrase, Headers(told), answer.body)


def named(admission: Admission) -> str:
    """Name a session for the log: nothing that a client wrote gets there but what was admitted."""
    if isinstance(admission, Admitted):
        return f"{admission.dialect} {admission.intent}, {ascii(admission.model)[1:-1][:60] or 'no model'}"
    return f"refused, {admission.reason}" if isinstance(admission, AcceptThenClose) else "refused"
