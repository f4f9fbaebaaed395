"""Notes every frame as an entry, scrubbed of secrets at the moment it is made."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any, NoReturn

import orjson

from conformance.contract.dialect import Dialect
from conformance.play.connection import RawFrame, Refusal
from conformance.secrets import KEY_MARK, Scrubber, hides
from conformance.trace.trace import Direction, End, EndKind, Entry, Event, FrameKind, Handshake, Trace


def parsed(text: str) -> Event | None:
    """Give the JSON object in *text*; None if it holds anything else."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        # orjson refuses lone surrogates, which RFC 8259 allows; NaN and Infinity stay refused.
        try:
            value = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _shows_a_key(event: Event | None) -> bool:
    """Tell whether a key stands elsewhere than where an ephemeral one belongs, in `session.client_secret`."""
    session = (event or {}).get("session")
    if event is None or not isinstance(session, dict) or "client_secret" not in session:
        return True
    rest = {key: value for key, value in session.items() if key != "client_secret"}
    return KEY_MARK in json.dumps({**event, "session": rest}, ensure_ascii=False)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


class Recorder:
    """The growing trace of one connection."""

    def __init__(self, name: str, dialect: str, scrub: Scrubber, intent: dict[str, Any] | None = None) -> None:
        self.trace = Trace(name=name, dialect=dialect, intent=intent or {})
        self.scrub = scrub
        self.entries: list[Entry] = []

    def note(self, direction: Direction, frame: RawFrame, at: float, *, deliberate: bool = False) -> Event:
        """Note a frame and give its event as it was recorded; an empty one if it holds none."""
        if isinstance(frame, str):
            plain, clean = frame, self.scrub(frame)
            event = parsed(clean)
            # A secret may have been spelled in escapes: \\u0073k-…
            hidden = event is not None and "\\" in clean and self.scrub.everywhere(event)
            text = clean if event is None else None
            size = len(frame.encode("utf-8", "surrogatepass"))
        else:
            plain = base64.b64encode(frame).decode()
            clean = self.scrub(plain)
            size, event, text, hidden = len(frame), None, clean, False
        kind = FrameKind.TEXT if isinstance(frame, str) else FrameKind.BINARY
        self.entries.append(
            Entry(
                index=len(self.entries),
                direction=direction,
                at=round(at, 6),
                event=event,
                text=text,
                kind=kind,
                size=size,
                deliberate=deliberate,
                leaked=hidden or hides(plain, clean) or (hides(plain, clean, KEY_MARK) and _shows_a_key(event)),
            )
        )
        return event or {}

    def shake(self, handshake: Handshake) -> None:
        """Note the upgrade."""
        scrub = self.scrub
        self.trace = replace(
            self.trace,
            handshake=replace(
                handshake,
                url=scrub(handshake.url),
                offered_subprotocols=tuple(scrub(each) for each in handshake.offered_subprotocols),
                response_headers={name: scrub(value) for name, value in handshake.response_headers.items()},
                subprotocol=scrub(handshake.subprotocol) if handshake.subprotocol is not None else None,
                body=scrub(handshake.body),
            ),
        )

    def speaks(self, dialect: Dialect) -> None:
        """Note that the endpoint speaks another dialect than we do."""
        self.trace = replace(self.trace, dialect=dialect.name)

    def refused(self, refusal: Refusal) -> None:
        """Note that there is no connection, and what kind of cause it had."""
        self.trace = replace(self.trace, intent={**self.trace.intent, "cause": refusal.cause})
        self.finish(End(EndKind.REFUSED, reason=refusal.why, at=0.0))

    def finish(self, end: End) -> None:
        """Note the end; the first one counts."""
        if self.trace.end is None:
            self.trace = replace(self.trace, end=replace(end, reason=self.scrub(end.reason)))

    def result(self) -> Trace:
        """Give the trace as it is now."""
        return replace(self.trace, entries=tuple(self.entries))
