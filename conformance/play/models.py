"""Which models an endpoint has: `GET /v1/models` of the same origin, as its HTTP API answers."""

from __future__ import annotations

import asyncio
import http.client
from urllib.parse import urlsplit

import orjson

from conformance.contract.auth_styles import STYLES, Place
from conformance.play.auth import carries, offer
from conformance.play.plain import tls_of
from conformance.play.target import Target

#: Bytes of the answer that are read.
LARGEST_LIST = 1 << 20
#: Characters of a model's name.
LONGEST_NAME = 200
SCHEMES = {"ws": "http", "wss": "https"}


async def listed_models(target: Target) -> tuple[str, ...]:
    """Return the ids of the models that the endpoint lists; none where it lists none, for whatever reason."""
    try:
        return await asyncio.to_thread(_listed, target)
    except (OSError, http.client.HTTPException, ValueError):
        return ()


def _listed(target: Target) -> tuple[str, ...]:
    parts = urlsplit(target.url)
    url = parts._replace(scheme=SCHEMES[parts.scheme]).geturl()
    tls, host, patience = tls_of(target, target.url), parts.hostname or "", target.patience.connect
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(host, parts.port, timeout=patience, context=tls)
        if urlsplit(url).scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=patience)
    )
    path = parts.path.rstrip("/").removesuffix("/realtime") + "/models"
    style = target.auth if STYLES[target.auth].place is Place.HEADER else "bearer"
    key = offer(style, target.key).headers if target.key and carries(style, target.key) else ()
    try:
        connection.request("GET", path, headers=dict((*key, *target.headers)))
        answer = connection.getresponse()
        body = answer.read(LARGEST_LIST)
    finally:
        connection.close()
    told = orjson.loads(body) if answer.status == http.client.OK else {}
    data = told.get("data") if isinstance(told, dict) else None
    models = [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []
    return tuple(each["id"] for each in models if isinstance(each.get("id"), str) and _can_be_named(each["id"]))


def _can_be_named(name: str) -> bool:
    """Return whether somebody could type the name of a model: it stands in commands and in file headers."""
    return name.isprintable() and 0 < len(name) <= LONGEST_NAME
