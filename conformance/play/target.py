"""The endpoint under test as a value, and what an upgrade request to it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialect import Dialect
from conformance.contract.dialects import DIALECTS
from conformance.contract.names import TOKEN_TRANSCRIBERS, TRANSCRIBERS, TRANSLATORS, VOICES
from conformance.errors import UsageError
from conformance.play.auth import REALTIME, Credentials, offer
from conformance.play.bounds import Bounds, Held
from conformance.play.connection import UpgradeRequest
from conformance.play.line import LineSettings
from conformance.trace.trace import Credential

#: Answers may take so many times as long as the first event of the preflight took.
TIMES_THE_LATENCY = 10.0
#: Answers may take so many times as long as the longest that came, but never more than so many seconds.
TIMES_THE_LONGEST = 2.0
MOST_PATIENCE = 120.0
#: What helps where we waited too short.
LONGER = "(--answer-timeout=SECONDS waits longer)"
#: Query parameters that name the model.
NAMES_A_MODEL = frozenset({"model", "deployment", "call_id"})
#: A key of the right shape that no endpoint can know.
WRONG_KEY = "sk-wrong-0000000000000000000000000000"
#: Role of a key that opens nothing -> what the trace says of it.
CREDENTIALS = {"restricted": Credential.RESTRICTED, "exhausted": Credential.EXHAUSTED}
#: The beginning of another address behind one.
SEVERAL = re.compile(r"[,;|\s](?:wss?|https?)://")
UNKNOWN_MODEL = "nonexistent-realtime-model"


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds."""

    connect: float = 10.0
    first_event: float = 15.0
    answer: float = 20.0
    conversation: float = 180.0
    chosen: bool = False
    """Whether somebody said how long to wait for answers."""
    proof: float = 0.0
    """How long nothing must have come to prove that a session never opens, in seconds."""

    def stretched(self, latency: float) -> Patience:
        """Wait longer where an endpoint is slow: *latency* is how long its first event took, in seconds."""
        if self.chosen or (times := latency * TIMES_THE_LATENCY / self.answer) <= 1:
            return self
        longer = {name: getattr(self, name) * times for name in ("connect", "first_event", "answer", "conversation")}
        return replace(self, **longer)

    def grown(self, longest: float) -> Patience:
        """Wait longer for answers where one took *longest* seconds and came: twice as long, within bounds."""
        answer = min(MOST_PATIENCE, longest * TIMES_THE_LONGEST)
        if self.chosen or answer <= self.answer:
            return self
        return replace(
            self, answer=answer, conversation=max(self.conversation, answer * self.conversation / self.answer)
        )


#: Intent of a script -> what is put behind the endpoint's path for it; others go into the query.
RESOURCES = {"translation": "translations"}


@dataclass(frozen=True)
class Target:
    """Where to connect, and as whom."""

    url: str
    dialect: Dialect
    key: str = field(default="", repr=False)
    model: str | None = None
    auth: str = "bearer"
    styles: tuple[str, ...] = tuple(STYLES)
    """The auth styles that the endpoint is known to read."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Further keys by the role of who holds them (`contract.key_roles`)."""
    patience: Patience = field(default_factory=Patience)
    bounds: Bounds = field(default_factory=Bounds)
    held: Held = field(default_factory=Held, compare=False, repr=False)
    """What all connections of the run hold; one object for all copies of a target."""
    line: LineSettings = field(default_factory=LineSettings)
    ca_file: str | None = None
    insecure: bool = False
    transcriber: str = TRANSCRIBERS[0].name
    """The model that writes down what the user says, where a script needs one."""
    token_transcriber: str = TOKEN_TRANSCRIBERS[0].name
    """The same, billed by tokens."""
    voices: tuple[str, ...] = (VOICES[0].name, VOICES[1].name)
    """Two voices, where a script needs them."""

    tool_server: str = ""
    """URL of a tool server (MCP) that the endpoint can reach; empty if nobody named one."""

    @property
    def names(self) -> Mapping[str, str]:
        """What a script refers to as `${run.…}`."""
        first, *others = self.voices
        return {
            "model": self.model or "",
            "transcriber": self.transcriber,
            "token_transcriber": self.token_transcriber,
            "tool_server": self.tool_server,
            "voice": first,
            "other_voice": others[0] if others else first,
        }


def checked_url(url: str, option: str = "--endpoint") -> str:
    """Return a WebSocket URL, http(s) turned into ws(s); UsageError says what is wrong with that of an *option*."""
    if SEVERAL.search(url):
        cure = "Run it once for each; `realtime-conformance matrix` puts the reports of several runs into one table."
        raise UsageError(f"{option}: {url!r} names more than one endpoint", cure)
    parts = urlsplit(url)
    schemes = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
    if parts.scheme not in schemes:
        raise UsageError(
            f"{option}: {url!r} is not a WebSocket URL",
            "It begins with wss:// (or ws://), e.g. wss://host/v1/realtime",
        )
    try:
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{option}: {url!r}: {error}", "The port is a number from 0 to 65535.") from error
    if not host:
        raise UsageError(f"{option}: {url!r} names no host", "For example: wss://host/v1/realtime")
    path = parts.path if parts.path not in ("", "/") else "/v1/realtime"
    return parts._replace(scheme=schemes[parts.scheme], path=path, fragment="").geturl()


