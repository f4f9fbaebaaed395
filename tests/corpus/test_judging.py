"""Conversations judged together: nothing is kept of them, and the collector of garbage is left as it was found."""

import gc
import weakref
from dataclasses import replace

import pytest

from conformance.corpus import judging
from conformance.corpus.judging import MOST_TOGETHER, Task, judge_in_batches, judge_one_by_one, judge_sources
from conformance.corpus.sources import sources
from conformance.corpus.tally import total
from conformance.corpus.verdict import Demands, RecordingOutcome, judge_together
from conformance.report.recorded import nothing
from conformance.report.recorded_data import as_line
from conformance.trace.jsonl import dumps

TASK = Task(Demands(), nothing)


@pytest.fixture
def conversations(tmp_path, turn):
    """Return a file of more conversations than are judged together."""
    path = tmp_path / "many.jsonl"
    path.write_bytes(dumps(turn) * (MOST_TOGETHER + 9))
    return sources([str(path)])


@pytest.fixture
def collector():
    """Let the collector run, and afterwards as it did."""
    enabled, thresholds = gc.isenabled(), gc.get_threshold()
    gc.enable()
    yield
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


def test_what_is_judged_together_comes_to_what_each_comes_to_alone(corpus):
    files, task = sources([str(corpus)]), Task(Demands(), as_line)
    together, alone = list(judge_in_batches(files, task)), list(judge_one_by_one(files, task))

    assert len(together) < len(alone)
    assert [each for part in together for each in part.told] == [each for part in alone for each in part.told]
    assert (
        total(part.tally for part in together)
        == total(part.tally for part in alone)
        == judge_sources(files, TASK).tally
    )
    assert sum(part.sources for part in together) == sum(part.sources for part in alone) == len(files)


def test_long_conversations_are_judged_alone(tmp_path, turn):
    long = replace(turn, entries=tuple(replace(each, size=1 << 20) for each in turn.entries))
    path = tmp_path / "long.jsonl"
    path.write_bytes(dumps(long) * 3)

    assert [part.tally.conversations for part in judge_in_batches(sources([str(path)]), TASK)] == [1, 1, 1, 0]


def test_long_conversations_whose_size_nobody_recorded_are_judged_alone(tmp_path, turn):
    events = [each.event for each in turn.entries if not each.sent]
    long = replace(turn.entries[0], size=0, event=events[0] | {"padding": "x" * (3 << 20)})
    path = tmp_path / "long.jsonl"
    path.write_bytes(dumps(replace(turn, entries=(long,))) * 2)

    assert [part.tally.conversations for part in judge_in_batches(sources([str(path)]), TASK)] == [1, 1, 0]


def test_the_collector_pauses_while_conversations_are_judged_and_runs_when_they_are_told(conversations, collector):
    running = []

    def tell(verdict, view, outcome):
        running.append(gc.isenabled())
        return "told"

    for _ in judge_in_batches(conversations, Task(Demands(), tell)):
        assert gc.isenabled()

    assert gc.isenabled()
    assert running == [False] * (MOST_TOGETHER + 9)


def test_the_collector_runs_again_when_judging_fails_or_is_given_up(conversations, collector):
    def fail(verdict, view, outcome):
        raise LookupError

    next(judge_in_batches(conversations, TASK))
    assert gc.isenabled()
    with pytest.raises(LookupError):
        judge_sources(conversations, Task(Demands(), fail))
    assert gc.isenabled()


def test_a_collector_that_is_switched_off_stays_so(conversations, collector):
    gc.disable()
    judge_sources(conversations, TASK)

    assert not gc.isenabled()


def test_nothing_of_a_judged_conversation_waits_for_the_collector(conversations, collector):
    gc.disable()
    views = []

    def tell(verdict, view, outcome):
        views.append(weakref.ref(view))
        return ""

    assert judge_sources(conversations, Task(Demands(), tell)).tally.kinds.keys() == {RecordingOutcome.CLEAN}
    assert [view() for view in views] == [None] * (MOST_TOGETHER + 9)


def test_garbage_of_a_conversation_is_collected_before_many_more_are_judged(conversations, collector):
    gc.set_threshold(700, 10, 10)
    left = weakref.WeakSet()

    class Knot:
        def __init__(self):
            self.itself = self

    def tell(verdict, view, outcome):
        left.update(Knot() for _ in range(1000))
        return ""

    for number, _ in enumerate(judge_one_by_one(conversations, Task(Demands(), tell))):
        assert len(left) <= 2000, f"after {number} conversations"


def test_a_conversation_that_is_too_much_costs_no_other(conversations, monkeypatch):
    def judge_some(recordings, demands):
        if any(each.number == 5 for each in recordings):
            raise MemoryError
        return judge_together(recordings, demands)

    monkeypatch.setattr(judging, "judge_together", judge_some)
    tally = judge_sources(conversations, TASK).tally

    assert tally.kinds == {RecordingOutcome.CLEAN: MOST_TOGETHER + 8, RecordingOutcome.UNREADABLE: 1}
    assert "too large or too deep to be read (MemoryError)" in tally.troubles[0]
