"""A small gateway: it has keys and models of its own, dials the upstream, passes everything on, and charges.

With HONEST behaviour it is transparent; a relay mutant is one other behaviour.
"""

from __future__ import annotations

import http
import ssl
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from conformance.contract.auth_styles import STYLES, Place
from conformance.contract.key_roles import key_for
from conformance.mutants.relay_behaviour import (
    HONEST,
    REDACTED,
    Behaviour,
    ClientUpgrade,
    RelayPrices,
    UpstreamUpgrade,
    price,
)
from conformance.mutants.toy_lane import Lanes, silence_pongs

PRICES = RelayPrices()
LARGEST = 64 * 2**20
KEY_PARAMETERS = frozenset(each.field for each in STYLES.values() if each.place is Place.QUERY)


class ToyRelay:
    """`async with ToyRelay(upstream_url, …) as relay:` listens on `relay.url` until the block ends."""

    def __init__(
        self,
        upstream: str,
        *,
        client_key: str,
        upstream_key: str,
        models: Mapping[str, str],
        behave: Callable[[], Behaviour] = Behaviour,
        prices: RelayPrices = PRICES,
        trusts: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare to listen; *models* are those that clients may use, each with its name at the upstream."""
        self.upstream, self.client_key, self.upstream_key = upstream, client_key, upstream_key
        self.models, self.behave, self.prices, self.trusts = models, behave, prices, trusts
        self.used = 0.0
        """What all clients were charged."""
        self.failed = False
        self.written = ""
        """The log, since somebody last read it."""
        self.lines: dict[ServerConnection, ClientConnection | None] = {}
        self.behaviours: dict[ServerConnection, Behaviour] = {}
        self._listener: Listener | None = None
        self._kept: list[ClientConnection] = []
        self._port = 0

    async def __aenter__(self) -> Self:
        self._listener = await serve(
            self._relay,
            "127.0.0.1",
            0,
            process_request=self._admit,
            process_response=self._answer,
            select_subprotocol=_select,
            compression=None,
            max_size=LARGEST,
            close_timeout=2,
            ping_interval=None,
        )
        self._port = next(iter(self._listener.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._kept:
            line.transport.abort()
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"ws://127.0.0.1:{self._port}/v1/realtime"

    @property
    def balance_url(self) -> str:
        """Where the balance is told."""
        return f"http://127.0.0.1:{self._port}/balance"

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/balance":
            return _http(200, orjson.dumps({"data": {"used": self.used}}))
        if "websocket" not in (request.headers.get("Upgrade") or "").lower():
            return None
        asked, behaviour = _asked(request), self.behave()
        self.behaviours[connection] = behaviour
        self.written += behaviour.logs(asked) + "\n"
        if behaviour.dials_first:
            with suppress(InvalidStatus):
                await (await self._dial(asked, behaviour)).close()
        refusal = self._refusal(asked, behaviour)
        if refusal is not None:
            self.used += behaviour.charges_refusals
            return refusal
        try:
            self.lines[connection] = await self._dial(asked, behaviour)
        except InvalidStatus as refused:
            self.failed = True
            self.used += behaviour.charges_refusals
            body = self._clean(behaviour, bytes(refused.response.body or b"").decode()).encode()
            told = behaviour.refuses(refused.response.status_code, body)
            if told is not None:
                return _http(*told)
            self.lines[connection] = None
        return None

    def _refusal(self, asked: ClientUpgrade, behaviour: Behaviour) -> Response | None:
        keys, restricted = frozenset(asked.keys), key_for("restricted", self.client_key)
        if not behaviour.lets_in(keys in ({self.client_key}, {restricted})):
            return _http(401, _error("invalid_api_key", "Incorrect API key provided."))
        if behaviour.restricts and restricted in keys:
            return _http(403, _error("model_not_allowed", "This key may not use the model."))
        if asked.query.get("model", "") not in self.models and asked.query.get("intent") != "transcription":
            return _http(404, _error("model_not_found", "The model does not exist, or you may not use it."))
        if behaviour.cools_down and self.failed:
            return _http(503, _error("server_overloaded", "No deployment is available."))
        return None

    async def _dial(self, asked: ClientUpgrade, behaviour: Behaviour) -> ClientConnection:
        model = asked.query.get("model", "")
        query = {name: value for name, value in asked.query.items() if name not in KEY_PARAMETERS}
        if behaviour.maps_models and model:
            query["model"] = self.models.get(model, model)
        dialling = UpstreamUpgrade(query, {"Authorization": f"Bearer {self.upstream_key}"})
        beta = [value for name, value in asked.headers if name.lower() == "openai-beta"]
        if beta or "openai-beta.realtime-v1" in asked.subprotocols:
            dialling.headers["OpenAI-Beta"] = "realtime=v1"
        if behaviour.dials is not None:
            behaviour.dials(dialling, asked)
        return await connect(
            f"{self.upstream}?{urlencode(dialling.query)}",
            additional_headers=dialling.headers,
            subprotocols=[Subprotocol(each) for each in dialling.subprotocols] or None,
            compression=None,
            max_size=LARGEST,
            ping_interval=None,
            close_timeout=2,
            ssl=self.trusts,
            proxy=None,
            create_connection=ClientConnection if behaviour.pongs_upstream else UnansweredPings,
        )

    def _answer(self, connection: ServerConnection, _request: Request, response: Response) -> None:
        behaviour = self.behaviours.get(connection, HONEST)
        for name, value in behaviour.answer_headers.items():
            response.headers[name] = value.replace("{key}", self.upstream_key)

    async def _relay(self, client: ServerConnection) -> None:
        upstream, behaviour = self.lines[client], self.behaviours[client]
        try:
            if upstream is None:
                await client.wait_closed()
                return
            await Lanes(self, client, upstream, behaviour).carry()
        finally:
            self.lines.pop(client, None)
            self.behaviours.pop(client, None)

    def keep(self, line: ClientConnection) -> None:
        """Leave a session of the upstream open until the relay ends."""
        self._kept.append(line)

    async def read(self) -> str:
        """Return what was written to the log since the last time."""
        written, self.written = self.written, ""
        return written

    def charge_more(self, amount: float) -> None:
        """Charge."""
        self.used += amount

    def charge(self, behaviour: Behaviour, event: Mapping[str, Any]) -> float:
        """Return what an event of the upstream costs."""
        kind, response = event.get("type"), event.get("response") or {}
        usage = response.get("usage") if kind == "response.done" else event.get("usage")
        if not isinstance(usage, dict) or kind not in CHARGED:
            return 0.0
        status = response.get("status", "") if kind == "response.done" else "transcribed"
        return (behaviour.charges or price)(usage, status, self.prices)

    def _clean(self, behaviour: Behaviour, text: str) -> str:
        return text.replace(self.upstream_key, REDACTED) if behaviour.redacts else text


class UnansweredPings(ClientConnection):
    """A connection that answers no ping."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        silence_pongs(self)


CHARGED = frozenset({"response.done", "conversation.item.input_audio_transcription.completed"})


def _asked(request: Request) -> ClientUpgrade:
    query = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
    offered = [each.strip() for value in request.headers.get_all("Sec-WebSocket-Protocol") for each in value.split(",")]
    return ClientUpgrade(query, tuple(request.headers.raw_items()), tuple(offered))


def _select(_connection: ServerConnection, offered: Iterable[Subprotocol]) -> Subprotocol | None:
    return next((each for each in offered if each == "realtime"), None)


def _error(code: str, message: str) -> bytes:
    return orjson.dumps({"error": {"type": "invalid_request_error", "code": code, "message": message}})


def _http(status: int, body: bytes) -> Response:
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status, http.HTTPStatus(status).phrase, headers, body)
