"""Notes every frame as an entry, as it was said; where it holds a secret, the entry says so.

Rules judge what was said; whoever writes or prints a trace scrubs it before (`Scrubber.trace`).
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.play.connection import RawFrame, Refusal
from conformance.secret_splits import split_secrets
from conformance.secrets import KEY_MARK, Scrubber, hides
from conformance.trace.json_text import TooDeep, loads
from conformance.trace.trace import TOKEN_MARK, Direction, End, EndKind, Entry, Event, FrameKind, Handshake, Trace


def parsed(text: str) -> Event | None:
    """Return the JSON object in *text*; None if it holds anything else; TooDeep if nobody can tell."""
    try:
        value = loads(text)
    except TooDeep:
        raise
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _beside_client_secret(event: Event) -> Event:
    """Return an event without the place where an ephemeral key belongs, `session.client_secret`."""
    session = event.get("session")
    if not isinstance(session, dict) or "client_secret" not in session:
        return event
    return {**event, "session": {key: value for key, value in session.items() if key != "client_secret"}}


class Recorder:
    """The growing trace of one connection."""

    def __init__(self, name: str, dialect: str, scrub: Scrubber, intent: dict[str, Any] | None = None) -> None:
        self.trace = Trace(name=name, dialect=dialect, intent=intent or {})
        self.scrub = scrub
        self.entries: list[Entry] = []

    def note(self, direction: Direction, frame: RawFrame, at: float, *, deliberate: bool = False) -> Event:
        """Note a frame and return its event; an empty one if it holds none."""
        event, note = None, ""
        if isinstance(frame, str):
            try:
                event = parsed(frame)
            except TooDeep as error:
                note = str(error)
            text, size = frame if event is None else None, len(frame.encode("utf-8", "surrogatepass"))
            ours, shaped = self._secrets_in(frame, event)
        else:
            text, size = base64.b64encode(frame).decode(), len(frame)
            ours, shaped = self._secrets_in(text, None)
        self.entries.append(
            Entry(
                index=len(self.entries),
                direction=direction,
                at=round(at, 6),
                event=event,
                text=text,
                kind=FrameKind.TEXT if isinstance(frame, str) else FrameKind.BINARY,
                size=size,
                deliberate=deliberate,
                leaked=ours or (shaped and (event is None or self.scrub.finds(_beside_client_secret(event))[1])),
                secret=ours or shaped,
                elided=bool(note),
                note=note,
            )
        )
        return event or {}

    def control(self, direction: Direction, kind: FrameKind, payload: bytes, at: float) -> None:
        """Note a ping or a pong."""
        text, index = base64.b64encode(payload).decode(), len(self.entries)
        self.entries.append(Entry(index, direction, round(at, 6), text=text, kind=kind, size=len(payload)))

    def _secrets_in(self, text: str, event: Event | None) -> tuple[bool, bool]:
        """Return whether a frame holds a secret of ours, and whether it holds somebody's key."""
        if event is not None and "\\" in text:  # a secret may be spelled in escapes: \\u0073k-…
            return self.scrub.finds(event)
        clean = self.scrub(text)
        return (False, False) if clean == text else (hides(text, clean), hides(text, clean, KEY_MARK))

    def shake(self, handshake: Handshake) -> None:
        """Note the upgrade, and where its answer holds a secret."""
        told = {**handshake.response_headers, "subprotocol": handshake.subprotocol or "", "body": handshake.body}
        named = {name for name in told if self._leaks(name)}
        leaked = tuple(name for name, value in told.items() if name in named or self._leaks(value))
        self.trace = replace(self.trace, handshake=replace(handshake, leaked=leaked))

    def _leaks(self, text: str) -> bool:
        clean = self.scrub(text)
        return hides(text, clean) or hides(text, clean, KEY_MARK)

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
            self.trace = replace(self.trace, end=replace(end, leaked=self._leaks(end.reason)))

    def result(self) -> Trace:
        """Return the trace as it is now; a secret that was said in pieces counts as leaked with each of them."""
        for index in split_secrets(self.entries, self.scrub.spellings, TOKEN_MARK):
            self.entries[index] = replace(self.entries[index], leaked=True)
        return replace(self.trace, entries=tuple(self.entries))
