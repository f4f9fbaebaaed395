"""What the two revisions do differently, beyond what the contract's dialect records tell: one record each.

Key sets and defaults follow recordings of real sessions; bounds follow `b.1` to `b.3` of the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.reference.refusals import Event, Refusal
from conformance.reference.shapes import (
    Shape,
    anything,
    boolean,
    choice,
    decimal,
    either,
    listed,
    mapping,
    maybe,
    record,
    short,
    tagged,
    text,
    whole,
    wrong_type,
)

MODALITIES = ("text", "audio")
INSTRUCTIONS = (
    "You are the reference endpoint of a conformance suite. Answer in one short sentence, "
    "and do exactly what simple requests ask for."
)


@dataclass(frozen=True)
class Manner:
    """How one revision behaves."""

    item_object: bool
    """Whether items carry `object: realtime.item` (observation 19)."""
    limits_come_first: bool
    """Whether `rate_limits.updated` follows `response.created`, or `response.done` (observation 10)."""
    limits: tuple[str, ...]
    """What the rate limits are named."""
    ignores_model: bool
    """Whether a model in `session.update` is passed over, or refused if it is another (SES-13)."""
    lifetime: int
    """Seconds that a session may live (observation 34)."""
    session: Event
    """The session object of a new conversation, without what each session has of its own."""
    transcription_session: Event
    session_shape: Shape
    transcription_shape: Shape
    response_fields: Mapping[str, Shape]
    """Fields of `response` in `response.create`."""
    replaced: frozenset[str]
    """Objects in the session that an update replaces as a whole."""
    assistant_content: str
    """Type of the content that a client may put into an assistant's message."""
    user_content: tuple[str, ...]

    def completed_paths(self, dialect: Dialect) -> tuple[tuple[str, ...], ...]:
        """Say where the objects lie that the session completes with defaults."""
        return dialect.session_paths["turn_detection"], dialect.session_paths["transcription"]


def modalities(*legal: frozenset[str]) -> Shape:
    """Take one of the *legal* sets of modalities, in any order (SES-20)."""
    named = " and ".join(str(sorted(each)) for each in legal)

    def shape(value: Any, path: str) -> None:
        listed(choice(*MODALITIES))(value, path)
        if frozenset(value) not in legal or len(set(value)) != len(value):
            raise Refusal(
                "invalid_value", f"Invalid modalities: {value}. Supported combinations are: {named}.", path
            )

    return shape


def rate(value: Any, path: str) -> None:
    """Take 24000, the only sampling rate of `audio/pcm` (observation 35)."""
    whole(24_000, 24_000)(value, path)


def schema(value: Any, path: str) -> None:
    """Take a tool's parameters: an object, whatever it says."""
    if not isinstance(value, dict):
        raise wrong_type(value, path, "an object")


VAD_SWITCHES: Mapping[str, Shape] = {"type": text, "create_response": boolean, "interrupt_response": boolean}
TURN_DETECTION = maybe(
    tagged(
        {
            "server_vad": record(
                {
                    **VAD_SWITCHES,
                    "threshold": decimal(0, 1),
                    "prefix_padding_ms": whole(0, 10_000),
                    "silence_duration_ms": whole(0, 60_000),
                    "idle_timeout_ms": maybe(whole(5_000, 30_000)),
                }
            ),
            "semantic_vad": record({**VAD_SWITCHES, "eagerness": choice("low", "medium", "high", "auto")}),
        }
    )
)
TRANSCRIPTION = maybe(
    record(
        {"model": text, "language": maybe(text), "prompt": maybe(text), "delay": maybe(text), "keywords": anything}
    )
)
NOISE = maybe(record({"type": choice("near_field", "far_field")}, "type"))
LIMIT = either(choice("inf"), whole(1, 4096))
VOICE = either(text, record({"id": text}, "id"))
INCLUDE = maybe(listed(choice("item.input_audio_transcription.logprobs")))
TRACING = maybe(either(choice("auto"), record({"workflow_name": text, "group_id": text, "metadata": anything})))
FUNCTION = record(
    {"type": text, "name": short(64), "description": maybe(text), "parameters": maybe(schema), "strict": maybe(boolean)},
    "name",
)
TOOLS = listed(tagged({"function": FUNCTION, "mcp": record({}, "server_label", open_ended=True)}))
TOOL_CHOICE = either(
    choice("auto", "none", "required"),
    tagged(
        {
            "function": record({"type": text, "name": text}, "name"),
            "mcp": record({"type": text, "server_label": text, "name": maybe(text)}, "server_label"),
        }
    ),
)
PROMPT = maybe(record({"id": text, "version": maybe(text), "variables": maybe(anything)}, "id"))
METADATA = maybe(mapping(16, 64, 512))
INPUT = listed(anything)
TRUNCATION = either(
    choice("auto", "disabled"),
    record({"type": choice("retention_ratio"), "retention_ratio": decimal(0, 1), "token_limits": maybe(anything)}, "type"),
)
GA_FORMAT = tagged(
    {
        "audio/pcm": record({"type": text, "rate": rate}),
        "audio/pcmu": record({"type": text}),
        "audio/pcma": record({"type": text}),
    }
)
BETA_FORMAT = choice("pcm16", "g711_ulaw", "g711_alaw")
GA_INPUT = {
    "format": GA_FORMAT,
    "transcription": TRANSCRIPTION,
    "noise_reduction": NOISE,
    "turn_detection": TURN_DETECTION,
}
SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
LISTENING_VAD = {key: value for key, value in SERVER_VAD.items() if not key.endswith("_response")}
GA_PCM = {"type": "audio/pcm", "rate": 24000}
GA_LISTENS = {"format": GA_PCM, "transcription": None, "noise_reduction": None}
