"""The auth styles seen in the wild: one row says where an upgrade request carries the key.

The client writes by this table and the reference endpoint reads by it; profiles, scenarios and `--auth` name its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where in the upgrade request."""

    HEADER = "header"
    QUERY = "query"
    SUBPROTOCOL = "subprotocol"


@dataclass(frozen=True)
class AuthStyle:
    """One way to give a key."""

    place: Place
    field: str
    """Name of the header or of the query parameter; nothing for a subprotocol."""
    prefix: str = ""
    """What stands before the key."""


#: Name, as in `--auth=` -> the style.  Who documents it: see `contract/profiles/`; X-API-Key: speaches, LocalAI;
#: apiKey: Portkey; xai-client-secret: xAI's browser clients.
STYLES: Mapping[str, AuthStyle] = {
    "bearer": AuthStyle(Place.HEADER, "Authorization", "Bearer "),
    "query-token": AuthStyle(Place.QUERY, "token"),
    "query-api_key": AuthStyle(Place.QUERY, "api_key"),
    "query-api-key": AuthStyle(Place.QUERY, "api-key"),
    "api-key": AuthStyle(Place.HEADER, "api-key"),
    "subprotocol": AuthStyle(Place.SUBPROTOCOL, "", "openai-insecure-api-key."),
    "x-api-key": AuthStyle(Place.HEADER, "X-API-Key"),
    "authorization": AuthStyle(Place.HEADER, "Authorization"),
    "query-key": AuthStyle(Place.QUERY, "key"),
    "query-apiKey": AuthStyle(Place.QUERY, "apiKey"),
    "xai-subprotocol": AuthStyle(Place.SUBPROTOCOL, "", "xai-client-secret."),
}
#: What a subprotocol that carries a key begins with.
KEY_SUBPROTOCOLS = tuple(each.prefix for each in STYLES.values() if each.place is Place.SUBPROTOCOL)


def style_of(place: Place, field: str, value: str) -> str | None:
    """Return the name of the style that *value* is given in: of those that fit, the one with the longest prefix."""
    fitting = [
        name
        for name, each in STYLES.items()
        if each.place is place and each.field.lower() == field.lower() and value.lower().startswith(each.prefix.lower())
    ]
    return max(fitting, key=lambda name: len(STYLES[name].prefix), default=None)


def keys_in(
    headers: Iterable[tuple[str, str]], query: Iterable[tuple[str, str]], subprotocols: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield every key that an upgrade request carries, after the name of its style."""
    given = [(Place.SUBPROTOCOL, "", each) for each in subprotocols]
    given += [(Place.HEADER, name, value.strip()) for name, value in headers]
    given += [(Place.QUERY, name, value) for name, value in query]
    for place, field, value in given:
        style = style_of(place, field, value)
        if style is not None:
            yield style, value[len(STYLES[style].prefix) :].strip()
