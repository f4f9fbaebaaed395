"""What a toy relay does at each of the places where a relay can be wrong; the defaults are right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.auth_styles import keys_in

Payload = str | bytes
#: What a client is told when the upstream is gone without a word.
LOST = (1011, "upstream connection lost")
#: What stands for a key.
REDACTED = "[redacted]"


def passed(frame: Payload) -> Iterable[Payload]:
    """Pass a frame on as it is."""
    return (frame,)


@dataclass(frozen=True)
class RelayPrices:
    """What a token costs, in the units of the balance."""

    input: float = 1.0
    cached_input: float = 0.5
    output: float = 2.0


@dataclass(frozen=True)
class ClientUpgrade:
    """The upgrade that a client asks for, taken apart."""

    query: Mapping[str, str]
    headers: tuple[tuple[str, str], ...]
    subprotocols: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that it offers, in whatever style."""
        return tuple(key for _, key in keys_in(self.headers, self.query.items(), self.subprotocols))


@dataclass
class UpstreamUpgrade:
    """The upgrade that the relay asks the upstream for."""

    query: dict[str, str]
    headers: dict[str, str]
    subprotocols: list[str] = field(default_factory=list)


CodeAndReason = tuple[int, str]


#: A close frame without a code.
NO_CODE = 1005


def _closes(code: int | None, reason: str) -> CodeAndReason:
    """Tell a client what the upstream said, or that it is gone."""
    return LOST if code is None else (1000 if code == NO_CODE else code, reason)


@dataclass(frozen=True)
class Behaviour:
    """What a relay does; the defaults are transparent."""

    lets_in: Callable[[bool], bool] = bool
    """From whether the key is right to whether the client may come in."""
    restricts: bool = True
    """Refuse a key that may not use the model."""
    dials_first: bool = False
    """Dial the upstream before key and model are looked at."""
    dials: Callable[[UpstreamUpgrade, ClientUpgrade], None] | None = None
    """Change what the upstream is asked for."""
    maps_models: bool = True
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers of the answer; `{key}` stands for the upstream's key."""
    refuses: Callable[[int, bytes], tuple[int, bytes] | None] = lambda status, body: (status, body)
    """What a client is told of the upstream's refusal; None: it is let in and told nothing."""
    cools_down: bool = False
    """Refuse everybody after a failure of the upstream."""
    patience: float = 30.0
    """Seconds to wait for the upstream's first frame."""
    down: Callable[[Payload], Iterable[Payload]] = passed
    up: Callable[[Payload], Iterable[Payload]] = passed
    greets: tuple[Payload, ...] = ()
    """Frames that are sent to the upstream first."""
    redacts: bool = True
    delay: float = 0.0
    """Seconds by which every frame to the client is late."""
    holds: float = 0
    """So many frames wait for a client that does not read, and further ones are lost; 0: nothing more is taken."""
    batch: int = 1
    """So many deltas go to the client at once."""
    broadcasts: Callable[[Payload], bool] | None = None
    """Which frames reach every client."""
    closes: Callable[[int | None, str], CodeAndReason | str] = _closes
    """What a client is told of the upstream's end; `abort` breaks off, `keep` says nothing.  No code: it broke."""
    lets_go: frozenset[str] = frozenset({"closed", "dropped"})
    """After which end of a client the upstream's session is ended."""
    pongs_client: bool = True
    pongs_upstream: bool = True
    logs: Callable[[ClientUpgrade], str] = lambda _: "GET /v1/realtime"
    """The line that is written for an upgrade."""
    charges: Callable[[Mapping[str, Any], str, RelayPrices], float] | None = None
    """From a usage, the kind or status of its event, and the prices to what is charged."""
    charges_lost_clients: bool = True
    charges_again_after: float | None = None
    """Seconds after the end of a session in which all of it is charged once more; None: never."""
    charges_refusals: float = 0.0


HONEST = Behaviour()


def price(usage: Mapping[str, Any], _status: str, prices: RelayPrices) -> float:
    """Charge what the upstream reported."""
    details = usage.get("input_token_details") or {}
    cached = details.get("cached_tokens", 0)
    fresh = usage.get("input_tokens", 0) - cached
    return float(fresh * prices.input + cached * prices.cached_input + usage.get("output_tokens", 0) * prices.output)
