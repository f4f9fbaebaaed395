"""Events that every rule would miss: under another revision's names, or in binary frames, read as they were meant."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace

from conformance.rules.envelope import renamed_in
from conformance.trace.trace import Entry, Event, FrameKind
from conformance.trace.views import View

#: The rules that tell of them.
RENAMED, BINARY = "envelope.names-are-of-the-revision", "envelope.frames-are-text"


def respelled(view: View) -> View:
    """Return the view with the server's foreign names spelled as its own revision does, and binary frames read."""
    names = renamed_in(view)
    entries = tuple(_respelled(entry, names) for entry in view.trace.entries)
    return View(replace(view.trace, entries=entries), view.dialect)


def _respelled(entry: Entry, names: Mapping[str, str]) -> Entry:
    if entry.kind is FrameKind.BINARY and not entry.sent and (event := _event_in(entry.text)) is not None:
        entry = replace(entry, event=event)
    if entry.sent or entry.event is None or entry.type not in names:
        return entry
    return replace(entry, event={**entry.event, "type": names[entry.type]})


def _event_in(frame: str | None) -> Event | None:
    """Return the JSON object that a binary frame (base64) holds; None if it holds none."""
    try:
        event = json.loads(b64decode(frame or ""))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
