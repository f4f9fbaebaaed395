"""The `beta` revision (October 2024 on): flat session, `response.audio.delta`."""

from __future__ import annotations

from conformance.contract.dialect import Dialect

BETA = Dialect(
    name="beta",
    title="beta",
    headers={"OpenAI-Beta": "realtime=v1"},
    subprotocols=("openai-beta.realtime-v1",),
    renamed={
        "conversation.item.added": "conversation.item.created",
        "response.output_audio.delta": "response.audio.delta",
        "response.output_audio.done": "response.audio.done",
        "response.output_audio_transcript.delta": "response.audio_transcript.delta",
        "response.output_audio_transcript.done": "response.audio_transcript.done",
        "response.output_text.delta": "response.text.delta",
        "response.output_text.done": "response.text.done",
    },
    content_renamed={"output_text": "text", "output_audio": "audio"},
    session_paths={
        "id": ("id",),
        "object": ("object",),
        "model": ("model",),
        "expires_at": ("expires_at",),
        "modalities": ("modalities",),
        "instructions": ("instructions",),
        "voice": ("voice",),
        "speed": ("speed",),
        "input_format": ("input_audio_format",),
        "output_format": ("output_audio_format",),
        "transcription": ("input_audio_transcription",),
        "noise_reduction": ("input_audio_noise_reduction",),
        "turn_detection": ("turn_detection",),
        "tools": ("tools",),
        "tool_choice": ("tool_choice",),
        "temperature": ("temperature",),
        "max_output_tokens": ("max_response_output_tokens",),
        "tracing": ("tracing",),
        "prompt": ("prompt",),
        "include": ("include",),
    },
    response_paths={
        "modalities": ("modalities",),
        "instructions": ("instructions",),
        "voice": ("voice",),
        "output_format": ("output_audio_format",),
        "temperature": ("temperature",),
        "tools": ("tools",),
        "tool_choice": ("tool_choice",),
        "max_output_tokens": ("max_output_tokens",),
        "conversation": ("conversation",),
        "metadata": ("metadata",),
        "input": ("input",),
    },
    audio_formats={"pcm16": "pcm16", "g711_ulaw": "g711_ulaw", "g711_alaw": "g711_alaw"},
    modality_sets={"text": ("text",), "audio": ("text", "audio")},
    session_tells=("input_audio_format", "output_audio_format", "modalities"),
    prose_only=frozenset({"response.cancelled"}),
    tells=frozenset(
        {
            "conversation.item.created",
            "transcription_session.created",
            "transcription_session.updated",
            "response.audio.delta",
            "response.audio.done",
            "response.audio_transcript.delta",
            "response.audio_transcript.done",
            "response.text.delta",
            "response.text.done",
        }
    ),
)
