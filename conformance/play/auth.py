"""The auth styles seen in the wild: each one function from a key to what the upgrade request offers.

A style is named as in `--auth=`.  Sources: the vendors' documents (see `contract/profiles/`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

#: The subprotocol that browsers offer beside the one that carries the key; the only one a server may select.
REALTIME = "realtime"
KEY_PREFIX = "openai-insecure-api-key."
#: What RFC 6455 allows as the name of a subprotocol, and RFC 9110 as the value of a header (without obsolete octets).
SUBPROTOCOL = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


@dataclass(frozen=True)
class Credentials:
    """What a style puts into the upgrade request."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    subprotocols: tuple[str, ...] = field(default=(), repr=False)

    def __add__(self, other: Credentials) -> Credentials:
        return Credentials(
            self.headers + other.headers,
            self.query + other.query,
            tuple(dict.fromkeys(self.subprotocols + other.subprotocols)),
        )


def bearer(key: str) -> Credentials:
    """Credentials `Authorization: Bearer KEY`."""
    return Credentials(headers=(("Authorization", f"Bearer {key}"),))


def query_token(key: str) -> Credentials:
    """Credentials `?token=KEY` (new-api family)."""
    return Credentials(query=(("token", key),))


def query_api_key(key: str) -> Credentials:
    """Credentials `?api_key=KEY` (Yuhuan Studio, speaches)."""
    return Credentials(query=(("api_key", key),))


def query_api_dash_key(key: str) -> Credentials:
    """Credentials `?api-key=KEY` (Azure)."""
    return Credentials(query=(("api-key", key),))


def api_key_header(key: str) -> Credentials:
    """Credentials `api-key: KEY` (Azure)."""
    return Credentials(headers=(("api-key", key),))


def subprotocol(key: str) -> Credentials:
    """Credentials `Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.KEY` (browsers)."""
    return Credentials(subprotocols=(REALTIME, KEY_PREFIX + key))


STYLES: Mapping[str, Callable[[str], Credentials]] = {
    "bearer": bearer,
    "query-token": query_token,
    "query-api_key": query_api_key,
    "query-api-key": query_api_dash_key,
    "api-key": api_key_header,
    "subprotocol": subprotocol,
}


def carries(style: str, key: str) -> bool:
    """Tell whether *key* can travel in *style*: a URL carries any key, a header or a subprotocol does not."""
    offer = STYLES[style](key)
    values = (value for _, value in offer.headers)
    return all(map(HEADER_VALUE.fullmatch, values)) and all(map(SUBPROTOCOL.fullmatch, offer.subprotocols))