def upgrade_request_for(target: Target, options: Mapping[str, Any]) -> UpgradeRequest:
    """Turn the options of `connect` / `expect_refusal` into what the upgrade request carries."""
    style = options.get("auth") or target.auth
    credential = Credential(options.get("credential", "valid"))
    model_kind = Credential(options.get("model", "valid"))
    role = options.get("key", "")
    if role:
        target = replace(target, key=target.keys.get(role, ""))
        credential = CREDENTIALS.get(role, credential)
    secret = options.get("secret")
    if secret is not None:
        kind = options.get("secret_is", "valid")
        credential = Credential.WRONG if kind in ("expired", "altered") else Credential.VALID
        secret = altered(secret) if kind == "altered" else secret
    offered = _offered(style, credential, target) if secret is None else offer(style, secret)
    headers = list(
        (other_than(target.dialect) if options.get("revision") == "other" else target.dialect).headers.items()
    )
    if credential is Credential.RECASED:
        headers_of = ((name, value.replace("Bearer ", "bearer ")) for name, value in offered.headers)
        offered = replace(offered, headers=tuple(headers_of))
    subprotocols = offered.subprotocols
    if subprotocols:
        subprotocols = (*subprotocols, *target.dialect.subprotocols)
    if options.get("key_first"):
        subprotocols = tuple(sorted(subprotocols, key=lambda each: each == REALTIME))
    query = list(offered.query)
    intent = options.get("intent", "")
    if intent and intent not in RESOURCES:
        query.append(("intent", intent))
    return UpgradeRequest(
        auth=style,
        credential=credential,
        model_kind=model_kind,
        headers=(*offered.headers, *headers, *target.headers, *dict(options.get("headers", {})).items()),
        query=tuple(query),
        subprotocols=(*subprotocols, *options.get("subprotocols", ())),
        model=_model(target, model_kind, options) if secret is None else None,
        brief=secret is not None,
        plain=bool(options.get("plain")),
        resource=RESOURCES.get(intent, ""),
    )


def altered(secret: str) -> str:
    """Return a secret of the same form that nobody gave."""
    return secret[:-1] + ("x" if not secret.endswith("x") else "y")


def other_than(dialect: Dialect) -> Dialect:
    """Return the other revision."""
    return next(each for each in DIALECTS.values() if each is not dialect)


def _offered(style: str, credential: Credential, target: Target) -> Credentials:
    if credential is Credential.MISSING or (credential is Credential.VALID and not target.key):
        return Credentials()
    if credential is Credential.CONFLICTING:
        # A key in a style that nobody reads is in conflict with nothing.
        other = next((name for name in target.styles if name != style), style)
        return offer(style, target.key) + offer(other, WRONG_KEY)
    return offer(style, {Credential.WRONG: WRONG_KEY, Credential.EMPTY: ""}.get(credential, target.key))


def _model(target: Target, kind: Credential, options: Mapping[str, Any]) -> str | None:
    if kind is Credential.MISSING:
        return None
    if kind is Credential.WRONG:
        return UNKNOWN_MODEL
    # In `ga` a model beside `intent=transcription` would make the session a conversation.
    others = {"transcription": None, "translation": TRANSLATORS[0].name}
    return others.get(options.get("intent", ""), target.model)


def names_a_model(target: Target) -> bool:
    """Return whether the endpoint's own URL, or somebody, says which model is meant."""
    query = {name for name, _ in parse_qsl(urlsplit(target.url).query)}
    return target.model is not None or not query.isdisjoint(NAMES_A_MODEL)


def url_of(target: Target, ask: UpgradeRequest) -> str:
    """Return the URL of one upgrade: the endpoint's own query, the model and the credential."""
    parts = urlsplit(target.url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    named = {name for name, _ in query}
    if ask.model is not None and not named & {"deployment", "call_id"}:
        query = [pair for pair in query if pair[0] != "model"] + [("model", ask.model)]
    elif ("intent", "transcription") in ask.query:
        query = [pair for pair in query if pair[0] != "model"]  # as in `_model`
    elif ask.model is None and ask.model_kind != "valid":
        query = [pair for pair in query if pair[0] not in ("model", "deployment")]
    # A GET without an upgrade is plain HTTP, and its URL says so.
    scheme = parts.scheme.replace("ws", "http") if ask.plain or ask.posts is not None else parts.scheme
    if ask.posts is not None or ask.brief:
        query = [pair for pair in query if pair[0] not in ("model", "deployment")]
    path = f"{parts.path.rstrip('/')}/{ask.resource}" if ask.resource else parts.path
    return parts._replace(scheme=scheme, path=path, query=urlencode([*query, *ask.query])).geturl()
