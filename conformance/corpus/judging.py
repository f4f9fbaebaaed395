"""Sources judged one after the other: a broken file costs that file only, or what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from conformance.corpus.collector import collector_paused
from conformance.corpus.tally import CorpusTally
from conformance.corpus.verdict import RecordedVerdict, judge_together, unreadable
from conformance.errors import TraceError
from conformance.trace.formats.recording import Recording

if TYPE_CHECKING:
    from conformance.corpus.sources import Source
    from conformance.corpus.verdict import Demands, JudgedRecording
    from conformance.rules.engine.dispatch import Dispatched
    from conformance.trace.trace import Trace
    from conformance.trace.views import View

#: How many conversations and ends of sources are judged together at most, and bytes of them; but one may have more.
MOST_TOGETHER, MOST_BYTES = 64, 2 << 20
_RECORDED = attrgetter("size")
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


def judge_one_by_one(sources: Iterable[Source], task: Task) -> Iterator[JudgedSources]:
    """Yield each conversation as soon as it is judged, and an empty part behind the last of each source."""
    return _parts(sources, task, 1)


def judge_in_batches(sources: Iterable[Source], task: Task) -> Iterator[JudgedSources]:
    """Yield some conversations after the other: short ones are judged together, which takes less time."""
    return _parts(sources, task, MOST_TOGETHER)


def judge_sources(sources: Sequence[Source], task: Task) -> JudgedSources:
    """Return what a number of sources came to."""
    whole, found = JudgedSources(), _read(sources)
    while _add_next(whole, found, task, MOST_TOGETHER):
        pass
    return whole


def _parts(sources: Iterable[Source], task: Task, most: int) -> Iterator[JudgedSources]:
    found, part = _read(sources), JudgedSources()
    while _add_next(part, found, task, most):
        yield part
        part = JudgedSources()


def _read(sources: Iterable[Source]) -> Iterator[Recording | RecordedVerdict | None]:
    """Yield each conversation, a verdict where a source cannot be read any further, and None behind each source."""
    for source in sources:
        try:
            yield from source.recordings()
        except TraceError as error:
            yield unreadable(source.name, str(error))
        except (MemoryError, RecursionError) as error:
            yield _too_much(source.name, error)
        yield None


def _too_much(name: str, error: Exception) -> RecordedVerdict:
    return unreadable(name, f"{name}: too large or too deep to be read ({type(error).__name__})")


def _add_next(part: JudgedSources, found: Iterator[Recording | RecordedVerdict | None], task: Task, most: int) -> bool:
    """Read some of what was found and add the verdicts to *part*; return whether there was anything left.

    They are released before the collector of garbage goes on, and so does the caller.
    """
    with collector_paused():
        return _add(part, _batch(found, most), task)


def _batch(found: Iterator[Recording | RecordedVerdict | None], most: int) -> list[Recording | RecordedVerdict | None]:
    """Return up to *most* of what was found; none behind a conversation with which it is large enough."""
    batch: list[Recording | RecordedVerdict | None] = []
    size = 0
    for each in found:
        batch.append(each)
        size += _size(each.trace) if isinstance(each, Recording) else 0
        if len(batch) >= most or size >= MOST_BYTES:
            break
    return batch


def _size(trace: Trace) -> int:
    """Return about how many bytes a conversation has: as it was recorded, or the texts of its events."""
    recorded = sum(map(_RECORDED, trace.entries))
    events = (entry.event for entry in trace.entries if entry.event is not None)
    return recorded or sum(len(text) for event in events for text in event.values() if isinstance(text, str))


def _add(part: JudgedSources, batch: Sequence[Recording | RecordedVerdict | None], task: Task) -> bool:
    judged = iter(_judged([each for each in batch if isinstance(each, Recording)], task.demands))
    for each in batch:
        if each is None:
            part.sources += 1
            continue
        verdict, view, outcome = next(judged) if isinstance(each, Recording) else (each, None, None)
        part.tally.note(verdict)
        if told := task.tell(verdict, view, outcome):
            part.told.append(told)
    return bool(batch)


def _judged(recordings: Sequence[Recording], demands: Demands) -> list[JudgedRecording]:
    """Return what is said of each; where they are too much for this process together, each is judged alone."""
    try:
        return judge_together(recordings, demands)
    except (MemoryError, RecursionError) as error:
        if len(recordings) == 1:
            return [(_too_much(recordings[0].source, error), None, None)]
    return [each for recording in recordings for each in _judged([recording], demands)]


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
