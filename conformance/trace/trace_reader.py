"""From the values of JSON lines to a trace: our own form, the simple form of recorders, and bare events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from conformance.errors import TraceError
from conformance.trace.trace import (
    Credential,
    Direction,
    End,
    EndKind,
    Entry,
    FrameKind,
    Handshake,
    Trace,
    plain_entry,
)

FORMAT = "realtime-conformance/trace"
FORMAT_VERSION = 1
#: Fields of a line about which nothing is special.
PLAIN = frozenset({"direction", "t", "event", "size"})
DIRECTIONS = {str(each): each for each in Direction}
FIELDS = itemgetter("event", "t", "size", "direction")
#: The last word of every event that a client sends; servers report in participles (`updated`, `done`, `delta`).
IMPERATIVES = frozenset(
    {"append", "cancel", "clear", "close", "commit", "create", "delete", "hangup", "retrieve", "truncate", "update"}
)


def direction_by_type(event: Mapping[str, Any]) -> Direction:
    """Return who sends events of this type: clients speak in imperatives."""
    kind = event.get("type")
    last = kind.rpartition(".")[2] if isinstance(kind, str) else ""
    return Direction.CLIENT if last in IMPERATIVES else Direction.SERVER


def _who(line: Mapping[str, Any], usual: Direction | None) -> Direction | None:
    """Return who ended the connection: null says that nobody knows."""
    if "by" not in line:
        return usual
    told = _typed(line, "by", str)
    return Direction(told) if told is not None else None


KINDS: Mapping[type, str] = {str: "a text", int: "an integer", dict: "an object", list: "an array"}


def _typed(line: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return a field if it is there; ValueError if it is of another type."""
    value = line.get(name)
    if value is None or (isinstance(value, kind) and not (kind is int and isinstance(value, bool))):
        return value
    raise ValueError(f"`{name}` is {KINDS[kind]}, not {type(value).__name__}")


def _texts(line: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(map(str, _typed(line, name, list) or ()))


def _seconds(line: Mapping[str, Any]) -> float | None:
    at = line.get("t")
    if at is None or type(at) in (int, float):
        return at
    raise ValueError(f"`t` is a number of seconds, not {type(at).__name__}")


class TraceReader:
    """Collects the lines of one conversation."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.entries: list[Entry] = []
        self.handshake: Handshake | None = None
        self.end: End | None = None
        self.name = self.dialect = ""
        self.headed = False
        """Whether a header went before: everything belongs to one connection then."""
        self.intent: dict[str, Any] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing was read that makes a conversation."""
        return not self.entries and self.end is None and self.handshake is None

    def take(self, line: Any, number: int) -> None:
        """Read one line, the header, a frame or the end; TraceError names line *number* and the fault."""
        if not isinstance(line, dict):
            raise TraceError(f"{self.where}:{number}: a line is a JSON object, not {type(line).__name__}")
        try:
            self._take(line)
        except (KeyError, ValueError, TypeError) as error:
            raise TraceError(f"{self.where}:{number}: {error}") from error

    def take_plain(self, lines: Sequence[Any], first: int) -> int:
        """Read frames about which nothing is special, as most are, from *first* on; return how many there were."""
        entries = self.entries
        for place in range(first, len(lines)):
            line = lines[place]
            try:
                event, at, size, told = FIELDS(line)
                direction = DIRECTIONS[told]
            except (KeyError, TypeError):
                break
            if len(line) != len(PLAIN) or type(event) is not dict or "type" not in event or type(size) is not int:
                break
            if type(at) is not float and type(at) is not int and at is not None:
                break
            entries.append(plain_entry(len(entries), direction, at, event, size))
        else:
            place = len(lines)
        return place - first

    def _take(self, line: dict[str, Any]) -> None:
        if line.get("format") == FORMAT:
            self._header(line)
        elif "end" in line:
            self.end = End(
                kind=EndKind(_typed(line, "end", str)),
                by=_who(line, Direction.SERVER),
                code=_typed(line, "code", int),
                reason=_typed(line, "reason", str) or "",
                awaiting=_typed(line, "awaiting", str) or "",
                at=_seconds(line),
                graceful=bool(line.get("graceful", True)),
                leaked=bool(line.get("leaked")),
            )
        elif "_close" in line:
            close = _typed(line, "_close", dict) or {}
            code, reason = _typed(close, "code", int), _typed(close, "reason", str)
            by = _who({**line, **close}, None)
            self.end = End(EndKind.CLOSED, by, code, reason or "", at=_seconds(line))
        else:
            self.entries.append(self._entry(line))

    def _header(self, line: dict[str, Any]) -> None:
        if line.get("version") != FORMAT_VERSION:
            raise ValueError(f"trace format version {line.get('version')!r} is not {FORMAT_VERSION}")
        self.headed = True
        self.name, self.dialect = _typed(line, "name", str) or "", _typed(line, "dialect", str) or ""
        self.intent = _typed(line, "intent", dict) or {}
        if hand := _typed(line, "handshake", dict):
            headers = _typed(hand, "response_headers", dict) or {}
            self.handshake = Handshake(
                url=_typed(hand, "url", str) or "",
                auth=_typed(hand, "auth", str) or "",
                credential=Credential(_typed(hand, "credential", str) or "valid"),
                model=Credential(_typed(hand, "model", str) or "valid"),
                request_headers=_texts(hand, "request_headers"),
                offered_subprotocols=_texts(hand, "offered_subprotocols"),
                status=_typed(hand, "status", int),
                response_headers={name: str(value) for name, value in headers.items()},
                subprotocol=_typed(hand, "subprotocol", str),
                body=_typed(hand, "body", str) or "",
                leaked=_texts(hand, "leaked"),
                seconds=_typed(hand, "seconds", float),
            )

    def _entry(self, line: dict[str, Any]) -> Entry:
        if "direction" not in line:
            if "type" not in line:
                raise ValueError("neither a frame (direction, event) nor an event (type)")
            return Entry(len(self.entries), direction_by_type(line), event=line)
        event: Any = line.get("event")
        at, size = _seconds(line), _typed(line, "size", int) or 0
        direction = DIRECTIONS.get(told) if isinstance(told := line["direction"], str) else None
        if direction is None:
            raise ValueError("`direction` is client or server")
        if type(event) is dict and "type" in event and line.keys() <= PLAIN:
            return plain_entry(len(self.entries), direction, at, event, size)
        text, kind = _typed(line, "text", str), FrameKind(_typed(line, "kind", str) or "text")
        if event is not None and not isinstance(event, dict):
            raise ValueError("`event` is a JSON object")
        if isinstance(event, dict) and "_raw_text" in event:
            event, text = None, str(event["_raw_text"])
        elif isinstance(event, dict) and "_raw_binary_bytes" in event:
            event, text, kind = None, "", FrameKind.BINARY
        return Entry(
            index=len(self.entries),
            direction=direction,
            at=at,
            event=event,
            text=text,
            kind=kind,
            size=size,
            elided=bool(line.get("elided") or line.get("_elided")),
            ids_elided=bool(line.get("ids_elided") or line.get("_ids_elided") or line.get("_redacted")),
            gap=bool(line.get("gap") or line.get("_gap")),
            deliberate=bool(line.get("deliberate")),
            leaked=bool(line.get("leaked")),
            note=_typed(line, "note", str) or _typed(line, "_note", str) or "",
        )

    def trace(self) -> Trace:
        """Return what was read so far."""
        return Trace(tuple(self.entries), self.dialect, self.handshake, self.end, self.name, self.intent)
