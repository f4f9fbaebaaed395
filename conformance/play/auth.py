"""What an upgrade request offers, by the auth style that was chosen (`contract.auth_styles`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from conformance.contract.auth_styles import STYLES, Place

#: The subprotocol that browsers offer beside the one that carries the key; the only one a server may select.
REALTIME = "realtime"
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


def offer(style: str, key: str) -> Credentials:
    """Return what *style* puts into the upgrade request for *key*."""
    how = STYLES[style]
    if how.place is Place.HEADER:
        return Credentials(headers=((how.field, how.prefix + key),))
    if how.place is Place.QUERY:
        return Credentials(query=((how.field, how.prefix + key),))
    return Credentials(subprotocols=(REALTIME, how.prefix + key))


def carries(style: str, key: str) -> bool:
    """Return whether *key* can travel in *style*: a URL carries any key, a header or a subprotocol does not.

    Where there is no key nothing has to travel.
    """
    if not key:
        return True
    offered = offer(style, key)
    values = (value for _, value in offered.headers)
    return all(map(HEADER_VALUE.fullmatch, values)) and all(map(SUBPROTOCOL.fullmatch, offered.subprotocols))
