"""WebSocket cassettes in YAML, as client libraries keep them beside their tests.

    version: 1
    interactions:
    - {kind: message, direction: received, at: 0.1, data: {type: session.created, ...}}
    - {kind: close, code: 1000, reason: "", ok: true}

What a frame may look like and where conversations part is the same as in `frame_log`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from io import BufferedReader
from typing import Any

from conformance.errors import TraceError
from conformance.trace.formats.frame_log import FRAMES, SESSIONS, plain_frames, recordings
from conformance.trace.formats.recording import Recording, RecordingFormat, whole
from conformance.trace.trace import Trace

#: Values that a cassette may hold; anchors can make a small file hold many.
MOST_VALUES = 5_000_000


def recognises(head: bytes) -> bool:
    """Return whether a file begins as YAML with a list of frames or of conversations."""
    if head[:1] in (b"{", b"["):
        return False
    keys = {line.split(b":")[0].strip() for line in head.splitlines() if b":" in line and not line[:1].isspace()}
    return bool(keys & {name.encode() for name in (*FRAMES, *SESSIONS)}) or head.startswith(
        (b"- kind:", b"- direction")
    )


def read(file: BufferedReader, where: str) -> Iterator[Recording]:
    """Yield every conversation of the cassette."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        value = yaml.load(whole(file, where), loader)  # noqa: S506 - either is a safe loader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error) or type(error).__name__
        raise TraceError(f"{where}{at}: not YAML: {' '.join(problem.split())[:200]}") from error
    yield from recordings(_as_json(value, where), where)


def _as_json(value: Any, where: str) -> Any:
    """Return *value* with what JSON has no word for as text; TraceError where anchors blow it up."""
    top: list[Any] = [value]
    waiting: list[Any] = [top]
    seen = 0
    while waiting:
        each = waiting.pop()
        for key, inner in list(each.items() if isinstance(each, dict) else enumerate(each)):
            seen += 1
            if isinstance(each, dict) and not isinstance(key, str):
                each[str(key)] = each.pop(key)
                key = str(key)
            if isinstance(inner, date | bytes | set):
                each[key] = str(inner)
            elif isinstance(inner, dict | list):
                waiting.append(inner)
        if seen > MOST_VALUES:
            raise TraceError(f"{where}: more than {MOST_VALUES:,} values", "Split it, or write it without anchors.")
    return top[0]


def write(traces: Sequence[Trace]) -> bytes:
    """Return the conversations as a cassette."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    told: bytes = yaml.dump(plain_frames(traces), Dumper=dumper, sort_keys=False, allow_unicode=True, encoding="utf-8")
    return told


CASSETTE = RecordingFormat("cassette", "a WebSocket cassette in YAML", recognises, read, write, ".yaml")
