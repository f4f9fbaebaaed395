import os
import signal
import sys
import threading
from functools import partial
from multiprocessing import active_children
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from conformance.corpus.judging import Task, judge_sources
from conformance.corpus.processes import JudgingProcess, SourceGroup, judge_in_processes
from conformance.corpus.sources import sources
from conformance.corpus.tally import total
from conformance.corpus.verdict import Demands, RecordingOutcome
from conformance.report.recorded import nothing
from conformance.report.recorded_data import as_line
from conformance.trace.jsonl import dumps


def tallied(parts):
    parts = list(parts)
    return total(part.tally for part in parts), [line for part in parts for line in part.told]


def test_processes_come_to_the_same_in_the_same_order(corpus):
    files, task = sources([str(corpus)]), Task(Demands(), as_line)
    alone = judge_sources(files, task)

    assert tallied(judge_in_processes(files, task, 2)) == (alone.tally, alone.told)
    assert (alone.tally.kinds[RecordingOutcome.CLEAN], alone.tally.kinds.total()) == (12, 15)


def die_of(name, verdict, view, outcome):
    if name in verdict.name and view is not None:
        os._exit(9)
    return nothing(verdict, view, outcome)


def test_a_process_that_dies_costs_the_file_that_it_died_of(corpus):
    files = sources([str(corpus)])

    tally, _ = tallied(judge_in_processes(files, Task(Demands(), partial(die_of, "90-broken")), 2))

    assert (
        tally.kinds[RecordingOutcome.CLEAN],
        tally.kinds[RecordingOutcome.BROKEN],
        tally.kinds[RecordingOutcome.UNREADABLE],
    ) == (12, 0, 2)
    assert any("90-broken" in each and "died" in each for each in tally.troubles)


def fail_at(name, verdict, view, outcome):
    if name in verdict.name:
        raise OSError("no such device")
    return nothing(verdict, view, outcome)


def test_a_crash_of_ours_is_raised_where_it_was_asked(corpus):
    with pytest.raises(OSError, match="no such device"):
        tallied(judge_in_processes(sources([str(corpus)]), Task(Demands(), partial(fail_at, "90-broken")), 2))

    assert active_children() == []


def wait_for_ever_at(name, verdict, view, outcome):
    if name in verdict.name:
        threading.Event().wait()
    return nothing(verdict, view, outcome)


def test_nobody_waits_for_a_process_that_never_ends(corpus):
    files = sources([str(corpus)])
    parts = judge_in_processes(files, Task(Demands(), partial(wait_for_ever_at, Path(files[1].name).name)), 2)
    next(parts)

    parts.close()

    assert active_children() == []


def tell_much(verdict, view, outcome):
    return "x" * 10_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_process_that_is_killed_in_the_middle_of_its_answer_costs_that_source(corpus):
    process = JudgingProcess(Task(Demands(), tell_much))
    process.begin(SourceGroup(sources([str(corpus)])[:1]))
    wait([process.pipe])  # it writes more than a pipe holds, and nobody reads
    os.kill(process.process.pid, signal.SIGKILL)

    (group,) = process.finish()

    process.stop()
    assert group.part.tally.kinds == {RecordingOutcome.UNREADABLE: 1}


def test_one_large_file_is_judged_by_several_processes_as_by_one(turn, tmp_path, monkeypatch):
    path = tmp_path / "all.jsonl"
    path.write_bytes(dumps(turn) * 40)
    (whole,) = sources([str(path)])
    for module in ("conformance.corpus.sources", "conformance.trace.formats.section"):
        monkeypatch.setattr(f"{module}.SIZE", 20_000)
    monkeypatch.setattr("conformance.trace.formats.section.BLOCK", 4_096)
    files, task = list(sources([str(path)])), Task(Demands(), as_line)
    alone = judge_sources([whole], task)

    assert len(files) > 4
    assert tallied(judge_in_processes(files, task, 2)) == (alone.tally, alone.told)
    assert alone.tally.conversations == 40
