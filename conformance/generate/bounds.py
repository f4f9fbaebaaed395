"""The documented bounds of the settings, and values that break exactly one of them.

Source: the session references of both revisions; what real endpoints refuse.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.contract.dialect import Dialect
from conformance.generate.values import LEAST_IDLE, MOST_IDLE, MOST_TOKENS, Values

FAR = 1_000_000


@dataclass(frozen=True)
class BoundBreach:
    """One way to break one bound."""

    bound: str
    """The broken bound in words."""
    setting: str
    """Canonical name of the setting that is at fault."""
    values: Values
    feature: str = ""
    """Without which there is no such setting."""
    exclusive: bool | None = None
    """Only for revisions in which the modalities exclude each other (True) or come together (False)."""


def _below(bound: float) -> SearchStrategy[Any]:
    return st.integers(1, FAR).map(lambda hundredths: round(bound - hundredths / 100, 2))


def _above(bound: float) -> SearchStrategy[Any]:
    return st.integers(1, FAR).map(lambda hundredths: round(bound + hundredths / 100, 2))


def _field(name: str, bad: Values, kind: str = "server_vad") -> Values:
    return bad.map(lambda value: {"type": kind, name: value})


def _kind(*names: str) -> Values:
    return st.sampled_from(names).map(lambda name: {"type": name})


NOT_TEXT = st.sampled_from((0, True, [], {}))
NOT_NUMBER = st.sampled_from(("high", "", True, [], {}))

VAD, SEMANTIC = "server_vad", "semantic_vad"
SILENCES = _field("silence_duration_ms", st.integers(-FAR, -1))
PADDINGS = _field("prefix_padding_ms", st.integers(-FAR, -1))
EAGERNESS = _field("eagerness", st.just("frantic"), SEMANTIC)
SHORT_IDLING = _field("idle_timeout_ms", st.integers(0, LEAST_IDLE - 1))
LONG_IDLING = _field("idle_timeout_ms", st.integers(MOST_IDLE + 1, FAR))

BREACHES = (
    BoundBreach("temperature is at least 0.6", "temperature", _below(0.6)),
    BoundBreach("temperature is at most 1.2", "temperature", _above(1.2)),
    BoundBreach("temperature is a number", "temperature", NOT_NUMBER),
    BoundBreach("the token limit is at least 1", "max_output_tokens", st.integers(-FAR, 0)),
    BoundBreach("the token limit is at most 4096", "max_output_tokens", st.integers(MOST_TOKENS + 1, FAR)),
    BoundBreach('the token limit is a number or "inf"', "max_output_tokens", st.sampled_from(("many", "", [], {}))),
    BoundBreach("speed is at least 0.25", "speed", _below(0.25), "audio_output"),
    BoundBreach("speed is at most 1.5", "speed", _above(1.5), "audio_output"),
    BoundBreach("instructions are text", "instructions", NOT_TEXT),
    BoundBreach("text and audio exclude each other", "modalities", st.just(["text", "audio"]), exclusive=True),
    BoundBreach("audio comes with text", "modalities", st.just(["audio"]), exclusive=False),
    BoundBreach("modalities are text and audio", "modalities", st.sampled_from((["video"], ["text", "smell"]))),
    BoundBreach("tool_choice is one of its words", "tool_choice", st.sampled_from(("always", "perhaps", "")), "tools"),
    BoundBreach("tools are an array", "tools", st.sampled_from(("none", {}, 1)), "tools"),
    BoundBreach("a tool has a name", "tools", st.just([{"type": "function", "parameters": {}}]), "tools"),
    BoundBreach("a tool's type is known", "tools", st.just([{"type": "gadget", "name": "it"}]), "tools"),
    BoundBreach("turn detection is of a known kind", "turn_detection", _kind("loud_vad", "vad"), VAD),
    BoundBreach("threshold is at most 1", "turn_detection", _field("threshold", _above(1)), VAD),
    BoundBreach("threshold is at least 0", "turn_detection", _field("threshold", _below(0)), VAD),
    BoundBreach("a silence is not negative", "turn_detection", SILENCES, VAD),
    BoundBreach("a padding is not negative", "turn_detection", PADDINGS, VAD),
    BoundBreach("eagerness is one of its words", "turn_detection", EAGERNESS, SEMANTIC),
    BoundBreach(
        "the idle timeout is at least 5 seconds", "turn_detection", SHORT_IDLING, "idle_timeout", exclusive=True
    ),
    BoundBreach(
        "the idle timeout is at most 30 seconds", "turn_detection", LONG_IDLING, "idle_timeout", exclusive=True
    ),
    BoundBreach("noise reduction is of a known kind", "noise_reduction", _kind("mid_field", "no_field"), "input_audio"),
    BoundBreach("an input format is known", "input_format", _kind("audio/flac"), "input_audio", exclusive=True),
    BoundBreach("an input format is known", "input_format", st.just("flac"), "input_audio", exclusive=False),
    BoundBreach("an output format is known", "output_format", _kind("audio/flac"), "audio_output", exclusive=True),
    BoundBreach("an output format is known", "output_format", st.just("flac"), "audio_output", exclusive=False),
    BoundBreach(
        "transcription is an object", "transcription", st.sampled_from(("whisper-1", True, [])), "transcription"
    ),
)


def breaches(dialect: Dialect, features: Collection[str] | None = None) -> tuple[BoundBreach, ...]:
    """Return the bounds that this revision documents and the endpoint claims to have."""
    exclusive = len(dialect.modality_sets.get("audio", ())) == 1
    return tuple(
        each
        for each in BREACHES
        if each.setting in dialect.session_paths
        and (features is None or not each.feature or each.feature in features)
        and each.exclusive in (None, exclusive)
    )
