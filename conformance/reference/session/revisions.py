"""What the two revisions do differently, beyond what the contract's dialect records tell: one record each.

Key sets and defaults follow recordings of real sessions of both revisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.reference.session import fields
from conformance.reference.session.refusals import Event
from conformance.reference.session.request_schema import Shape, anything, boolean, choice, decimal, maybe, record, text

INSTRUCTIONS = (
    "You are the reference endpoint of a conformance suite. Answer in one short sentence, and do exactly "
    "what a simple request asks for: repeat a given text, give a single word, list some numbers in their "
    "order, tell a tale, or use a tool that was named. You hear sound but no words in it, you speak with the "
    "voice of a single tone, and you never say anything that would differ from one run to the next."
)
SERVER_VAD: Event = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
SEMANTIC_VAD: Event = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}
#: What an update that turns listening on leaves out is completed from here (observation 23).
VAD_DEFAULTS = {"server_vad": SERVER_VAD, "semantic_vad": SEMANTIC_VAD}
#: A session that only transcribes has no such switches (observation 24).
RESPONSE_SWITCHES = ("create_response", "interrupt_response")
TRANSCRIPTION_VAD = {key: value for key, value in SERVER_VAD.items() if key not in RESPONSE_SWITCHES}


@dataclass(frozen=True)
class RevisionHabits:
    """How one revision behaves."""

    item_object: bool
    """Whether items carry `object: realtime.item` (observation 19)."""
    limits_come_first: bool
    """Whether `rate_limits.updated` follows `response.created`, or `response.done` (observation 10)."""
    limits: tuple[str, ...]
    """What the rate limits are named (observation 30)."""
    ignores_model: bool
    """Whether another model in `session.update` is passed over, or refused (SES-13)."""
    lifetime: int
    """Seconds that a session may live (observation 34)."""
    session: Event
    """The session object of a new conversation; `None` stands for what each session has of its own."""
    transcription_session: Event
    translation_session: Event
    """The same for a session that translates; empty where the revision has none."""
    session_shape: Shape
    transcription_shape: Shape
    response_fields: Mapping[str, Shape]
    """Fields of `response` in `response.create`."""
    assistant_content: str
    """Type of the content that a client may put into an assistant's message (ITM-18)."""
    user_content: tuple[str, ...]


GA_PCM: Event = {"type": "audio/pcm", "rate": 24000}
GA_MODALITIES = fields.modalities(frozenset({"text"}), frozenset({"audio"}))
GA_OUTPUT = {"format": fields.GA_FORMAT, "voice": fields.VOICE}
GA = RevisionHabits(
    item_object=False,
    limits_come_first=False,
    limits=("tokens",),
    ignores_model=False,
    lifetime=3600,
    session={
        "type": "realtime",
        "object": "realtime.session",
        "id": None,
        "model": None,
        "output_modalities": ["audio"],
        "instructions": INSTRUCTIONS,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": None,
        "audio": {
            "input": {
                "format": GA_PCM,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": SERVER_VAD,
            },
            "output": {"format": GA_PCM, "voice": "alloy", "speed": 1.0},
        },
        "include": None,
    },
    transcription_session={
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": None,
        "expires_at": None,
        "audio": {
            "input": {
                "format": GA_PCM,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": TRANSCRIPTION_VAD,
            }
        },
        "include": None,
    },
    translation_session={
        "type": "translation",
        "id": None,
        "model": None,
        "expires_at": None,
        "audio": {"input": {"transcription": None, "noise_reduction": None}, "output": {"language": "en"}},
    },
    session_shape=record(
        {
            "type": choice("realtime", "transcription"),
            "object": text,
            "id": text,
            "model": text,
            "output_modalities": GA_MODALITIES,
            "instructions": text,
            "tools": fields.TOOLS,
            "tool_choice": fields.TOOL_CHOICE,
            "parallel_tool_calls": maybe(boolean),
            "reasoning": maybe(anything),
            "max_output_tokens": fields.LIMIT,
            "tracing": fields.TRACING,
            "truncation": fields.TRUNCATION,
            "prompt": fields.PROMPT,
            "expires_at": anything,
            "audio": record(
                {
                    "input": record(fields.GA_INPUT),
                    "output": record({**GA_OUTPUT, "speed": decimal(0.25, 1.5)}),
                }
            ),
            "include": fields.INCLUDE,
        },
        "type",
    ),
    transcription_shape=record(
        {
            "type": choice("realtime", "transcription"),
            "audio": record({"input": record(fields.GA_INPUT)}),
            "include": fields.INCLUDE,
        },
        "type",
    ),
    response_fields={
        "output_modalities": GA_MODALITIES,
        "audio": record({"output": record(GA_OUTPUT)}),
        "prompt": fields.PROMPT,
        "parallel_tool_calls": maybe(boolean),
        "reasoning": maybe(anything),
        **fields.RESPONSE,
    },
    assistant_content="output_text",
    user_content=("input_text", "input_audio", "input_image"),
)

BETA_MODALITIES = fields.modalities(frozenset({"text"}), frozenset({"audio", "text"}))
BETA_TRANSCRIPTION: Mapping[str, Shape] = {
    "input_audio_format": fields.BETA_FORMAT,
    "input_audio_transcription": fields.TRANSCRIPTION,
    "input_audio_noise_reduction": fields.NOISE,
    "turn_detection": fields.TURN_DETECTION,
    "include": fields.INCLUDE,
    "modalities": BETA_MODALITIES,
    "client_secret": anything,
}
BETA = RevisionHabits(
    item_object=True,
    limits_come_first=True,
    limits=("requests", "tokens"),
    ignores_model=True,
    lifetime=1800,
    session={
        "object": "realtime.session",
        "id": None,
        "model": None,
        "modalities": ["audio", "text"],
        "instructions": INSTRUCTIONS,
        "voice": "alloy",
        "output_audio_format": "pcm16",
        "tools": [],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
        "turn_detection": SERVER_VAD,
        "speed": 1.0,
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": None,
        "input_audio_noise_reduction": None,
        "input_audio_format": "pcm16",
        "input_audio_transcription": None,
        "client_secret": None,
        "include": None,
    },
    transcription_session={
        "object": "realtime.transcription_session",
        "id": None,
        "expires_at": None,
        "input_audio_noise_reduction": None,
        "turn_detection": TRANSCRIPTION_VAD,
        "input_audio_format": "pcm16",
        "input_audio_transcription": None,
        "include": None,
    },
    translation_session={},
    session_shape=record(
        {
            **BETA_TRANSCRIPTION,
            "object": text,
            "id": text,
            "model": text,
            "instructions": text,
            "voice": fields.VOICE,
            "output_audio_format": fields.BETA_FORMAT,
            "tools": fields.TOOLS,
            "tool_choice": fields.TOOL_CHOICE,
            "temperature": decimal(0.6, 1.2),
            "max_response_output_tokens": fields.LIMIT,
            "speed": decimal(0.25, 1.5),
            "tracing": fields.TRACING,
            "truncation": fields.TRUNCATION,
            "prompt": fields.PROMPT,
            "expires_at": anything,
        }
    ),
    transcription_shape=record(BETA_TRANSCRIPTION),
    response_fields={
        "modalities": BETA_MODALITIES,
        "voice": fields.VOICE,
        "output_audio_format": fields.BETA_FORMAT,
        "temperature": decimal(0.6, 1.2),
        "max_response_output_tokens": fields.LIMIT,
        **fields.RESPONSE,
    },
    assistant_content="text",
    user_content=("input_text", "input_audio"),
)

REVISIONS: Mapping[str, RevisionHabits] = {"ga": GA, "beta": BETA}
