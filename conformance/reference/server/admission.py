"""Who may come in: what an upgrade request asks for, and how it is refused.

Pure functions of the request; the server and the tests share them.  Refusals take the forms that real
endpoints and gateways show (facts, a.2 to a.4): an HTTP status, or an accepted socket with one `error` and a
close code.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from conformance.contract.auth_styles import STYLES, keys_in
from conformance.contract.key_roles import ROLES, key_for
from conformance.reference.server.client_secrets import ClientSecrets
from conformance.reference.session.hooks import Outgoing, Receives, Sends, unchanged
from conformance.reference.session.ids import Ids
from conformance.reference.session.refusals import Event, error_body

PATHS = ("/v1/realtime", "/openai/v1/realtime", "/openai/realtime")
#: What stands behind the path of those who want a translation.
TRANSLATIONS = "/translations"
#: Models that are known, besides everything whose name begins like one of OpenAI's.
MODELS = ("gpt-realtime", "gpt-realtime-mini", "gpt-4o-realtime-preview", "gpt-4o-mini-realtime-preview")
FAMILIES = ("gpt-",)
#: `error.code` of a valid key that opens nothing -> HTTP status; of any other key it is 401.
STATUSES = {"model_not_allowed": 403, "insufficient_quota": 429}
#: `error.code` of a client secret that has lived.
EXPIRED = "token_expired"
BETA_SUBPROTOCOL = "openai-beta.realtime-v1"


@dataclass(frozen=True)
class Admitted:
    """Come in."""

    dialect: str
    model: str
    intent: str = "conversation"
    subprotocol: str | None = None
    offered: tuple[str, ...] = ()
    """The subprotocols among which *subprotocol* was chosen."""
    scheme: str = ""
    """Of the Authorization header, as it was written."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Those with which the session begins, where a client secret opens it."""
    by_secret: bool = False


@dataclass(frozen=True)
class Refused:
    """No upgrade: an HTTP answer with a JSON body in OpenAI's form."""

    status: int
    error: Event
    subprotocol: str | None = None
    """That which an upgrade would have selected."""

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return orjson.dumps({"error": self.error})


@dataclass(frozen=True)
class AcceptThenClose:
    """The upgrade succeeds, one `error` event follows, and the socket is closed."""

    error: Event
    code: int
    subprotocol: str | None = None

    @property
    def reason(self) -> str:
        """Reason of the close frame (a.4)."""
        return f"{self.error['type']}.{self.error['code']}"


Admission = Admitted | Refused | AcceptThenClose


