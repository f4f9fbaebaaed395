"""What a vendor documents, as facts that conversations prove.

A profile lists them word for word: its path, its auth styles, the events of both sides, the fields of the session and
of the usage.  A fact is proved by a trace in which it can be seen to be true, not by one that does not contradict it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance.contract.dialect import reach
from conformance.trace.frames import whole_number
from conformance.trace.trace import Credential
from conformance.trace.views import View

#: Kinds of facts, in the order in which they are told.
KINDS = ("path", "auth", "client_event", "server_event", "session_field", "usage_field")
#: Settings that were chosen before the session began: shown as asked for is all that can be seen of them.
SETTLED = ("model",)
ABSENT = object()

SessionObject = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Fact:
    """One thing that is documented."""

    kind: str
    """One of KINDS."""
    name: str
    """As the vendor spells it; fields of objects in objects with dots."""

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}"


def named(text: str) -> Fact | None:
    """Return the fact that is written so (`usage field total_tokens`), None if none is."""
    for kind in KINDS:
        head, gap, name = text.partition(kind.replace("_", " ") + " ")
        if gap and name and not head:
            return Fact(kind, name)
    return None


def shown(facts: Iterable[Fact], view: View) -> frozenset[Fact]:
    """Return those of *facts* that one trace proves."""
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
        or (fact.kind == "session_field" and any(_shows(fact.name, *each) for each in reflected))
    )


def _path(view: View) -> frozenset[str]:
    hand = view.handshake
    return frozenset({urlsplit(hand.url).path} if hand is not None and view.admitted else ())


def _auth(view: View) -> frozenset[str]:
    hand = view.handshake
    valid = hand is not None and hand.credential is Credential.VALID and view.admitted
    return frozenset({hand.auth} if hand is not None and valid else ())


def _taken(view: View) -> frozenset[str]:
    """Return the client events, as spoken, that were acknowledged; one without acknowledgement: that had its effect."""
    last = {kind: effect(view) for kind, effect in EFFECTS.items()}
    return frozenset(
        each.sent.entry.type
        for each in view.exchanges
        if each.answer is not None or (not each.refused and each.sent.index < last.get(each.sent.type, -1))
    )


def _audio_arrived(view: View) -> int:
    return max((frame.index for frame in view.server(*HEARING)), default=-1)


def _something_was_cancelled(view: View) -> int:
    done = view.server("response.done")
    return max((frame.index for frame in done if frame.part("response").get("status") == "cancelled"), default=-1)


#: Nobody commits, or hears speech in, audio that never came.
HEARING = ("input_audio_buffer.committed", "input_audio_buffer.speech_started")
#: Client event without an acknowledgement of its own -> where its effect was last seen in a trace.
EFFECTS: Mapping[str, Callable[[View], int]] = {
    "input_audio_buffer.append": _audio_arrived,
    "response.cancel": _something_was_cancelled,
}


def _counted(view: View) -> frozenset[str]:
    found: set[str] = set()
    for frame in view.server("response.done"):
        usage = frame.part("response").get("usage")
        if isinstance(usage, dict):
            found |= {name for name, value in usage.items() if _is_counted(value)}
    return frozenset(found)


def _is_counted(value: Any) -> bool:
    """Return whether a field of the usage counts something: a whole number of at least 0, or details."""
    count = whole_number(value)
    return isinstance(value, dict) or (count is not None and count >= 0)


def _reflected(view: View) -> Iterable[tuple[SessionObject, SessionObject, SessionObject]]:
    """Yield what each accepted update asked for, the session as it was shown last, and the one that answered."""
    answers = {each.answer.index: each for each in view.exchanges_with("session.update") if each.answer is not None}
    before: SessionObject = {}
    for frame in view.server("session.created", "session.updated"):
        if frame.index in answers:
            yield answers[frame.index].sent.part("session"), before, frame.part("session")
        before = frame.part("session")


def _shows(field: str, sent: SessionObject, before: SessionObject, session: SessionObject) -> bool:
    """Return whether *field* came to be what was asked for: a default that stays proves nothing."""
    path = field.split(".")
    asked, was, actual = (reach(each, path, ABSENT) for each in (sent, before, session))
    if asked is ABSENT or not reflects(asked, actual):
        return False
    return field in SETTLED or not reflects(asked, was)


def reflects(asked: Any, actual: Any) -> bool:
    """Return whether a setting *came* back as it was *asked* for; what was not asked for may stand beside it."""
    if isinstance(asked, dict):
        return isinstance(actual, dict) and all(
            reflects(value, actual.get(key, ABSENT)) for key, value in asked.items()
        )
    if isinstance(asked, list):
        if not isinstance(actual, list) or len(actual) != len(asked):
            return False
        if all(isinstance(each, str) for each in (*asked, *actual)):
            return sorted(asked) == sorted(actual)  # the order of modalities is not stable (observation 45)
        return all(reflects(*pair) for pair in zip(asked, actual, strict=True))
    return bool(asked == actual) and isinstance(asked, bool) == isinstance(actual, bool)
