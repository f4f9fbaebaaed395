"""Reads what a client sent: a text frame that holds one JSON object, or the refusal of anything else."""

from __future__ import annotations

import orjson

from conformance.reference.session.refusals import Event, EventRefused

#: Deepest nesting of a client event; OpenAI documents none, our JSON writer ends at 254.
DEPTH = 100


def parsed(frame: str | bytes) -> Event:
    """Read a frame as one JSON object, or raise EventRefused (ERR-05, ERR-06)."""
    if not isinstance(frame, str):
        raise EventRefused("invalid_event", "Expected a text WebSocket message; binary frames are not supported.")
    try:
        event = orjson.loads(frame)
    except orjson.JSONDecodeError:
        raise EventRefused("invalid_json", "Invalid event: failed to parse JSON value.") from None
    if not isinstance(event, dict):
        raise EventRefused("invalid_event", "Invalid event: expected a JSON object.")
    if frame.count("{") + frame.count("[") > DEPTH and _too_deep(event):
        raise EventRefused("invalid_event", f"Invalid event: nested deeper than {DEPTH} levels.")
    return event


def _too_deep(event: Event) -> bool:
    level: list[object] = [event]
    for _ in range(DEPTH):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
