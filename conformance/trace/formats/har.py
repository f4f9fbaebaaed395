"""HAR with `_webSocketMessages`, as Chrome's DevTools write it, Playwright, mitmproxy, Proxyman and HTTP Toolkit.

    {"log": {"entries": [{"request": {...}, "response": {...}, "_webSocketMessages":
        [{"type": "send" | "receive", "time": 1700000000.5, "opcode": 1, "data": "{...}"}, ...]}, ...]}}

Such files hold keys and cookies: they are replaced before anything else is done with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.contract.auth_styles import KEY_SUBPROTOCOLS, keys_in
from conformance.errors import TraceError
from conformance.secrets import Scrubber, hides
from conformance.trace import json_text
from conformance.trace.formats.recording import (
    DIRECTIONS,
    Recording,
    RecordingFormat,
    document,
    frame,
    numbered,
    payload_text,
    session_opened,
    whole,
)
from conformance.trace.frames import listing, mapping, string, whole_number
from conformance.trace.trace import Credential, Direction, End, EndKind, Entry, FrameKind, Handshake, Trace

MESSAGES = "_webSocketMessages"
CLOSE = 8
OPCODES = {1: FrameKind.TEXT, 2: FrameKind.BINARY, 9: FrameKind.PING, 10: FrameKind.PONG}
SENT = {Direction.CLIENT: "send", Direction.SERVER: "receive"}
OFFER = "sec-websocket-protocol"
#: Characters of a refusal's body that are kept.
BODY = 2000
#: Headers whose values are secrets: credentials, and whatever stands in for them.
SECRET_HEADERS = frozenset({"authorization", "api-key", "x-api-key", "cookie", "proxy-authorization", "set-cookie"})
SECRET_PARAMETERS = frozenset({"api-key", "api_key", "apikey", "key", "token", "access_token", "authorization"})


def recognises(head: bytes) -> bool:
    """Return whether a file begins as a HAR does."""
    return head.startswith(b"{") and b'"log"' in head[:200] and b'"format"' not in head[:64]


def read(file: BufferedReader, where: str) -> Iterator[Recording]:
    """Yield every WebSocket of the file as a conversation."""
    log = mapping(mapping(document(whole(file, where), where)).get("log"))
    sockets = [entry for entry in listing(log.get("entries")) if isinstance(entry, dict) and MESSAGES in entry]
    if not sockets:
        raise TraceError(
            f"{where}: a HAR without WebSocket messages",
            "Save it with content from a browser's network panel, with the socket open while it records.",
        )
    traces = [_trace(entry) for entry in sockets]
    if not any(map(_opens_a_session, traces)):
        yield from numbered(traces, where)
        return
    ours = [trace for trace in traces if not _is_of_the_page(trace)]
    passed = len(traces) - len(ours)
    told = (
        f"{passed} other WebSocket{'s' if passed > 1 else ''} of the page {'were' if passed > 1 else 'was'} passed over"
    )
    yield from numbered(ours, where, told if passed else "")


def _opens_a_session(trace: Trace) -> bool:
    return any(map(session_opened, trace))


def _is_of_the_page(trace: Trace) -> bool:
    """Return whether frames came and none is like an event of this protocol, whose names but `error` have a dot."""
    types = {entry.type for entry in trace}
    return bool(types) and not any("." in kind or kind == "error" for kind in types)


def _trace(entry: dict[str, Any]) -> Trace:
    scrub = Scrubber(tuple(dict.fromkeys(_secrets(entry))))
    messages = [mapping(each) for each in listing(entry.get(MESSAGES))]
    times = [_time(each) for each in messages]
    began = next((time for time in times if time is not None), 0.0)
    entries: list[Entry] = []
    end = _noted_close(entry, scrub)
    for message, time in zip(messages, times, strict=True):
        at = round(time - began, 6) if time is not None else None
        if whole_number(message.get("opcode")) == CLOSE:
            end = end or _close(message, at, scrub)
        elif (direction := DIRECTIONS.get(str(message.get("type")))) is not None:
            entries.append(_entry(len(entries), direction, at, message, scrub))
    return Trace(tuple(entries), handshake=_handshake(entry, scrub, opened=any(map(session_opened, entries))), end=end)


def _entry(index: int, direction: Direction, at: float | None, message: Mapping[str, Any], scrub: Scrubber) -> Entry:
    data = message.get("data")
    plain = data if isinstance(data, str) else json_text.dumps(data).decode()
    clean = scrub(plain)
    kind = OPCODES.get(whole_number(message.get("opcode")) or 1, FrameKind.TEXT)
    made = frame(index, direction, at, clean, kind)
    if not hides(plain, clean):
        return made
    return Entry(index, direction, at, made.event, made.text, made.kind, len(plain.encode()), leaked=True)


def _time(message: Mapping[str, Any]) -> float | None:
    time = message.get("time")
    return float(time) if isinstance(time, int | float) and not isinstance(time, bool) else None


def _close(message: Mapping[str, Any], at: float | None, scrub: Scrubber) -> End:
    by = DIRECTIONS.get(str(message.get("type")), Direction.SERVER)
    code = whole_number(message.get("code"))
    return End(EndKind.CLOSED, by, code, scrub(string(message.get("reason")) or ""), at=at)


def _noted_close(entry: Mapping[str, Any], scrub: Scrubber) -> End | None:
    """Return the end as HTTP Toolkit notes it, beside the messages."""
    close = entry.get("_webSocketClose")
    if not isinstance(close, dict):
        return None
    return End(EndKind.CLOSED, code=whole_number(close.get("code")), reason=scrub(string(close.get("reason")) or ""))


def _pairs(headers: Any) -> list[tuple[str, str]]:
    pairs = [(string(mapping(each).get("name")), string(mapping(each).get("value"))) for each in listing(headers)]
    return [(name.lower(), value or "") for name, value in pairs if name]


def _subprotocols(headers: Sequence[tuple[str, str]]) -> list[str]:
    offered = [value for name, value in headers if name == OFFER]
    return [each.strip() for value in offered for each in value.split(",") if each.strip()]


def _secrets(entry: Mapping[str, Any]) -> Iterator[str]:
    request, response = mapping(entry.get("request")), mapping(entry.get("response"))
    headers = _pairs(request.get("headers"))
    for name, value in (*headers, *_pairs(response.get("headers"))):
        if name in SECRET_HEADERS:
            yield value
            yield from (part.partition("=")[2] for part in value.split("; ") if "cookie" in name)
            yield value.removeprefix("Bearer ")
    yield from (value for name, value in parse_qsl(_query(request)) if name.lower() in SECRET_PARAMETERS)
    yield from (
        each.removeprefix(prefix)
        for each in _subprotocols(headers)
        for prefix in KEY_SUBPROTOCOLS
        if each.startswith(prefix)
    )
    for cookie in (*listing(request.get("cookies")), *listing(response.get("cookies"))):
        yield string(mapping(cookie).get("value")) or ""


def _query(request: Mapping[str, Any]) -> str:
    try:
        return urlsplit(string(request.get("url")) or "").query
    except ValueError:
        return ""


def _handshake(entry: Mapping[str, Any], scrub: Scrubber, *, opened: bool) -> Handshake | None:
    if not (url := string(mapping(entry.get("request")).get("url"))):
        return None
    request, response = mapping(entry.get("request")), mapping(entry.get("response"))
    headers, answered = _pairs(request.get("headers")), dict(_pairs(response.get("headers")))
    known = Credential.VALID if opened else Credential.UNKNOWN
    return Handshake(
        url=scrub(url),
        auth=_auth(headers, _query(request)),
        credential=known,
        model=known,
        request_headers=tuple(name for name, _ in headers),
        offered_subprotocols=tuple(scrub(each) for each in _subprotocols(headers)),
        status=whole_number(response.get("status")) or None,
        response_headers={name: scrub(value) for name, value in answered.items()},
        subprotocol=answered.get(OFFER),
        body=scrub(string(mapping(response.get("content")).get("text")) or "")[:BODY],
    )


def _auth(headers: Sequence[tuple[str, str]], query: str) -> str:
    """Return the auth style that the upgrade shows; empty where it shows none."""
    return next((style for style, _ in keys_in(headers, parse_qsl(query), _subprotocols(headers))), "")


def write(traces: Sequence[Trace]) -> bytes:
    """Return a HAR with a WebSocket for each conversation; times count from the upgrade."""
    entries = [_socket(trace) for trace in traces]
    log = {"version": "1.2", "creator": {"name": "realtime-conformance", "version": "1"}, "entries": entries}
    return json_text.dumps({"log": log}, indent=True)


def _socket(trace: Trace) -> dict[str, Any]:
    hand = trace.handshake or Handshake("wss://unknown.invalid/v1/realtime", status=101)
    offered = ", ".join(hand.offered_subprotocols)
    headers = [{"name": name, "value": ""} for name in hand.request_headers if name.lower() != OFFER]
    return {
        "_resourceType": "websocket",
        "request": {
            "method": "GET",
            "url": hand.url,
            "headers": headers + ([{"name": OFFER, "value": offered}] if offered else []),
        },
        "response": {
            "status": hand.status or 0,
            "headers": [{"name": name, "value": value} for name, value in hand.response_headers.items()],
            "content": {"text": hand.body},
        },
        MESSAGES: [_message(entry) for entry in trace] + _closing(trace.end),
    }


def _message(entry: Entry) -> dict[str, Any]:
    opcode = next(opcode for opcode, kind in OPCODES.items() if kind is entry.kind)
    return {"type": SENT[entry.direction], "time": entry.at, "opcode": opcode, "data": payload_text(entry)}


def _closing(end: End | None) -> list[dict[str, Any]]:
    if end is None or end.kind is not EndKind.CLOSED:
        return []
    by = {"type": SENT[end.by]} if end.by is not None else {}
    told = {**by, "time": end.at, "opcode": CLOSE, "data": ""}
    return [{**told, "code": end.code, "reason": end.reason}]


HAR = RecordingFormat("har", "HAR with WebSocket messages", recognises, read, write, ".har")
