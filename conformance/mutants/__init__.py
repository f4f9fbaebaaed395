"""The mutants: the reference endpoint with one fault each, which names the rule that must find it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.mutants import (
    cancel,
    client_secrets,
    connection,
    deltas,
    envelope,
    errors,
    input_audio,
    items,
    items_changed,
    metering,
    ordering,
    overrides,
    rate_limits,
    response,
    response_create,
    revision,
    session,
    sound,
    streaming,
    tool_servers,
    tools,
    transcription,
    translation,
    turns,
    usage,
)
from conformance.mutants.mutant import Mutant
from conformance.registry import by_id

#: Every mutant by id, in the order of the chapters.
MUTANTS: Mapping[str, Mutant] = by_id(
    envelope.faults.mutants,
    revision.faults.mutants,
    connection.faults.mutants,
    client_secrets.faults.mutants,
    session.faults.mutants,
    items.faults.mutants,
    items_changed.faults.mutants,
    errors.faults.mutants,
    rate_limits.faults.mutants,
    input_audio.faults.mutants,
    turns.faults.mutants,
    transcription.faults.mutants,
    translation.faults.mutants,
    ordering.faults.mutants,
    response.faults.mutants,
    response_create.faults.mutants,
    overrides.faults.mutants,
    cancel.faults.mutants,
    streaming.faults.mutants,
    sound.faults.mutants,
    deltas.faults.mutants,
    tools.faults.mutants,
    tool_servers.faults.mutants,
    usage.faults.mutants,
    metering.faults.mutants,
)
