"""What a gateway's documents declare that it changes: the `relay:` section of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tariff:
    """What a tenant is charged for tokens, in the units of its balance."""

    input: float = 1.0
    cached_input: float = 1.0
    output: float = 1.0
    tolerance: float = 0.5
    """How far a charge may be off, in the same units."""
    counts_up: bool = False
    """Whether the number that is read grows with use (tokens used) or shrinks (money left)."""

    def charge(self, before: float, after: float) -> float:
        """Return what was charged between two readings, in the units of the balance."""
        return after - before if self.counts_up else before - after


@dataclass(frozen=True)
class Declared:
    """What the gateway says of itself."""

    rewrites: frozenset[str] = NOTHING
    """JSON pointers into events whose values it replaces, e.g. `/session/id`; `*` stands for any key or index."""
    adds: frozenset[str] = NOTHING
    """JSON pointers of fields that it adds."""
    drops: frozenset[str] = NOTHING
    """Canonical types of events that it does not pass on."""
    says: frozenset[str] = NOTHING
    """Canonical types of events that it says by itself."""
    translates: bool = False
    """Whether it speaks another revision to the upstream than to the client."""
    alias: Mapping[str, str] = field(default_factory=dict)
    """Model as the client names it -> as the upstream is asked for it."""
    latency: float = 0.1
    """Seconds that it may add to an event, in the median."""
    buffer_mib: float = 48.0
    """Mebibytes that it and the sockets around it may hold for a client that does not read."""
    patience: float = 10.0
    """Seconds in which it tells a client what happened to the upstream."""
    tariff: Tariff = field(default_factory=Tariff)


def declared_in(section: Mapping[str, Any] | None) -> Declared:
    """Read the `relay:` section of a profile, as its schema allows it."""
    told = dict(section or {})
    for name in ("rewrites", "adds", "drops", "says"):
        told[name] = frozenset(told.get(name, ()))
    if "latency_ms" in told:
        told["latency"] = told.pop("latency_ms") / 1000
    return Declared(**{**told, "tariff": Tariff(**told.get("tariff", {}))})
