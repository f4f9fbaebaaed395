"""What the upstream does on purpose in one conversation: the `upstream:` section of a scenario.

    upstream:
      says:
        - {after: session.created, event: {type: vendor.news, text: "grüße"}}
      closes: {after: response.created, code: 4000, reason: maintenance}

A list is one script for each dial, in the order in which they come; the last one goes on for all later ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.dialects import DIALECTS
from conformance.relay.flood import Flood
from conformance.trace.trace import Event


@dataclass(frozen=True)
class ScriptedRefusal:
    """The upgrade is refused with an HTTP status."""

    status: int
    message: str = "The upstream refuses."
    names_the_key: bool = False
    """Whether the body repeats the key that was offered, as careless upstreams do."""


@dataclass(frozen=True)
class Interjection:
    """A frame that the upstream says besides, right after an event of its own."""

    after: str
    """Canonical type of the event; the first of its kind counts."""
    event: Event | None = None
    text: str | None = None
    binary: bytes | None = None
    fill: Mapping[str, int] = field(default_factory=dict)
    """Field of the event -> so many characters are put there."""
    times: int = 1
    names_the_key: bool = False
    """Whether the event repeats the key that was offered, in its `error.message`."""


@dataclass(frozen=True)
class ScriptedEnd:
    """After which event the upstream ends the connection, and how."""

    after: str
    code: int | None = None
    """None: it breaks without a close frame."""
    reason: str = ""
    names_the_key: bool = False


@dataclass(frozen=True)
class UpstreamScript:
    """What one dial of the upstream meets."""

    refuses: ScriptedRefusal | None = None
    speaks: str = ""
    """The only revision that the upstream speaks; empty: the one that is asked for."""
    first_event_after: float = 0.0
    """Seconds."""
    between_events: float = 0.0
    """Seconds between any two events: a slow stream."""
    says: tuple[Interjection, ...] = ()
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Canonical type -> fields that are put into every event of that type."""
    usage: Event | None = None
    """The usage of every response."""
    floods: Flood | None = None
    ends: ScriptedEnd | None = None
    """After `flood` it ends when all of that was said."""
    expires_after: float | None = None
    """Seconds of a session."""

    @property
    def fails(self) -> bool:
        """Whether the upstream lets the conversation down on purpose."""
        return self.refuses is not None or self.ends is not None or self.expires_after is not None

    def keeps_protocol(self, spoken: str) -> bool:
        """Return whether a client of the revision *spoken* should see a sound session: ordinary rules judge it then.

        Single events against the protocol are no reason: what a rule finds at the upstream too is not the gateway's.
        """
        garbage = any(each.event is None for each in self.says)
        return self.refuses is None and self.ends is None and not garbage and self.speaks in ("", spoken)


HONEST = UpstreamScript()


def upstream_scripts(section: Any, spoken: str = "") -> tuple[UpstreamScript, ...]:
    """Read the `upstream:` section of a scenario, as its schema allows it; one script for each dial.

    *spoken* is the client's revision: `speaks: same` is that, and `speaks: other` the other one.
    """
    parts: Sequence[Mapping[str, Any]] = section if isinstance(section, list) else [section or {}]
    return tuple(_script(part, spoken) for part in parts)


def _script(part: Mapping[str, Any], spoken: str) -> UpstreamScript:
    refuses, closes, drops = part.get("refuses"), part.get("closes"), part.get("drops")
    ends = ScriptedEnd(**closes) if closes else ScriptedEnd(drops["after"]) if drops else None
    return UpstreamScript(
        refuses=ScriptedRefusal(**refuses) if refuses else None,
        speaks=_revision(part.get("speaks", ""), spoken),
        first_event_after=part.get("first_event_after", 0.0),
        between_events=part.get("between_events", 0.0),
        says=tuple(_interjection(each) for each in part.get("says", ())),
        fields=part.get("fields", {}),
        usage=part.get("usage"),
        floods=Flood(**part["floods"]) if "floods" in part else None,
        ends=ends,
        expires_after=part.get("expires_after"),
    )


def _revision(named: str, spoken: str) -> str:
    if named == "other":
        return next((name for name in DIALECTS if name != spoken), "")
    return spoken if named == "same" else named


def _interjection(each: Mapping[str, Any]) -> Interjection:
    binary = each.get("binary")
    return Interjection(**{**each, "binary": binary.encode() if isinstance(binary, str) else None})
