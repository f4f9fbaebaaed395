"""Values that every documented setting may have, as strategies; those with a bound, up to the bound."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Values = SearchStrategy[Any]

#: What people write.  `$` would begin a reference of the scenario language.  (`codec="utf-8"` would do for the half
#: surrogate pairs, at 200 MiB.)
LETTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="$", include_characters="\n\t")
LONGEST = 4000
#: What OpenAI allows in the name of a function.
NAME = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12)
FORMATS = ("pcm16", "g711_ulaw", "g711_alaw")
VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse")
TRANSCRIBERS = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")
MOST_TOKENS = 4096
#: Milliseconds after which a silent user is spoken to.
LEAST_IDLE, MOST_IDLE = 5_000, 30_000


def hundredths(low: int, high: int) -> SearchStrategy[float]:
    """Return numbers with two decimals, both bounds (in hundredths) included."""
    return st.integers(low, high).map(lambda each: each / 100)


def part(**fields: Values) -> SearchStrategy[dict[str, Any]]:
    """Return objects that have some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def instructions() -> Values:
    """Return texts in any script: empty ones clear, long ones are long."""
    some = st.text(LETTERS, max_size=40)
    return some | st.text(LETTERS, min_size=1, max_size=8).map(lambda each: (each * LONGEST)[:LONGEST])


def server_vad(*, idle_timeout: bool) -> Values:
    """Return turn detections by energy; *idle_timeout* where the endpoint has such a thing."""
    idle = {"idle_timeout_ms": st.none() | st.integers(LEAST_IDLE, MOST_IDLE)} if idle_timeout else {}
    return part(
        threshold=hundredths(0, 100),
        prefix_padding_ms=st.integers(0, 2_000),
        silence_duration_ms=st.integers(100, 3_000),
        create_response=st.booleans(),
        interrupt_response=st.booleans(),
        **idle,
    ).map(lambda fields: {"type": "server_vad", **fields})


def semantic_vad() -> Values:
    """Return turn detections by meaning."""
    return part(
        eagerness=st.sampled_from(("auto", "low", "medium", "high")),
        create_response=st.booleans(),
        interrupt_response=st.booleans(),
    ).map(lambda fields: {"type": "semantic_vad", **fields})


def transcription() -> Values:
    """Return transcriptions of the user's audio, and none."""
    made = st.fixed_dictionaries(
        {"model": st.sampled_from(TRANSCRIBERS)},
        optional={"language": st.sampled_from(("en", "de", "ja")), "prompt": st.text(LETTERS, max_size=20)},
    )
    return st.none() | made


def _schema() -> Values:
    leaf = st.sampled_from(("string", "number", "integer", "boolean")).map(lambda kind: {"type": kind})
    choices = st.lists(NAME, min_size=1, max_size=3, unique=True).map(lambda each: {"type": "string", "enum": each})
    return st.recursive(leaf | choices, lambda inner: _object(inner) | inner.map(_array), max_leaves=4)


def _array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(inner: Values) -> SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAME, inner, max_size=3).map(
        lambda fields: {"type": "object", "properties": fields, "required": list(fields)[:1]}
    )


def tools() -> Values:
    """Return lists of functions with JSON-Schema parameters; the empty one clears."""
    function = st.fixed_dictionaries(
        {"type": st.just("function"), "name": NAME, "parameters": _object(_schema())},
        optional={"description": st.text(LETTERS, max_size=30)},
    )
    return st.lists(function, max_size=3, unique_by=lambda each: each["name"])


def truncation() -> Values:
    """Return ways to shorten a conversation that has become too long."""
    ratio = hundredths(1, 100).map(lambda each: {"type": "retention_ratio", "retention_ratio": each})
    return st.sampled_from(("auto", "disabled")) | ratio
