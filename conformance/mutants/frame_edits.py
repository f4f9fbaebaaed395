"""What a relay can do to the frames of one direction: functions from a frame to the frames that are passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from conformance.mutants.relay_behaviour import Payload
from conformance.trace.trace import Event

Lane = Callable[[Payload], Iterable[Payload]]
EventTest = Callable[[Event], bool]


def event_in(frame: Payload) -> Event:
    """Return the event in a text frame, an empty one if it holds none."""
    try:
        event = orjson.loads(frame) if isinstance(frame, str) else {}
    except orjson.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}


def is_of(*kinds: str) -> EventTest:
    """Return the test for events of these types, as they are spoken."""
    return lambda event: event.get("type") in kinds


def losing(test: EventTest) -> Lane:
    """Return a lane that loses the events that fit."""
    return lambda frame: () if test(event_in(frame)) else (frame,)


def losing_one(test: EventTest, number: int = 2) -> Lane:
    """Return a lane that loses one of the events that fit: the one with that number, from 1."""
    left = number

    def lane(frame: Payload) -> Iterator[Payload]:
        nonlocal left
        left -= test(event_in(frame))
        if left or not test(event_in(frame)):
            yield frame

    return lane


def repeating(test: EventTest) -> Lane:
    """Return a lane that repeats the first event that fits."""
    done = False

    def lane(frame: Payload) -> Iterator[Payload]:
        nonlocal done
        yield frame
        if not done and test(event_in(frame)):
            done = True
            yield frame

    return lane


def swapping(test: EventTest) -> Lane:
    """Return a lane that passes the first event that fits on after the second one."""
    held: list[Payload] = []
    done = False

    def lane(frame: Payload) -> Iterator[Payload]:
        nonlocal done
        if not done and test(event_in(frame)):
            if not held:
                held.append(frame)
                return
            done = True
            yield from (frame, held.pop())
            return
        yield frame

    return lane


def changing(test: EventTest, change: Callable[[Event], object]) -> Lane:
    """Return a lane that changes, in place, the events that fit."""

    def lane(frame: Payload) -> Iterator[Payload]:
        event = event_in(frame)
        if event and test(event):
            change(event)
            yield orjson.dumps(event).decode()
        else:
            yield frame

    return lane


def adding(test: EventTest, *events: Event) -> Lane:
    """Return a lane that says *events* after the first event that fits."""
    done = False

    def lane(frame: Payload) -> Iterator[Payload]:
        nonlocal done
        yield frame
        if not done and test(event_in(frame)):
            done = True
            yield from (orjson.dumps(event).decode() for event in events)

    return lane


def as_text(frame: Payload) -> Iterable[Payload]:
    """Pass a binary frame on as text."""
    return (frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame,)


def in_ascii(frame: Payload) -> Iterable[Payload]:
    """Pass text on in ASCII, with a question mark for anything else."""
    return (frame.encode("ascii", "replace").decode() if isinstance(frame, str) else frame,)


def shorter_than(limit: int) -> Lane:
    """Return a lane that loses frames of *limit* bytes and more."""
    return lambda frame: (frame,) if len(frame) < limit else ()


def without_field(name: str, value: Any) -> Any:
    """Return *value* without the fields called *name*, at any depth."""
    if isinstance(value, dict):
        return {key: without_field(name, each) for key, each in value.items() if key != name}
    return [without_field(name, each) for each in value] if isinstance(value, list) else value


def stripping(name: str) -> Lane:
    """Return a lane that strips the fields called *name* from every event."""

    def lane(frame: Payload) -> Iterator[Payload]:
        event = event_in(frame)
        yield orjson.dumps(without_field(name, event)).decode() if event else frame

    return lane
