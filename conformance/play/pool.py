"""Many conversations at once: one background thread owns one event loop, conversations are its tasks.

Conversations are played ahead of the reporting, in the order in which they will be reported,
at most `window` at a time.  Whoever reports them takes them one by one from the main thread.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Generic, TypeVar

from conformance.play.bounds import WAITING

Work = TypeVar("Work")
Played = TypeVar("Played")
T = TypeVar("T")
#: Seconds after which a wait is begun anew: Python sees a SIGINT that came just before a lock was waited for only then.
GLANCE = 0.5


def outcome(future: concurrent.futures.Future[T], within: float | None = None) -> T:
    """Wait for a future so that Ctrl-C always gets through; TimeoutError after *within* seconds."""
    until = math.inf if within is None else time.monotonic() + within
    while not future.done():
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        concurrent.futures.wait([future], min(GLANCE, left))
    return future.result()


class LoopThread:
    """The background thread and its event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True, name="realtime-conformance")
        self.thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Begin *work* on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, T], within: float | None = None) -> T:
        """Do *work* on the loop and wait for it."""
        return outcome(self.start(work), within)

    def close(self) -> None:
        """Cancel whatever runs and end the thread."""
        if not self.thread.is_alive():
            return

        async def drain() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        try:
            self.run(drain(), 10)
        except TimeoutError:
            pass
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(5)
            if not self.thread.is_alive():
                self.loop.close()


class Pool(Generic[Work, Played]):
    """A queue of jobs and a sliding window of those being played."""

    def __init__(
        self,
        loop_thread: LoopThread,
        play: Callable[[Work], Awaitable[Played]],
        window: int,
        *,
        cautious: bool = False,
        weigh: Callable[[Played], int] = lambda _played: 0,
        most: int = WAITING,
    ) -> None:
        self.loop_thread = loop_thread
        self.play = play
        self.window = window
        self.cautious = cautious
        """Count what is played but not yet taken: nothing starts that a failure would have stopped."""
        self.weigh, self.most = weigh, most
        """How many bytes a played conversation holds, and how many may wait to be taken before another one begins."""
        self.weights: dict[Work, int] = {}
        self.lock = threading.RLock()
        self.queue: deque[Work] = deque()
        self.playing: dict[Work, concurrent.futures.Future[Played]] = {}
        self.over: dict[Work, None] = {}
        """What was played and not yet looked at, in the order in which it came to its end."""
        self.news = threading.Event()
        """Set whenever one more is over."""
        self.closed = False
        self.started = 0

    def enqueue(self, jobs: Iterable[Work]) -> None:
        """Queue jobs in the order in which they will be taken, and begin."""
        with self.lock:
            self.queue.extend(jobs)
        self._fill()

    def take(self, job: Work, meanwhile: Callable[[Work], None] | None = None) -> Played:
        """Wait for one conversation; plays it now if nobody queued it.  Each job is taken once.

        As long as that lasts *meanwhile* is called with others that are over; `look` shows them, and their room is not
        free before they are taken or forgotten.
        """
        with self.lock:
            if job not in self.playing:
                if job in self.queue:
                    self.queue.remove(job)
                self._begin(job)
            future = self.playing[job]
        try:
            while meanwhile is not None and not self.cautious and not future.done():
                self.news.clear()
                if (other := self._next_over()) is not None:
                    meanwhile(other)
                elif not future.done():
                    self.news.wait(GLANCE)
            return outcome(future)
        finally:
            self.forget(job)

    def look(self, job: Work) -> Played:
        """Return what a conversation that is over came to; it still counts as not taken."""
        return self.playing[job].result()

    @property
    def ended(self) -> tuple[Work, ...]:
        """What was played to its end and not yet taken, in the order in which it was begun."""
        with self.lock:
            return tuple(job for job, future in self.playing.items() if future.done() and not future.cancelled())

    def forget(self, job: Work) -> None:
        """Let go of a conversation; another one may begin in its place."""
        with self.lock:
            self.playing.pop(job, None)
            self.weights.pop(job, None)
            self.over.pop(job, None)
        if not self.cautious:
            self._fill()

    @property
    def busy(self) -> int:
        """How many are being played."""
        with self.lock:
            return self._busy()

    @property
    def has_room(self) -> bool:
        """Whether a job that is queued now begins at once."""
        with self.lock:
            return not self.queue and self._fits()

    def refill(self) -> None:
        """Cautious stages begin the next conversation only when told that the last one was reported."""
        self._fill()

    def close(self) -> None:
        """Begin nothing more and cancel what is being played."""
        with self.lock:
            self.closed = True
            self.queue.clear()
            running = list(self.playing.values())
        for future in running:
            future.cancel()

    def _begin(self, job: Work) -> None:
        async def played() -> Played:
            return await self.play(job)

        future = self.loop_thread.start(played())
        self.playing[job] = future
        self.started += 1
        if not self.cautious:
            future.add_done_callback(lambda done: self._played(job, done))

    def _played(self, job: Work, done: concurrent.futures.Future[Played]) -> None:
        with self.lock:
            if job in self.playing and not done.cancelled():
                self.over[job] = None
                if done.exception() is None:
                    self.weights[job] = self.weigh(done.result())
        self.news.set()
        self._fill()

    def _next_over(self) -> Work | None:
        """Return a conversation that is over, each once; None if there is none."""
        with self.lock:
            job = next(iter(self.over), None)
            if job is not None:
                del self.over[job]
            return job

    def _fill(self) -> None:
        with self.lock:
            while self.queue and self._fits():
                self._begin(self.queue.popleft())

    def _fits(self) -> bool:
        return not self.closed and self._busy() < self.window and self._waiting() <= self.most

    def _waiting(self) -> int:
        return sum(self.weights.values())

    def _busy(self) -> int:
        return sum(self.cautious or not future.done() for future in self.playing.values())
