"""What became of the frames of one direction on their way through a gateway.

A frame is found again by its type and `event_id`; where a gateway replaces ids, by the rest of its content; where it
changes that too, by its type and order.
"""

from __future__ import annotations

import base64
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from conformance.relay.declared import Declared
from conformance.secrets import KEY_MARK
from conformance.trace.frames import Frame
from conformance.trace.trace import TOKEN_MARK, FrameKind

#: Differences of one event that are told.
MOST_CHANGES = 10
#: Stands for a field that is not there.
ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Change:
    """One place in which an event differs on the two sides."""

    path: str
    """JSON pointer."""
    sent: Any
    received: Any

    @property
    def added(self) -> bool:
        """Whether the gateway put it there."""
        return bool(self.sent is ABSENT)

    @property
    def taken(self) -> bool:
        """Whether the gateway took it away."""
        return bool(self.received is ABSENT)


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """One frame on both sides."""

    source: Frame
    target: Frame
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """All frames of one direction."""

    crossed: tuple[Crossed, ...]
    """In the order in which they arrived."""
    lost: tuple[Frame, ...]
    """Said and never heard."""
    added: tuple[Frame, ...]
    """Heard and never said."""
    repeated: tuple[Frame, ...]
    """Heard more often than said."""
    moved: tuple[Crossed, ...]
    """Heard after what was said later."""


def crossing(sources: Sequence[Frame], targets: Sequence[Frame], declared: Declared) -> Crossing:
    """Find *sources* again among *targets*."""
    unheard, unsaid = list(sources), list(targets)
    found: list[tuple[Frame, Frame]] = []
    repeated: list[Frame] = []
    for identity in (_by_id, _by_content, _by_type):
        pairs, unheard, unsaid = _joined(unheard, unsaid, identity)
        found += pairs
        if identity is _by_type:
            continue
        known = {identity(source) for source, _ in found if identity is _by_id or not source.text("event_id")} - {None}
        repeated += [frame for frame in unsaid if identity(frame) in known]
        unsaid = [frame for frame in unsaid if identity(frame) not in known]
    found.sort(key=lambda pair: pair[1].index)
    crossed = tuple(Crossed(source, target, tuple(changes(source, target, declared))) for source, target in found)
    lost = tuple(frame for frame in unheard if frame.type not in declared.drops)
    added = tuple(frame for frame in unsaid if frame.type not in declared.says)
    return Crossing(crossed, lost, added, tuple(repeated), tuple(_moved(crossed)))


Identity = Callable[[Frame], Hashable]


def _joined(
    sources: list[Frame], targets: list[Frame], identity: Identity
) -> tuple[list[tuple[Frame, Frame]], list[Frame], list[Frame]]:
    """Join the frames with the same identity, in their order; give the pairs and what is left on either side."""
    waiting: dict[Hashable, deque[Frame]] = defaultdict(deque)
    for source in sources:
        if (key := identity(source)) is not None:
            waiting[key].append(source)
    pairs, left = [], []
    for target in targets:
        queue = waiting.get(identity(target))
        if queue:
            pairs.append((queue.popleft(), target))
        else:
            left.append(target)
    joined = {source.index for source, _ in pairs}
    return pairs, [source for source in sources if source.index not in joined], left


def _by_id(frame: Frame) -> Hashable:
    event_id = frame.text("event_id")
    return (frame.type, event_id) if event_id else None


def _by_content(frame: Frame) -> Hashable:
    if frame.entry.event is None:
        return payload(frame)
    rest = {key: value for key, value in frame.event.items() if key not in ("event_id", "type")}
    try:
        return frame.type, orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return frame.type, repr(rest)


def _by_type(frame: Frame) -> Hashable:
    return frame.type or None


def payload(frame: Frame) -> bytes:
    """Return the bytes of a frame that holds no JSON object."""
    text = frame.entry.text or ""
    return base64.b64decode(text) if frame.entry.kind is FrameKind.BINARY else text.encode("utf-8", "surrogatepass")


def _moved(crossed: Sequence[Crossed]) -> Iterator[Crossed]:
    latest = -1
    for each in crossed:
        if each.source.index < latest:
            yield each
        latest = max(latest, each.source.index)


def changes(source: Frame, target: Frame, declared: Declared) -> Iterator[Change]:
    """Yield the differences of one event that nobody declared, at most ten."""
    if not (source.whole and target.whole):
        return
    told = 0
    for change in differences(source.event, target.event):
        if change.path == "/type" and source.type == target.type:
            continue
        if _declared(change, declared) or _held_a_key(source, change):
            continue
        yield change
        told += 1
        if told == MOST_CHANGES:
            return


def differences(sent: Any, received: Any, path: str = "") -> Iterator[Change]:
    """Yield every place in which two JSON values differ; 1 and 1.0 do not."""
    if isinstance(sent, dict) and isinstance(received, dict):
        for key in [*sent, *(key for key in received if key not in sent)]:
            here = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            yield from differences(sent.get(key, ABSENT), received.get(key, ABSENT), here)
    elif isinstance(sent, list) and isinstance(received, list) and len(sent) == len(received):
        for number, (one, other) in enumerate(zip(sent, received, strict=True)):
            yield from differences(one, other, f"{path}/{number}")
    elif sent != received or isinstance(sent, bool) != isinstance(received, bool):
        yield Change(path or "/", sent, received)


def _declared(change: Change, declared: Declared) -> bool:
    steps = change.path.split("/")
    if any(_fits(pattern.split("/"), steps) for pattern in declared.rewrites):
        return True
    if change.added and any(_fits(pattern.split("/"), steps) for pattern in declared.adds):
        return True
    return declared.translates and not change.path.startswith("/response/usage")


def _fits(pattern: list[str], steps: list[str]) -> bool:
    """Return whether a pointer, with `*` for any step, leads to *steps* or to something around them."""
    return len(pattern) <= len(steps) and all(one in ("*", other) for one, other in zip(pattern, steps, strict=False))


def _held_a_key(source: Frame, change: Change) -> bool:
    """Return whether a key stood there: then a gateway may have redacted it, and rules of their own look at leaks."""
    sent = change.sent
    return isinstance(sent, str) and (source.entry.leaked or TOKEN_MARK in sent or KEY_MARK in sent)
