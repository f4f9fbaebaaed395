"""Sources judged one after the other: a broken file costs that file only, or what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.corpus.collector import collector_paused
from conformance.corpus.tally import CorpusTally
from conformance.corpus.verdict import judge_with_view, unreadable
from conformance.errors import TraceError

if TYPE_CHECKING:
    from conformance.corpus.sources import Source
    from conformance.corpus.verdict import Demands, RecordedVerdict
    from conformance.rules.engine.dispatch import Dispatched
    from conformance.trace.formats.recording import Recording
    from conformance.trace.views import View

#: What is told of one conversation; its view and what the rules said, where it could be judged.
Teller = Callable[["RecordedVerdict", "View | None", "Dispatched | None"], str]


@dataclass(frozen=True)
class Task:
    """What is done with every source: fit to be sent to another process."""

    demands: Demands
    tell: Teller
    """A function of a module."""


@dataclass
class JudgedSources:
    """A number of sources that were judged together."""

    tally: CorpusTally = field(default_factory=CorpusTally)
    told: list[str] = field(default_factory=list)
    """What is told of its conversations, where anything is."""
    sources: int = 0


def judge_source(source: Source, task: Task) -> Iterator[tuple[RecordedVerdict, str]]:
    """Yield the verdict on each conversation of a source, and what is told of it."""
    recordings = source.recordings()
    try:
        while (judged := _judge_next(recordings, task)) is not None:
            yield judged
    except TraceError as error:
        verdict = unreadable(source.name, str(error))
        yield verdict, task.tell(verdict, None, None)
    except (MemoryError, RecursionError) as error:
        verdict = unreadable(source.name, f"{source.name}: too large or too deep to be read ({type(error).__name__})")
        yield verdict, task.tell(verdict, None, None)


def _judge_next(recordings: Iterator[Recording], task: Task) -> tuple[RecordedVerdict, str] | None:
    """Read a conversation and judge it; None where there is no other.

    Only then it is released, and the caller goes on: nothing of his is done while the collector pauses.
    """
    with collector_paused():
        return _judged(recordings, task)


def _judged(recordings: Iterator[Recording], task: Task) -> tuple[RecordedVerdict, str] | None:
    for recording in recordings:
        verdict, view, outcome = judge_with_view(recording, task.demands)
        return verdict, task.tell(verdict, view, outcome)
    return None


def judge_one_by_one(sources: Iterable[Source], task: Task) -> Iterator[JudgedSources]:
    """Yield each conversation as soon as it is judged, and an empty part behind the last of each source."""
    for source in sources:
        for verdict, told in judge_source(source, task):
            part = JudgedSources(told=[told] if told else [])
            part.tally.note(verdict)
            yield part
        yield JudgedSources(sources=1)


def judge_sources(sources: Sequence[Source], task: Task) -> JudgedSources:
    """Return what a number of sources came to."""
    part = JudgedSources(sources=len(sources))
    for source in sources:
        for verdict, told in judge_source(source, task):
            part.tally.note(verdict)
            if told:
                part.told.append(told)
    return part


def crashed(source: Source, task: Task) -> JudgedSources:
    """Return what is known of a source that ended the process that judged it."""
    part = JudgedSources(sources=1)
    verdict = unreadable(source.name, f"{source.name}: the process that judged it died")
    part.tally.note(verdict)
    if told := task.tell(verdict, None, None):
        part.told.append(told)
    return part


def chunks(sources: Sequence[Source], size: int) -> Iterable[Sequence[Source]]:
    """Return the sources in groups of *size*."""
    return (sources[first : first + size] for first in range(0, len(sources), size))