@dataclass(frozen=True)
class RequestedUpgrade:
    """What the client asked for."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, Sequence[str]]
    """By lower-case name."""
    subprotocols: tuple[str, ...]


def admit(
    target: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    subprotocols: Sequence[str] = (),
    *,
    tokens: Sequence[str] = (),
    auth_styles: Iterable[str] = tuple(STYLES),
    dialect: str = "auto",
    refusal: str = "http",
    models: Sequence[str] = MODELS,
    secrets: ClientSecrets | None = None,
    features: frozenset[str] | None = None,
) -> Admission:
    """Decide about one upgrade request to *target* (path and query).

    Without *tokens* everybody may come in.  *dialect* is `ga`, `beta`, or `auto`: what the client asks for.
    *refusal* of a wrong key is `http` (401) or `openai` (accepted, `error`, close 3000).  *secrets* are keys that live
    briefly, each with a session of its own.  *features* are those that the endpoint has (None: all).
    """
    url = urlsplit(target)
    asked = RequestedUpgrade(
        url.path.rstrip("/"), _first(parse_qsl(url.query, True)), _grouped(headers), tuple(subprotocols)
    )
    translates = asked.path.endswith(TRANSLATIONS) and (features is None or "translation" in features)
    if asked.path.removesuffix(TRANSLATIONS if translates else "") not in PATHS:
        return Refused(404, error_body("not_found", f"Invalid URL (GET {url.path})"))
    selected = "realtime" if "realtime" in asked.subprotocols else None
    secret = secrets.named(key for _, key in _keys(asked, auth_styles)) if secrets is not None else None
    error = _key_error(asked, (*tokens, secret.value) if secret else tokens, auth_styles) if tokens else None
    if secrets is not None and secret is not None and secrets.expired(secret):
        error = error_body(EXPIRED, "The client secret has expired.")
    if error is not None:
        status = STATUSES.get(error["code"], 401)
        return AcceptThenClose(error, 3000, selected) if refusal == "openai" else Refused(status, error, selected)
    if "websocket" not in [each.lower() for each in asked.headers.get("upgrade", ())]:
        return Refused(426, error_body("upgrade_required", "This endpoint speaks WebSocket: ask for an upgrade."))
    if dialect == "ga" and _wants_beta(asked):
        message = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."
        return AcceptThenClose(error_body("beta_api_shape_disabled", message), 4000, selected)
    made = _session(asked, _revision(asked, dialect), selected, models, secret.model if secret else "")
    if secret is None or not isinstance(made, Admitted):
        return made
    return replace(made, settings=secret.session if made.dialect == secret.dialect else {}, by_secret=True)


def key_error(
    target: str, headers: Mapping[str, str] | Iterable[tuple[str, str]], tokens: Sequence[str], styles: Iterable[str]
) -> Event | None:
    """Return what is wrong with the key of a plain request; None if nothing is, or anybody may ask."""
    url = urlsplit(target)
    asked = RequestedUpgrade(url.path, _first(parse_qsl(url.query, True)), _grouped(headers), ())
    return _key_error(asked, tokens, styles) if tokens else None


def revision(
    headers: Mapping[str, str] | Iterable[tuple[str, str]], subprotocols: Sequence[str], dialect: str = "auto"
) -> str:
    """Tell which revision an upgrade request asks for: `ga` or `beta`."""
    return _revision(RequestedUpgrade("", {}, _grouped(headers), tuple(subprotocols)), dialect)


def _revision(asked: RequestedUpgrade, dialect: str) -> str:
    return dialect if dialect != "auto" else "beta" if _wants_beta(asked) else "ga"


def _wants_beta(asked: RequestedUpgrade) -> bool:
    return "realtime=v1" in asked.headers.get("openai-beta", ()) or BETA_SUBPROTOCOL in asked.subprotocols


def _session(
    asked: RequestedUpgrade, dialect: str, selected: str | None, models: Sequence[str], usual: str = ""
) -> Admission:
    intent = asked.query.get("intent", "conversation")
    model = asked.query.get("model") or asked.query.get("deployment") or usual
    if asked.path.endswith(TRANSLATIONS):
        intent = "translation"
        if dialect == "beta":
            return Refused(404, error_body("not_found", "There are no translations in the beta revision."))
    if intent not in ("conversation", "transcription", "translation"):
        return AcceptThenClose(error_body("invalid_intent", "The intent is not supported.", "intent"), 4000, selected)
    if intent == "transcription" and (dialect == "beta" or not model):
        return Admitted(dialect, model, "transcription", selected, asked.subprotocols, _scheme(asked))
    if not model:
        return AcceptThenClose(error_body("missing_model", "You must provide a model parameter."), 4000, selected)
    if model not in models and not model.startswith(FAMILIES):
        message = f"Model '{model[:100]}' is not supported in realtime mode."
        return AcceptThenClose(error_body("invalid_model", message, "model"), 4000, selected)
    kind = intent if intent == "translation" else "conversation"  # a model beside another intent makes it one
    return Admitted(dialect, model, kind, selected, asked.subprotocols, _scheme(asked))


def _key_error(asked: RequestedUpgrade, tokens: Sequence[str], styles: Iterable[str]) -> Event | None:
    """Return what is wrong with the credentials: none, or any wrong one among them; never a key."""
    given = [key for _, key in _keys(asked, styles)]
    if not given:
        return error_body("missing_api_key", "You didn't provide an API key.")
    if not all(_is_among(key, tokens) for key in given):
        return _role_error(given, tokens)
    return None


def _is_among(key: str, tokens: Iterable[str]) -> bool:
    return any(hmac.compare_digest(key.encode(), token.encode()) for token in tokens)


def _role_error(given: Sequence[str], tokens: Sequence[str]) -> Event | None:
    """Return what the holder of the only key may not do (`contract.key_roles`); another key is wrong."""
    held = [role for role in ROLES if len(given) == 1 and _is_among(given[0], [key_for(role, each) for each in tokens])]
    if "other-tenant" in held:
        return None
    if "restricted" in held:
        return error_body("model_not_allowed", "This key may not use the model.", "model")
    if "exhausted" in held:
        return error_body("insufficient_quota", "You exceeded your current quota.")
    return error_body("invalid_api_key", "Incorrect API key provided.")


def _scheme(asked: RequestedUpgrade) -> str:
    return next(iter(asked.headers.get("authorization", ())), "").partition(" ")[0]


def _keys(asked: RequestedUpgrade, styles: Iterable[str]) -> list[tuple[str, str]]:
    """Return the keys that are given in one of *styles*, each with the name of its style."""
    read = frozenset(styles)
    headers = [(name, value) for name, given in asked.headers.items() for value in given]
    return [each for each in keys_in(headers, asked.query.items(), asked.subprotocols) if each[0] in read]


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return dict(reversed(list(pairs)))


def _grouped(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        grouped.setdefault(name.lower(), []).append(value)
    return grouped


class RefusingSession:
    """A session that sends one `error` and wants to close: what `AcceptThenClose` looks like from inside."""

    def __init__(self, refused: AcceptThenClose, seed: int | str = 0) -> None:
        self.closing: tuple[int, str] | None = None
        self.sends: Sends = unchanged
        self.receives: Receives = unchanged
        self._refused, self._ids = refused, Ids(seed)

    def open(self) -> list[Outgoing]:
        """Return the error."""
        self.closing = self._refused.code, self._refused.reason
        return list(
            self.sends({"type": "error", "event_id": self._ids.new("event"), "error": dict(self._refused.error)})
        )

    def receive(self, frame: str | bytes) -> list[Outgoing]:  # noqa: ARG002 - nothing is read any more
        """Answer nothing."""
        return []

    def due(self) -> float | None:
        """Nothing is planned."""
        return None

    def tick(self) -> list[Outgoing]:
        """Nothing is due."""
        return []
