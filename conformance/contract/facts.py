"""What a vendor documents, as facts that conversations prove.

A profile lists them word for word: its path, its auth styles, the events of both sides, the fields of the session and
of the usage.  A fact is proved by a trace in which it can be seen to be true, not by one that does not contradict it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.contract.dialect import reach
from conformance.trace.trace import Credential
from conformance.trace.views import View

if TYPE_CHECKING:
    from conformance.contract.profile import Profile

UPDATES = ("session.update", "transcription_session.update")
#: Client events that have no acknowledgement of their own.
UNANSWERED = ("input_audio_buffer.append", "response.cancel")
ABSENT = object()


@dataclass(frozen=True, order=True)
class Fact:
    """One thing that is documented."""

    kind: str
    """`path`, `auth`, `client_event`, `server_event`, `session_field` or `usage_field`."""
    name: str
    """As the vendor spells it; fields of objects in objects with dots."""

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}"


@dataclass(frozen=True)
class FactProof:
    """A fact and the conversation that proves it."""

    fact: Fact
    conversation: str = ""
    """Empty where none does."""


def proved(profile: Profile, views: Iterable[tuple[str, View]]) -> tuple[FactProof, ...]:
    """Give each documented fact of *profile* with the first conversation, of (name, view), that proves it."""
    by: dict[Fact, str] = {}
    for name, view in views:
        if len(by) < len(profile.facts):
            for fact in shown(profile.facts, view):
                by.setdefault(fact, name)
    return tuple(FactProof(fact, by.get(fact, "")) for fact in profile.facts)


def shown(facts: Iterable[Fact], view: View) -> frozenset[Fact]:
    """Give those of *facts* that one trace proves."""
    seen = {
        "path": _path(view),
        "auth": _auth(view),
        "client_event": _taken(view),
        "server_event": frozenset(frame.entry.type for frame in view.heard),
        "usage_field": _counted(view),
    }
    reflected = list(_reflected(view))
    return frozenset(
        fact
        for fact in facts
        if fact.name in seen.get(fact.kind, ())
        or (fact.kind == "session_field" and any(_shows(fact.name, *pair) for pair in reflected))
    )


def _path(view: View) -> frozenset[str]:
    hand = view.handshake
    return frozenset({urlsplit(hand.url).path} if hand is not None and view.admitted else ())


def _auth(view: View) -> frozenset[str]:
    hand = view.handshake
    valid = hand is not None and hand.credential is Credential.VALID and view.admitted
    return frozenset({hand.auth} if hand is not None and valid else ())


def _taken(view: View) -> frozenset[str]:
    """Give the client events, as spoken, that were acknowledged; one that has no acknowledgement: was not refused."""
    return frozenset(
        each.sent.entry.type
        for each in view.exchanges
        if each.answer is not None
        or (each.sent.type in UNANSWERED and not each.refused and each.sent.index < view.settled)
    )


def _counted(view: View) -> frozenset[str]:
    found: set[str] = set()
    for frame in view.server("response.done"):
        usage = frame.part("response").get("usage")
        if isinstance(usage, dict):
            found |= {name for name, value in usage.items() if value is not None}
    return frozenset(found)


def _reflected(view: View) -> Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Give what each accepted update asked for, and the session that answered it."""
    for each in view.exchanges_with(*UPDATES):
        if each.answer is not None:
            yield each.sent.part("session"), each.answer.part("session")


def _shows(field: str, sent: Mapping[str, Any], session: Mapping[str, Any]) -> bool:
    path = field.split(".")
    asked = reach(sent, path, ABSENT)
    return asked is not ABSENT and reflects(asked, reach(session, path, ABSENT))


def reflects(asked: Any, came: Any) -> bool:
    """Tell whether a setting *came* back as it was *asked* for; what was not asked for may stand beside it."""
    if isinstance(asked, dict):
        return isinstance(came, dict) and all(reflects(value, came.get(key, ABSENT)) for key, value in asked.items())
    if isinstance(asked, list):
        if not isinstance(came, list) or len(came) != len(asked):
            return False
        if all(isinstance(each, str) for each in (*asked, *came)):
            return sorted(asked) == sorted(came)  # the order of modalities is not stable (observation 45)
        return all(reflects(*pair) for pair in zip(asked, came, strict=True))
    return bool(asked == came) and isinstance(asked, bool) == isinstance(came, bool)
