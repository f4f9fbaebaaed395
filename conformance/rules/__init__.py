"""The rules: one file or folder a chapter, one table of all.  Pure functions; no I/O, no clock, no pytest."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.registry import by_id
from conformance.rules import (
    client_secrets,
    connection,
    envelope,
    error_effects,
    error_words,
    errors,
    input_audio,
    items,
    logprobs,
    nulls,
    ordering,
    rate_limits,
    response,
    session,
    streaming,
    tool_servers,
    tools,
    transcription,
    translation,
    turns,
    usage,
)
from conformance.rules.engine.rule import Rule

CHAPTERS = (
    envelope.rules,
    nulls.rules,
    *connection.chapters,
    client_secrets.rules,
    *session.chapters,
    *items.chapters,
    errors.rules,
    error_effects.rules,
    error_words.rules,
    rate_limits.rules,
    *input_audio.chapters,
    *turns.chapters,
    transcription.rules,
    logprobs.rules,
    translation.rules,
    *ordering.chapters,
    *response.chapters,
    *streaming.chapters,
    *tools.chapters,
    tool_servers.rules,
    *usage.chapters,
)
#: Every rule by id, in the order of the chapters.
RULES: Mapping[str, Rule] = by_id(*(chapter.rules for chapter in CHAPTERS))
