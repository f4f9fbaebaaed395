"""A client and an endpoint joined in memory."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest

from conformance.contract.dialect import Dialect
from conformance.contract.dialects import DIALECTS
from conformance.reference.server.loopback import Closed, Loopback
from conformance.reference.session.core import Endpoint


def at_once(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits for anything but its own clock."""
    with suppress(StopIteration):
        coroutine.send(None)
        pytest.fail("the loopback waited for something outside")


class ScriptContext:
    """One conversation, in canonical names; everything that came is in `heard`."""

    def __init__(self, dialect: Dialect, **options: Any) -> None:
        self.dialect = dialect
        self.line = Loopback(lambda clock: Endpoint(dialect, clock=clock, **options))
        self.heard: list[dict[str, Any]] = []
        self.closed: Closed | None = None
        self.hear()

    def send(self, kind: str, **fields: Any) -> ScriptContext:
        return self.raw(json.dumps({"type": self.dialect.wire_name(kind), **fields}))

    def raw(self, frame: str | bytes) -> ScriptContext:
        at_once(self.line.send(frame))
        return self

    def hear(self, count: int | None = None, within: float = 30.0) -> list[dict[str, Any]]:
        """Take *count* events, or all that come."""
        events: list[dict[str, Any]] = []

        async def take() -> None:
            while count is None or len(events) < count:
                try:
                    frame = await self.line.receive(within)
                except TimeoutError:
                    return
                except Closed as closed:
                    self.closed = closed
                    return
                event = json.loads(frame)
                event["type"] = self.dialect.canonical(event["type"])
                events.append(event)

        at_once(take())
        self.heard += events
        return events

    def hear_until(self, kind: str) -> list[dict[str, Any]]:
        """Take events up to the first of *kind*."""
        events: list[dict[str, Any]] = []
        while not events or events[-1]["type"] != kind:
            more = self.hear(1)
            assert more, f"no {kind} came, but {[event['type'] for event in events]}"
            events += more
        return events

    def update(self, **settings: Any) -> list[dict[str, Any]]:
        self.send("session.update", session=self.dialect.session(settings))
        return self.hear()

    def say(self, text: str) -> ScriptContext:
        content = [{"type": "input_text", "text": text}]
        return self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})

    def respond(self, **settings: Any) -> ScriptContext:
        fields = {"response": self.dialect.response(settings)} if settings else {}
        return self.send("response.create", **fields)

    def turn(self, text: str, **settings: Any) -> list[dict[str, Any]]:
        self.say(text).respond(**settings)
        return self.hear()

    def session(self) -> dict[str, Any]:
        """The session as last shown."""
        return [event["session"] for event in self.heard if "session" in event][-1]

    def setting(self, name: str) -> Any:
        return self.dialect.setting(self.session(), name)

    def refused(self) -> dict[str, Any]:
        """Take what comes: it must be one error and nothing else."""
        events = self.hear()
        assert self.kinds(events) == ["error"]
        (event,) = events
        return event["error"]

    @staticmethod
    def kinds(events: list[dict[str, Any]]) -> list[str]:
        """The types in order, with runs of one type shown once."""
        names = [event["type"] for event in events]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    @staticmethod
    def only(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
        (event,) = [event for event in events if event["type"] == kind]
        return event


@pytest.fixture(params=["ga", "beta"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


@pytest.fixture
def new_talk(dialect: Dialect):
    """Begin a conversation with an endpoint that has other options."""
    return lambda **options: ScriptContext(dialect, **options)


@pytest.fixture
def talk(new_talk) -> ScriptContext:
    return new_talk()
