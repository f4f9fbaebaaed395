import os
from functools import partial

from conformance.corpus.judging import Task, judge_sources
from conformance.corpus.processes import judge_in_processes
from conformance.corpus.sources import sources
from conformance.corpus.tally import total
from conformance.corpus.verdict import Demands, RecordingOutcome
from conformance.report.recorded import nothing
from conformance.report.recorded_data import as_line


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
