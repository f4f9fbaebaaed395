"""Sources judged by several processes of this machine; one that dies costs the source that it died of.

Each process has a pipe of its own and nothing is shared: no thread, no lock.  So an interruption may come anywhere, and
a process that is killed in the middle of its answer leaves the end of a pipe, nothing that anybody waits for.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, cast

from conformance.corpus.judging import JudgedSources, Task, chunks, crashed, judge_sources

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext

    from conformance.corpus.sources import Source

#: Sources that are sent to a process at once, at most; small enough that all processes end at about the same time.
LARGEST_CHUNK = 64
#: Chunks for each process that may be judged before the first of them is.
AHEAD = 4


@dataclass(eq=False)
class SourceGroup:
    """Sources that one process judges together."""

    sources: Sequence[Source]
    begun: bool = False
    part: JudgedSources | None = None
    """What they came to."""


class JudgingProcess:
    """A process that judges one group after the other."""

    group: SourceGroup | None = None
    """What it is judging."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._start()

    def _start(self) -> None:
        context = cast("ForkContext", _context())
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_judge_each, args=(theirs, self.task), daemon=True)
        with _no_interrupts():
            self.process.start()
        theirs.close()  # else its death would not end the pipe

    def begin(self, group: SourceGroup) -> None:
        """Send it a group; it must have none."""
        group.begun, self.group = True, group
        try:
            self.pipe.send(group.sources)
        except OSError:  # somebody killed it while it had nothing to do
            self.stop()
            self._start()
            self.pipe.send(group.sources)

    def finish(self) -> list[SourceGroup]:
        """Return its group with what it came to; where it died of it, what is to be judged instead."""
        group, self.group = cast("SourceGroup", self.group), None
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            self.stop()
            self._start()
            if len(group.sources) > 1:
                return [SourceGroup((source,)) for source in group.sources]
            answer = crashed(group.sources[0], self.task)
        if isinstance(answer, Exception):
            raise answer
        group.part = answer
        return [group]

    def stop(self) -> None:
        """Kill it: it may be waiting for a file that never ends."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def judge_in_processes(sources: Sequence[Source], task: Task, processes: int) -> Iterator[JudgedSources]:
    """Yield parts in the order of the sources, each as soon as it and all before it are judged.

    Every source must be one that other processes can read.
    """
    size = max(1, min(LARGEST_CHUNK, len(sources) // (processes * AHEAD)))
    groups = [SourceGroup(each) for each in chunks(sources, size)]
    workers: list[JudgingProcess] = []
    try:
        workers += (JudgingProcess(task) for _ in range(min(processes, len(groups))))
        while groups:
            _give_out(groups[: processes * AHEAD], workers)
            if (part := groups[0].part) is not None:
                yield part
                del groups[0]
            else:
                _take_in(groups, [worker for worker in workers if worker.group])
    finally:
        for worker in workers:
            worker.stop()


def _give_out(groups: Sequence[SourceGroup], workers: Sequence[JudgingProcess]) -> None:
    waiting = (group for group in groups if not group.begun)
    idle = (worker for worker in workers if worker.group is None)
    for group, worker in zip(waiting, idle, strict=False):
        worker.begin(group)


def _take_in(groups: list[SourceGroup], workers: Sequence[JudgingProcess]) -> None:
    """Wait for an answer, and take all that have come."""
    ready = wait([worker.pipe for worker in workers])
    for worker in workers:
        if worker.pipe in ready:
            place = groups.index(cast("SourceGroup", worker.group))
            groups[place : place + 1] = worker.finish()


def _judge_each(pipe: Connection, task: Task) -> None:
    """Judge what comes through the pipe until it ends: the body of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that was asked: it keeps what was judged
    with suppress(EOFError, OSError):
        while True:
            sources = pipe.recv()
            answer: JudgedSources | Exception
            try:
                answer = judge_sources(sources, task)
            except Exception as bug:  # ours: told by the process that was asked
                answer = bug
            pipe.send(answer)


def _context() -> BaseContext:
    """Return how processes are begun: by fork where that is safe, since it saves each its imports."""
    return get_context("fork" if sys.platform == "linux" and "fork" in get_all_start_methods() else None)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Keep Ctrl-C back: the process that begins inherits it, and this one must know of it before it is interrupted."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
