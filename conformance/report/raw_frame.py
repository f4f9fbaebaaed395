"""One frame as a reader wants to see it: JSON indented, audio and long texts by their length, inert."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from conformance.report.inert import inert
from conformance.report.timeline import end_of

if TYPE_CHECKING:
    from conformance.trace.trace import End, Entry, Handshake

#: Characters of one text, and of one frame.
LONGEST_TEXT, LONGEST_FRAME = 600, 12_000
#: Text that is nothing but base64 and at least so long is shown by its length and digest.
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{120,}={0,2}")
#: Objects nested deeper than this are not followed; arrays and objects longer than this are cut.
DEEPEST, WIDEST = 24, 200


def frame_text(entry: Entry) -> str:
    """Return the whole of a frame for a reader, in at most LONGEST_FRAME characters."""
    if entry.event is None:
        return _cut(inert(_short(entry.text or "")))
    return json_text(entry.event)


def json_text(value: Any) -> str:
    """Return any JSON value indented, shortened and inert."""
    return _cut(inert(json.dumps(shortened(value), indent=2, ensure_ascii=False)))


def handshake_text(handshake: Handshake) -> str:
    """Return what was asked for and what was answered, a line each."""
    lines = [
        f"GET {handshake.url}",
        f"headers sent: {', '.join(handshake.request_headers) or 'none of ours'}",
        f"subprotocols offered: {', '.join(handshake.offered_subprotocols) or 'none'}",
        f"answer: {f'HTTP {handshake.status}' if handshake.status is not None else 'none'}",
        *(f"{name}: {value}" for name, value in handshake.response_headers.items()),
        *([f"subprotocol chosen: {handshake.subprotocol}"] if handshake.subprotocol else []),
        *([handshake.body] if handshake.body else []),
    ]
    return _cut(inert("\n".join(map(_short, lines))))


def end_text(end: End) -> str:
    """Return how the connection ended."""
    return inert(_short(end_of(end)))


def shortened(value: Any, depth: int = 0) -> Any:
    """Return a copy of a JSON value that is safe to print: nothing long, nothing deep."""
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, dict | list) and depth >= DEEPEST:
        return "(nested deeper: not shown)"
    if isinstance(value, dict):
        kept = list(value.items())[:WIDEST]
        told = {_short(str(key)): shortened(each, depth + 1) for key, each in kept}
        return told | ({"…": f"{len(value) - WIDEST} more"} if len(value) > WIDEST else {})
    if isinstance(value, list):
        more = [f"… {len(value) - WIDEST} more"] if len(value) > WIDEST else []
        return [shortened(each, depth + 1) for each in value[:WIDEST]] + more
    return value


def _short(text: str) -> str:
    if len(text) <= LONGEST_TEXT and not BASE64.fullmatch(text):
        return text
    if BASE64.fullmatch(text):
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return f"({len(text)} characters of base64, sha256 of them {digest}…)"
    return f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_FRAME else f"{text[:LONGEST_FRAME]}\n… (cut; the trace has all of it)"
