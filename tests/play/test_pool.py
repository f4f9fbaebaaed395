import asyncio
import concurrent.futures
import threading

import pytest

from conformance.play.pool import LoopThread, Pool, outcome


@pytest.fixture
def loop_thread():
    stage = LoopThread()
    yield stage
    stage.close()


def test_conversations_are_played_at_the_same_time(loop_thread):
    together = threading.Barrier(1)
    seen = []

    async def play(job):
        seen.append(job)
        while len(seen) < 3:
            await asyncio.sleep(0)
        return job

    stage = Pool(loop_thread, play, window=3)
    stage.enqueue([1, 2, 3])

    assert [stage.take(job) for job in (1, 2, 3)] == [1, 2, 3]
    together.wait()


def test_no_more_than_the_window_are_played_at_once(loop_thread):
    running, most = set(), []

    async def play(job):
        running.add(job)
        most.append(len(running))
        await asyncio.sleep(0)
        running.discard(job)
        return job

    stage = Pool(loop_thread, play, window=2)
    stage.enqueue(range(10))
    for job in range(10):
        stage.take(job)

    assert max(most) <= 2


def test_a_cautious_stage_starts_nothing_before_the_last_was_reported(loop_thread):
    async def play(job):
        return job

    stage = Pool(loop_thread, play, window=1, cautious=True)
    stage.enqueue([1, 2])
    assert stage.take(1) == 1
    assert stage.started == 1

    stage.refill()

    assert stage.take(2) == 2


def test_what_nobody_queued_is_played_when_taken(loop_thread):
    async def play(job):
        return job * 2

    assert Pool(loop_thread, play, window=1).take(21) == 42


def test_what_a_conversation_raises_reaches_whoever_takes_it(loop_thread):
    async def play(job):
        raise KeyError(job)

    stage = Pool(loop_thread, play, window=1)
    stage.enqueue(["a"])

    with pytest.raises(KeyError):
        stage.take("a")


def test_closing_cancels_what_hangs(loop_thread):
    async def play(job):
        await asyncio.Event().wait()

    stage = Pool(loop_thread, play, window=4)
    stage.enqueue([1, 2, 3])
    stage.close()
    loop_thread.close()

    assert not loop_thread.thread.is_alive()


def test_a_wait_ends_after_its_time_and_the_work_goes_on(loop_thread):
    gate = threading.Event()

    async def work():
        await asyncio.to_thread(gate.wait)
        return "done"

    future = loop_thread.start(work())
    with pytest.raises(TimeoutError):
        outcome(future, 0.01)
    gate.set()

    assert outcome(future) == "done"


def test_what_takes_longer_than_a_glance_is_waited_for(loop_thread, monkeypatch):
    monkeypatch.setattr("conformance.play.pool.GLANCE", 0.001)
    glances = []

    async def work():
        while len(glances) < 3:
            await asyncio.sleep(0)
        return "done"

    wait = concurrent.futures.wait
    monkeypatch.setattr("concurrent.futures.wait", lambda *how: glances.append(how) or wait(*how))

    assert loop_thread.run(work()) == "done"
    assert len(glances) >= 3


def test_no_conversation_begins_while_those_that_wait_are_too_large(loop_thread):
    async def play(cue):
        return cue

    stage = Pool(loop_thread, play, window=4, weigh=lambda _played: 60, most=100)
    stage.enqueue(range(10))
    taken = [stage.take(cue) for cue in range(10)]

    assert taken == list(range(10))
    assert stage.weights == {}


def test_only_so_much_is_played_ahead_of_whoever_takes(loop_thread):
    async def play(cue):
        return cue

    stage = Pool(loop_thread, play, window=1, weigh=lambda _played: 60, most=100)
    stage.enqueue(range(10))
    concurrent.futures.wait([stage.playing[0]])
    loop_thread.run(asyncio.sleep(0))
    loop_thread.run(asyncio.sleep(0))

    assert stage.started <= 2


def test_while_one_is_played_the_others_that_are_over_are_shown_each_once(loop_thread):
    goes_on, shown = threading.Event(), []

    async def play(job):
        while job == "slow" and not goes_on.is_set():
            await asyncio.sleep(0)
        return job * 2

    def meanwhile(job):
        shown.append((job, stage.look(job)))
        if len(shown) == 2:
            goes_on.set()

    stage = Pool(loop_thread, play, window=3)
    stage.enqueue(["slow", "a", "b"])

    assert stage.take("slow", meanwhile) == "slowslow"
    assert sorted(shown) == [("a", "aa"), ("b", "bb")]
    assert stage.take("a", meanwhile) == "aa"


def test_one_that_was_shown_takes_its_room_until_it_is_forgotten(loop_thread):
    shown = threading.Event()

    async def play(job):
        while job == 1 and not shown.is_set():
            await asyncio.sleep(0)
        return b"x" * 10

    stage = Pool(loop_thread, play, window=2, weigh=len, most=9)
    stage.enqueue([1, 2, 3])
    stage.take(1, lambda _other: shown.set())
    assert stage.started == 2

    stage.forget(2)

    assert stage.started == 3
    stage.take(3)
    assert not stage.over
