"""The rules: one file a chapter, one table of all.  Pure functions; no I/O, no clock, no pytest."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.rules import connection, envelope, errors, rate_limits, tools, transcription
from conformance.rules.engine.rule import Chapter, Rule
from conformance.rules.input_audio import append_commit as input_audio
from conformance.rules.input_audio import emptying as input_audio_emptied
from conformance.rules.items import create as items
from conformance.rules.items import delete_retrieve as items_later
from conformance.rules.items import order as items_order
from conformance.rules.items import truncate as items_cut
from conformance.rules.ordering import nesting
from conformance.rules.response import cancel
from conformance.rules.response import create as asking
from conformance.rules.response import object as response
from conformance.rules.session import opening as session
from conformance.rules.session import refusals as session_refusals
from conformance.rules.session import updates as session_updates
from conformance.rules.streaming import deltas as wholes
from conformance.rules.streaming import integrity as streaming
from conformance.rules.turns import answers as turns_answered
from conformance.rules.turns import detection as turns
from conformance.rules.usage import ledger as usage
from conformance.rules.usage import metering


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
