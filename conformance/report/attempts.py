"""Plays before the one that counts: what became of each, and where the endpoint first said something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import TraceError
from conformance.report.spoken import first_difference, spoken
from conformance.trace.jsonl import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.run.record import AttemptRecord, ConversationRecord


@dataclass(frozen=True)
class Story:
    """One attempt."""

    what: str
    traces: tuple[str, ...]
    difference: str = ""
    """Where it differs from the play that counts; empty where the endpoint said the same, or a trace is gone."""


def stories_of(record: ConversationRecord, folder: Path) -> list[Story]:
    """Return the attempts of a conversation in their order."""
    return [Story(why(each), each.traces, _difference(each, record, folder)) for each in record.attempts]


def why(attempt: AttemptRecord) -> str:
    """Say what became of an attempt."""
    return attempt.message or (f"broke {', '.join(attempt.broken)}" if attempt.broken else "nothing was judged")


def _difference(attempt: AttemptRecord, record: ConversationRecord, folder: Path) -> str:
    told = _differences(attempt, record, folder)
    return next(told, "")


def _differences(attempt: AttemptRecord, record: ConversationRecord, folder: Path) -> Iterator[str]:
    for earlier, last in zip(attempt.traces, record.traces, strict=False):
        try:
            found = first_difference(spoken(load(folder / earlier)), spoken(load(folder / last)))
        except TraceError:
            continue
        if found is not None:
            yield f"{found[0]}; the final attempt: {found[1]}"
