"""The `ga` revision (since August 2025): nested session, `response.output_audio.delta`."""

from __future__ import annotations

from conformance.contract.dialect import Dialect, Minting

INPUT, OUTPUT = ("audio", "input"), ("audio", "output")

GA = Dialect(
    name="ga",
    title="GA",
    headers={},
    subprotocols=(),
    renamed={},
    content_renamed={},
    session_paths={
        "id": ("id",),
        "object": ("object",),
        "type": ("type",),
        "model": ("model",),
        "expires_at": ("expires_at",),
        "modalities": ("output_modalities",),
        "instructions": ("instructions",),
        "voice": (*OUTPUT, "voice"),
        "speed": (*OUTPUT, "speed"),
        "language": (*OUTPUT, "language"),
        "input_format": (*INPUT, "format"),
        "output_format": (*OUTPUT, "format"),
        "transcription": (*INPUT, "transcription"),
        "noise_reduction": (*INPUT, "noise_reduction"),
        "turn_detection": (*INPUT, "turn_detection"),
        "tools": ("tools",),
        "tool_choice": ("tool_choice",),
        "parallel_tool_calls": ("parallel_tool_calls",),
        "max_output_tokens": ("max_output_tokens",),
        "truncation": ("truncation",),
        "tracing": ("tracing",),
        "prompt": ("prompt",),
        "include": ("include",),
    },
    response_paths={
        "modalities": ("output_modalities",),
        "instructions": ("instructions",),
        "voice": (*OUTPUT, "voice"),
        "output_format": (*OUTPUT, "format"),
        "tools": ("tools",),
        "tool_choice": ("tool_choice",),
        "max_output_tokens": ("max_output_tokens",),
        "conversation": ("conversation",),
        "metadata": ("metadata",),
        "input": ("input",),
        "prompt": ("prompt",),
    },
    minting=Minting("client_secrets", ("session",), ("expires_after",), ("value",), ("expires_at",), 600),
    session_constants={"type": "realtime"},
    audio_formats={
        "pcm16": {"type": "audio/pcm", "rate": 24000},
        "g711_ulaw": {"type": "audio/pcmu"},
        "g711_alaw": {"type": "audio/pcma"},
    },
    modality_sets={"text": ("text",), "audio": ("audio",)},
    session_tells=("output_modalities", "audio"),
    tells=frozenset(
        {
            "conversation.item.added",
            "conversation.item.done",
            "response.output_audio.delta",
            "response.output_audio.done",
            "response.output_audio_transcript.delta",
            "response.output_audio_transcript.done",
            "response.output_text.delta",
            "response.output_text.done",
        }
    ),
)
