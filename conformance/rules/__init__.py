"""The rules: one file a chapter, one table of all.  Pure functions; no I/O, no clock, no pytest."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.rules import (
    asking,
    cancel,
    connection,
    envelope,
    errors,
    input_audio,
    input_audio_emptied,
    items,
    items_cut,
    items_later,
    items_order,
    metering,
    nesting,
    rate_limits,
    response,
    session,
    session_refusals,
    session_updates,
    streaming,
    tools,
    transcription,
    turns,
    turns_answered,
    usage,
    wholes,
)
from conformance.rules.rule import Chapter, Rule


def _table(*chapters: Chapter) -> Mapping[str, Rule]:
    table: dict[str, Rule] = {}
    for chapter in chapters:
        for rule in chapter.rules:
            if rule.id in table:
                raise ValueError(f"two rules are called {rule.id}")
            table[rule.id] = rule
    return table


#: Every rule by id, in the order of the chapters.
RULES: Mapping[str, Rule] = _table(
    envelope.rules,
    connection.rules,
    session.rules,
    session_updates.rules,
    session_refusals.rules,
    items.rules,
    items_order.rules,
    items_later.rules,
    items_cut.rules,
    errors.rules,
    rate_limits.rules,
    input_audio.rules,
    input_audio_emptied.rules,
    turns.rules,
    turns_answered.rules,
    transcription.rules,
    nesting.rules,
    response.rules,
    asking.rules,
    cancel.rules,
    streaming.rules,
    wholes.rules,
    tools.rules,
    usage.rules,
    metering.rules,
)
