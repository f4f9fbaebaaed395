"""What a trace of one side of a gateway knows beside its frames; kept in the trace's `intent`, under `relay`.

Both sides are noted by one process, so that their clocks are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from conformance.trace.trace import Trace

KEY = "relay"


@dataclass(frozen=True)
class Side:
    """Facts about one connection."""

    asked: float | None = None
    """When the upgrade was asked for, in seconds of the process's monotonic clock."""
    opened: float | None = None
    """The zero of the trace's times, on the same clock."""
    leaks: tuple[str, ...] = ()
    """Where the other side's key was seen: `header NAME`, `query NAME`, `subprotocol`, `event N`, `close reason`, …"""
    pinged: float | None = None
    """When we sent a ping, in seconds of the trace."""
    ponged: float | None = None
    """When it was answered."""
    stalled: tuple[float, float] | None = None
    """From when to when the client did not read on purpose, in seconds of the trace."""
    lag: float = 0.0
    """Seconds by which we ourselves were late, at most, in three of four looks at the clock."""
    key: str = ""
    """Whose key the upgrade carried: `upstream`, `client`, `other`, or empty if there was none."""
    model: str = ""
    """The model that was asked for."""
    revision: str = ""
    """The revision that was asked for: `ga` or `beta`."""
    guards: bool = False
    """Whether the gateway has keys of its own, where the upstream noted this."""
    paced: float = 0.0
    """Seconds between any two events that the upstream kept on purpose: what it says does not come by chance."""
    script: int = 0
    """Number of the upstream's script, from 0."""
    scenario: str = ""
    """The scenario in which it was recorded."""


def side_of(trace: Trace) -> Side:
    """Read the facts of *trace*; an empty Side where a recorder noted none."""
    told = trace.intent.get(KEY)
    if not isinstance(told, Mapping):
        return Side()
    known: dict[str, Any] = {name: told[name] for name in Side.__dataclass_fields__ if name in told}
    stalled = known.get("stalled")
    tuples = {"leaks": tuple(known.get("leaks", ())), "stalled": tuple(stalled) if stalled else None}
    return Side(**{**known, **tuples})


def with_side(trace: Trace, side: Side) -> Trace:
    """Note *side* in a trace."""
    return replace(trace, intent={**trace.intent, KEY: {**asdict(side), "leaks": list(side.leaks)}})
