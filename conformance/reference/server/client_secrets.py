"""Keys that live briefly, for the clients of a client: who has a key gets one, with the settings of its session.

`POST /v1/realtime/client_secrets`, and in the older revision `POST /v1/realtime/sessions`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from conformance.contract.dialect import place, reach
from conformance.contract.dialects import DIALECTS
from conformance.reference.session.core import FEATURES, Endpoint
from conformance.reference.session.ids import Ids
from conformance.reference.session.refusals import Event, EventRefused, error_body

#: Seconds that a secret may live.
SHORTEST, LONGEST = 10, 7200
FEATURE = "client_secrets"
MODEL = "gpt-realtime"


@dataclass(frozen=True)
class MintedSecret:
    """A secret is given: the body of the answer."""

    content: Event

    status = 200

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return orjson.dumps(self.content)


@dataclass(frozen=True)
class Unminted:
    """No secret: an HTTP status, and why."""

    status: int
    error: Event

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return orjson.dumps({"error": self.error})


@dataclass(frozen=True)
class ClientSecret:
    """One secret, and what it opens."""

    value: str = field(repr=False)
    expires_at: float
    dialect: str
    model: str
    session: Mapping[str, Any]
    """The settings with which its sessions begin."""


class ClientSecrets:
    """The secrets that one endpoint has given."""

    def __init__(self, seed: int | str = 0, wall: Callable[[], float] = time.time) -> None:
        """Begin with none; *wall* gives the time of day."""
        self._known: dict[str, ClientSecret] = {}
        self._ids, self._wall = Ids(f"secrets-{seed}"), wall

    def named(self, keys: Iterable[str]) -> ClientSecret | None:
        """Return the first of *keys* that was given here."""
        return next((self._known[key] for key in keys if key in self._known), None)

    def expired(self, secret: ClientSecret) -> bool:
        """Return whether a secret opens nothing any more; sessions that are open go on."""
        return self._wall() >= secret.expires_at

    def mint(
        self, path: str, body: bytes, key_error: Event | None, features: frozenset[str] | None
    ) -> MintedSecret | Unminted:
        """Answer a POST to *path*; *key_error* says what is wrong with the key."""
        resource = path.rstrip("/").rpartition("/")[2]
        dialect = next((each for each in DIALECTS.values() if each.minting.resource == resource), None)
        if dialect is None or FEATURE not in (FEATURES if features is None else features):
            return Unminted(404, error_body("not_found", f"Invalid URL (POST {path})"))
        if key_error is not None:
            return Unminted(401, key_error)
        try:
            return self._minted(dialect.name, _parsed(body), features)
        except EventRefused as refusal:
            return Unminted(400, refusal.body(None))

    def _minted(self, dialect: str, asked: Event, features: frozenset[str] | None) -> MintedSecret:
        how = DIALECTS[dialect].minting
        seconds = _lifetime(asked, how.expires_after, how.seconds)
        session = dict(reach(asked, how.session) or {}) if how.session else dict(asked)
        session = {**DIALECTS[dialect].session_constants, **session}
        for path in (how.expires_after, how.value):
            session.pop(path[0], None)
        model = session.pop("model", MODEL)
        now, value = self._wall(), self._ids.new("ek")
        endpoint = Endpoint(DIALECTS[dialect], clock=lambda: 0.0, model=str(model), features=features, seed=value)
        endpoint.configure(session)
        self._known[value] = ClientSecret(value, now + seconds, dialect, str(model), session)
        content: Event = {}
        place(content, how.session, endpoint.session)
        place(content, how.value, value)
        place(content, how.expires_at, int(now + seconds))
        return MintedSecret(content)


def _parsed(body: bytes) -> Event:
    try:
        asked = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise EventRefused("invalid_json", "The body is no JSON.") from None
    if not isinstance(asked, dict):
        raise EventRefused("invalid_type", "The body is no JSON object.")
    return asked


def _lifetime(asked: Event, path: Sequence[str], usual: int) -> int:
    """Return the seconds that are asked for; Refusal if no secret may live that long, or that briefly."""
    told = reach(asked, (*path, "seconds"))
    if told is None:
        return usual
    where = ".".join((*path, "seconds"))
    if not isinstance(told, int) or isinstance(told, bool):
        raise EventRefused("invalid_type", param=where, facts={"expected": "an integer", "got": "something else"})
    if told < SHORTEST:
        raise EventRefused("integer_below_min_value", param=where, facts={"bound": SHORTEST, "value": told})
    if told > LONGEST:
        raise EventRefused("integer_above_max_value", param=where, facts={"bound": LONGEST, "value": told})
    return told
