"""What a run that ends early has played already: nothing that was found is lost, and what was used is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from conformance.run.job import Job
    from conformance.run.ruling import JudgedConversation
    from conformance.run.runner import Runner


def unreported(runner: Runner, told: Container[str]) -> Iterator[tuple[Job, JudgedConversation | Exception]]:
    """Judge what is over and is not *told* yet (keys of conversations), without playing any of it again.

    To be called before the runner is closed.
    """
    for job in dict.fromkeys((*runner.kept, *runner.pool.ended)):
        if job.key not in told:
            yield job, runner.kept.get(job) or _judged(runner, job)


def _judged(runner: Runner, job: Job) -> JudgedConversation | Exception:
    try:
        return runner.assess(runner.pool.look(job))
    except Exception as error:
        return error
