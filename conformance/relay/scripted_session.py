"""A session of the reference endpoint that does what a script says, and notes every frame of both sides."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from conformance.contract.dialect import Dialect
from conformance.mutants.relay_behaviour import Payload
from conformance.reference.server.loopback import Session
from conformance.reference.session.hooks import Outgoing, Receives, Sends, unchanged
from conformance.relay.flood import Flooding, SendText
from conformance.relay.upstream_script import Interjection, ScriptedEnd, UpstreamScript
from conformance.trace.trace import Direction, Event

Note = Callable[[Direction, Payload], object]


@dataclass(frozen=True)
class Planned:
    """A frame that will be said, and what follows it."""

    at: float
    """On the clock of the session."""
    frame: Payload
    ends: ScriptedEnd | None = None
    kind: str = ""
    """Canonical type of what the session said by itself."""


class ScriptedSession:
    """Stands between a session and the socket that serves it."""

    def __init__(
        self,
        inner: Session,
        script: UpstreamScript,
        dialect: Dialect,
        *,
        clock: Callable[[], float],
        note: Note,
        offered_key: str = "",
    ) -> None:
        """Wrap *inner*; *note* is told of each frame when it is heard or said, *offered_key* is what a script leaks."""
        self.flooding: Flooding | None = None
        self.closing: tuple[int, str] | None = None
        self.dropping = False
        """Whether the connection shall break without a close frame."""
        self.sends: Sends = unchanged
        self.receives: Receives = unchanged
        self._inner, self._script, self._dialect = inner, script, dialect
        self._clock, self._note, self._key = clock, note, offered_key
        self._planned: deque[Planned] = deque()
        self._free = clock() + script.first_event_after
        """When the next frame may be said."""
        self._waiting = list(script.says)
        self._ending = script.ends

    def flood(self, say: SendText) -> Flooding | None:
        """Return the flood that the script wants, for somebody to run; *say* waits until the gateway takes more."""
        if self._script.floods is None:
            return None
        self.flooding = Flooding(self._script.floods, self._dialect, say, partial(self._note, Direction.SERVER))
        return self.flooding

    def ended_after(self, kind: str) -> bool:
        """End the session, if the script wants that after *kind*."""
        if self._ending is None or self._ending.after != kind:
            return False
        self._end(self._ending)
        return True

    def open(self) -> list[Outgoing]:
        """Begin the session."""
        self._plan(self._inner.open())
        return self._due_frames()

    def receive(self, frame: Payload) -> list[Outgoing]:
        """Answer one frame of the gateway."""
        self._note(Direction.CLIENT, frame)
        self._plan(self._inner.receive(frame))
        return self._due_frames()

    def due(self) -> float | None:
        """When `tick` will have something to say; None for never."""
        times = [each for each in (self._planned[0].at if self._planned else None, self._inner.due()) if each]
        return min(times, default=None)

    def tick(self) -> list[Outgoing]:
        """Say what is due."""
        self._plan(self._inner.tick())
        return self._due_frames()

    def _plan(self, said: Iterable[Outgoing]) -> None:
        for each in said:
            if not isinstance(each, dict):
                self._queue(each)
                continue
            kind = self._dialect.canonical(each.get("type", ""))
            event = self._with_fields(kind, each)
            ends = self._ending if self._ending is not None and self._ending.after == kind else None
            more = [other for other in self._waiting if other.after == kind]
            self._waiting = [other for other in self._waiting if other.after != kind]
            frames = [orjson.dumps(event).decode(), *(frame for other in more for frame in self._interjected(other))]
            for number, frame in enumerate(frames, 1):
                self._queue(frame, ends if number == len(frames) else None, kind if number == 1 else "")

    def _queue(self, frame: Payload, ends: ScriptedEnd | None = None, kind: str = "") -> None:
        self._planned.append(Planned(max(self._clock(), self._free), frame, ends, kind))
        self._free = self._planned[-1].at + self._script.between_events

    def _due_frames(self) -> list[Outgoing]:
        said: list[Outgoing] = []
        while self._planned and self._planned[0].at <= self._clock() and self.closing is None:
            each = self._planned.popleft()
            self._note(Direction.SERVER, each.frame)
            said.append(each.frame)
            if self.flooding is not None:
                self.flooding.heard_of(each.kind)
            if each.ends is not None:
                self._end(each.ends)
        if not self._planned and self.closing is None:
            self.closing = self._inner.closing
        return said

    def _end(self, ending: ScriptedEnd) -> None:
        self.dropping = ending.code is None
        self.closing = (ending.code or 1006, ending.reason + (f" {self._key}" if ending.names_the_key else ""))
        self._planned.clear()

    def _with_fields(self, kind: str, event: Event) -> Event:
        event = merged(event, self._script.fields.get(kind, {}))
        if self._script.usage is not None and kind == "response.done":
            event = {**event, "response": {**event["response"], "usage": self._script.usage}}
        return event

    def _interjected(self, each: Interjection) -> Iterator[Payload]:
        for number in range(each.times):
            if each.event is None:
                yield each.text if each.text is not None else each.binary or b""
                continue
            filled = {name: "a" * length for name, length in each.fill.items()}
            event = {"event_id": f"event_said_besides_{each.after}_{number}", **each.event, **filled}
            if each.names_the_key:
                error = event.get("error", {})
                event["error"] = {**error, "message": f"{error.get('message', 'No.')} key: {self._key}"}
            yield orjson.dumps(event).decode()


def merged(value: Any, more: Any) -> Any:
    """Lay *more* over *value*: objects are joined key by key, anything else is replaced."""
    if isinstance(value, dict) and isinstance(more, dict):
        return {**value, **{key: merged(value.get(key), each) for key, each in more.items()}}
    return more
