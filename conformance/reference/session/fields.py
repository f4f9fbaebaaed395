"""The fields of sessions, responses and tools that both revisions share, as shapes.

Bounds follow `b.1` to `b.3` of the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.reference.session.refusals import EventRefused
from conformance.reference.session.request_schema import (
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


def modalities(*legal: frozenset[str]) -> Shape:
    """Take one of the *legal* sets of modalities, in any order (SES-20)."""
    named = " and ".join(str(sorted(each)) for each in legal)

    def shape(value: Any, path: str) -> None:
        listed(choice(*MODALITIES))(value, path)
        if frozenset(value) not in legal or len(set(value)) != len(value):
            raise EventRefused(
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
        {
            "model": text,
            "language": maybe(text),
            "prompt": maybe(text),
            "languages": maybe(listed(text)),
            "delay": maybe(choice("minimal", "low", "medium", "high", "xhigh")),
            "keywords": maybe(listed(text)),
        }
    )
)
NOISE = maybe(record({"type": choice("near_field", "far_field")}, "type"))
LIMIT = either(choice("inf"), whole(1, 4096))
VOICE = either(text, record({"id": text}, "id"))
INCLUDE = maybe(listed(choice("item.input_audio_transcription.logprobs")))
TRACING = maybe(either(choice("auto"), record({"workflow_name": text, "group_id": text, "metadata": anything})))
FUNCTION = record(
    {
        "type": text,
        "name": short(64),
        "description": maybe(text),
        "parameters": maybe(schema),
        "strict": maybe(boolean),
    },
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
TRUNCATION = either(
    choice("auto", "disabled"),
    record(
        {
            "type": choice("retention_ratio"),
            "retention_ratio": decimal(0, 1),
            "token_limits": maybe(anything),
        },
        "type",
    ),
)
GA_FORMAT = tagged(
    {
        "audio/pcm": record({"type": text, "rate": rate}),
        "audio/pcmu": record({"type": text}),
        "audio/pcma": record({"type": text}),
    }
)
BETA_FORMAT = choice("pcm16", "g711_ulaw", "g711_alaw")
GA_INPUT: Mapping[str, Shape] = {
    "format": GA_FORMAT,
    "transcription": TRANSCRIPTION,
    "noise_reduction": NOISE,
    "turn_detection": TURN_DETECTION,
}
#: What an update of a session that translates may say.
TRANSLATION = record(
    {
        "audio": record(
            {
                "input": record({"transcription": maybe(record({"model": text}, "model")), "noise_reduction": NOISE}),
                "output": record({"language": text}),
            }
        )
    }
)
#: What `response.create` may say in both revisions.
RESPONSE: Mapping[str, Shape] = {
    "instructions": text,
    "tools": TOOLS,
    "tool_choice": TOOL_CHOICE,
    "max_output_tokens": LIMIT,
    "metadata": METADATA,
    "conversation": choice("auto", "none"),
    "input": maybe(listed(anything)),
}
