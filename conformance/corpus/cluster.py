"""Sources judged on a Dask cluster: mapped over its workers, the tallies added up in a tree.

    dask scheduler
    dask worker tcp://scheduler:8786          on each machine
    realtime-conformance check --cluster tcp://scheduler:8786 s3://bucket/sessions/

Workers need the same version of this package and of the same rule packs, and reach the files by the same names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from conformance.corpus.judging import JudgedSources, Task, chunks, crashed, judge_sources
from conformance.errors import UsageError

if TYPE_CHECKING:
    from conformance.corpus.sources import Source

LOCAL = "local"
#: Sources of one task, and tasks whose parts one other task adds up.
CHUNK, BRANCHES = 32, 16
#: Seconds within which a scheduler has to answer.
PATIENCE = 20
#: Seconds between two looks at a cluster that is waited for, and those that it may be without a worker.
GLANCE, DESERTED = 5, 60


def judge_on_cluster(sources: Sequence[Source], task: Task, address: str) -> Iterator[JudgedSources]:
    """Yield the sum of each group of tasks as it is done, in the order of the sources."""
    with _client(address) as client:
        _same_versions(client)
        pending = [
            (group, client.submit(judge_sources, group, task, pure=False, retries=0))
            for group in chunks(sources, max(1, min(CHUNK, len(sources) // (2 * _threads(client)))))
        ]
        for branch in range(0, len(pending), BRANCHES):
            part = pending[branch : branch + BRANCHES]
            joined = client.submit(together, [future for _, future in part], pure=False)
            yield from _results(client, joined, part, task)


def together(parts: Sequence[JudgedSources]) -> JudgedSources:
    """Return several parts as one, in their order."""
    whole = JudgedSources()
    for part in parts:
        whole.tally = whole.tally + part.tally
        whole.told += part.told
        whole.sources += part.sources
    return whole


def _results(
    client: Any, joined: Any, group: Sequence[tuple[Sequence[Source], Any]], task: Task
) -> Iterator[JudgedSources]:
    """Yield what the tasks of a branch came to; if one of them killed its workers, each source for itself."""
    from distributed import KilledWorker

    try:
        yield _result(client, joined)
    except KilledWorker:
        for sources, future in group:
            try:
                yield _result(client, future)
            except KilledWorker:
                yield from (_judge_alone(client, source, task) for source in sources)


def _judge_alone(client: Any, source: Source, task: Task) -> JudgedSources:
    """Judge one source by itself: where it kills its workers it is reported, and not tried for ever."""
    from distributed import KilledWorker

    try:
        return _result(client, client.submit(judge_sources, (source,), task, pure=False, retries=0))
    except KilledWorker:
        return crashed(source, task)


def _result(client: Any, future: Any) -> JudgedSources:
    """Wait for a task; UsageError if all workers are gone for DESERTED seconds, since nobody would ever do it."""
    alone_since = None
    while True:
        try:
            part: JudgedSources = future.result(timeout=GLANCE)
        except TimeoutError:
            if client.nthreads():
                alone_since = None
            elif (alone_since := alone_since or monotonic()) + DESERTED < monotonic():
                told = f"the cluster has lost all its workers, and no other came within {DESERTED} s"
                raise UsageError(told, "Start workers again, and judge the rest: dask worker …") from None
        else:
            return part


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        cure = "pip install 'realtime-conformance[cluster]'"
        raise UsageError("--cluster needs the package `distributed`", cure) from error
    try:
        if address == LOCAL:
            client = Client(processes=True, threads_per_worker=1, dashboard_address=None)
            number = len(client.cluster.workers)
            # Dask gives a worker up that dies while it starts; as many as there were are there again.
            client.cluster.adapt(minimum=number, maximum=number)
            return client
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}", "Start one: dask scheduler") from error


def _threads(client: Any) -> int:
    threads: Mapping[str, int] = client.nthreads()
    return max(1, sum(threads.values()))


def installed() -> Mapping[str, str]:
    """Return what judges here: this package and the rule packs, each with its version."""
    from importlib.metadata import version

    from conformance.rules.rule_packs import packs

    here = {"realtime-conformance": version("realtime-conformance")}
    return here | {f"rules of {name}": pack.distribution for name, pack in packs().items()}


def _own() -> Mapping[str, str]:
    return installed()


def _same_versions(client: Any) -> None:
    """Refuse workers that would judge by other rules; UsageError names them."""
    client.wait_for_workers(1, timeout=PATIENCE)
    own = _own()
    try:
        told: Mapping[str, Mapping[str, str]] = client.run(installed)
    except Exception as error:  # the worker has no such package, or one that cannot be loaded
        message = f"a worker cannot judge: {type(error).__name__}: {error}"
        raise UsageError(message, "Install realtime-conformance on every worker.") from error
    unlike = {worker: difference for worker, theirs in told.items() if (difference := _difference(own, theirs))}
    if unlike:
        worker, difference = next(iter(unlike.items()))
        raise UsageError(
            f"{len(unlike)} of {len(told)} workers would use different rules: {worker} {difference}",
            "Install the same versions everywhere.",
        )


def _difference(own: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    for name in sorted(own.keys() | theirs.keys()):
        if own.get(name) != theirs.get(name):
            return f"has {name} {theirs.get(name, 'not')}, here it is {own.get(name, 'not installed')}"
    return ""
