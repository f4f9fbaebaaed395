"""Secrets in pieces: an endpoint that streams a key says it in deltas, none of which holds it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.trace.trace import Entry

#: Deltas of sound are base64, in which a key is no text.
AUDIO = re.compile(r"audio\.delta$")
#: What tells the streams of a connection apart.
STREAM = ("type", "response_id", "item_id", "output_index", "content_index", "summary_index")


def split_secrets(entries: Iterable[Entry], spellings: Sequence[str], mark: str) -> Mapping[int, str]:
    """Return the deltas that hold pieces of a secret: index of the entry -> its delta without them.

    The first piece becomes *mark*, the others are left out.
    """
    streams: dict[tuple[Any, ...], list[tuple[int, str]]] = defaultdict(list)
    for entry in entries:
        event = entry.event
        if event is None or entry.sent or not isinstance(delta := event.get("delta"), str):
            continue
        if AUDIO.search(str(event.get("type"))):
            continue
        streams[tuple(str(event.get(name)) for name in STREAM)].append((entry.index, delta))
    found: dict[int, str] = {}
    for deltas in streams.values():
        if len(deltas) > 1:
            found |= _cleaned(deltas, spellings, mark)
    return found


def _cleaned(deltas: Sequence[tuple[int, str]], spellings: Sequence[str], mark: str) -> dict[int, str]:
    joined = "".join(text for _, text in deltas)
    spans = [(start, start + len(each)) for each in spellings if each in joined for start in _places(joined, each)]
    if not spans:
        return {}
    found, begins = {}, 0
    for index, text in deltas:
        ends = begins + len(text)
        # What lies within one delta is found there.
        across = [(start, end) for start, end in spans if not begins <= start < end <= ends]
        here = [(start, end) for start, end in across if start < ends and end > begins]
        if here:
            kept = []
            for place, letter in enumerate(text, begins):
                if not any(start <= place < end for start, end in here):
                    kept.append(letter)
                elif any(start == place for start, _ in here):
                    kept.append(mark)
            found[index] = "".join(kept)
        begins = ends
    return found


def _places(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)
