"""Sources judged by several processes of this machine; one that dies costs the source that it died of."""

from __future__ import annotations

import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING

from conformance.corpus.judging import JudgedSources, Task, chunks, crashed, judge_sources

if TYPE_CHECKING:
    from conformance.corpus.sources import Source

#: Sources that are sent to a process at once, at most; small enough that all processes end at about the same time.
LARGEST_CHUNK = 64
#: Chunks that wait for each process.
AHEAD = 4


def judge_in_processes(sources: Sequence[Source], task: Task, processes: int) -> Iterator[JudgedSources]:
    """Yield parts in the order of the sources, each as soon as it and all before it are judged."""
    size = max(1, min(LARGEST_CHUNK, len(sources) // (processes * AHEAD)))
    groups = deque(chunks(sources, size))
    while groups:
        began: deque[tuple[Sequence[Source], Future[JudgedSources]]] = deque()
        with _pool(processes) as pool:
            try:
                while groups or began:
                    while groups and len(began) < processes * AHEAD:
                        began.append((groups[0], pool.submit(judge_sources, groups[0], task)))
                        groups.popleft()
                    yield began[0][1].result()
                    began.popleft()
            except BrokenProcessPool:
                groups.extendleft(group for group, _ in reversed(list(began)[1:]))
                suspects = began[0][0] if began else groups.popleft()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for child in active_children():  # one may wait for a file that never ends
                    child.kill()
                raise
            else:
                return
        yield from (_judge_alone(source, task) for source in suspects)


def _judge_alone(source: Source, task: Task) -> JudgedSources:
    """Judge one source in a process of its own: if it dies, it is known of what."""
    with _pool(1) as pool:
        try:
            return pool.submit(judge_sources, (source,), task).result()
        except BrokenProcessPool:
            return crashed(source, task)


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=_context(), initializer=_ignore_interrupts)


def _context() -> BaseContext:
    """Return how processes are begun: by fork where that is safe, since it saves each its imports."""
    return get_context("fork" if sys.platform == "linux" and "fork" in get_all_start_methods() else None)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that was asked: it keeps what was judged."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
