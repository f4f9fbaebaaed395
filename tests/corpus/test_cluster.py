"""The cluster, with real worker processes; one is killed in the middle, one file kills whoever judges it."""

import os
import signal
from functools import partial

import pytest

from conformance.corpus import cluster
from conformance.corpus.judging import Task, judge_sources
from conformance.corpus.sources import sources
from conformance.corpus.tally import total
from conformance.corpus.verdict import Demands, RecordingOutcome
from conformance.errors import UsageError
from conformance.report.recorded import nothing
from conformance.trace.jsonl import dumps

distributed = pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def address():
    """Return the address of a scheduler with two worker processes."""
    import dask

    dask.config.set({"distributed.scheduler.allowed-failures": 1})
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as local:
        local.adapt(minimum=2, maximum=2)  # Dask gives a worker up that dies while it starts
        yield local.scheduler_address


@pytest.fixture
def many(tmp_path, turn):
    """Return a folder of a hundred conversations."""
    for number in range(100):
        (tmp_path / f"{number:03}.jsonl").write_bytes(dumps(turn))
    return tmp_path


def tallied(parts):
    return total(part.tally for part in parts)


def test_a_cluster_comes_to_the_same(address, corpus):
    files, task = sources([str(corpus)]), Task(Demands(), nothing)

    assert tallied(cluster.judge_on_cluster(files, task, address)) == judge_sources(files, task).tally


def kill_first(flag, verdict, view, outcome):
    """End the worker process that is the first to come here: as `kill -9` in the middle of a run does."""
    try:
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return nothing(verdict, view, outcome)
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(address, many, tmp_path):
    files = sources([str(many)])
    task = Task(Demands(), partial(kill_first, str(tmp_path / "killed")))

    assert (
        tallied(cluster.judge_on_cluster(files, task, address)) == judge_sources(files, Task(Demands(), nothing)).tally
    )


def die_of(name, verdict, view, outcome):
    if name in verdict.name and view is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return nothing(verdict, view, outcome)


def test_a_file_that_kills_its_workers_is_reported_and_not_tried_for_ever(address, many):
    files = sources([str(many)])

    tally = tallied(cluster.judge_on_cluster(files, Task(Demands(), partial(die_of, "042.jsonl")), address))

    assert (tally.kinds[RecordingOutcome.CLEAN], tally.kinds[RecordingOutcome.UNREADABLE]) == (99, 1)
    assert "042.jsonl" in tally.troubles[0]


class Deserted:
    """A cluster without workers, and a task on it that nobody will do."""

    def nthreads(self):
        return {}

    def result(self, **_how):
        raise TimeoutError


def test_a_cluster_that_lost_its_workers_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(cluster, "DESERTED", 0)

    with pytest.raises(UsageError, match="lost all its workers"):
        cluster._result(Deserted(), Deserted())


def test_workers_that_judge_by_other_rules_are_refused(address, corpus, monkeypatch):
    here = cluster.installed()
    monkeypatch.setattr(cluster, "_own", lambda: {**here, "rules of acme": "acme-rules 1.2"})

    with pytest.raises(UsageError, match="rules of acme not"):
        list(cluster.judge_on_cluster(sources([str(corpus)]), Task(Demands(), nothing), address))


def test_a_scheduler_that_does_not_answer_is_one_clear_error(monkeypatch, corpus):
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)

    with pytest.raises(UsageError, match="no Dask scheduler"):
        list(cluster.judge_on_cluster(sources([str(corpus)]), Task(Demands(), nothing), "tcp://127.0.0.1:9"))
