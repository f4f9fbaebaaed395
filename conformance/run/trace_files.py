"""The traces of a play, each in a file of its own: written when it is over, so that nobody needs to keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.trace.jsonl import dump

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.run.folder import Disk
    from conformance.run.retry import Attempt
    from conformance.run.settings import Settings

#: Below the reports of a run.
FOLDER = "traces"
#: What is put behind the name of a conversation to name the traces of its upstream.
UPSTREAM = ".upstream"


def again(name: str, number: int) -> str:
    """Name the play of a conversation: the first one as the conversation, further ones with their number."""
    return f"{name}~{number}" if number > 1 else name


def is_of_upstream(file: Path) -> bool:
    """Return whether a trace is of the upstream's side, as the name of its file tells."""
    return file.stem.partition("#")[0].endswith(UPSTREAM)


def written(attempt: Attempt, name: str, settings: Settings, disk: Disk) -> tuple[Path, ...]:
    """Write every trace of a play, scrubbed, and return where; *disk* remembers what could not be written."""
    upstreams = [pair.upstream.trace for pair in attempt.pairs if pair.upstream is not None]
    files = []
    for side, traces in (("", attempt.conversation.traces), (UPSTREAM, upstreams)):
        for nth, trace in enumerate(traces, 1):
            path = settings.reports / FOLDER / f"{name}{side}{f'#{nth}' if nth > 1 else ''}.jsonl"
            with disk.writing():
                dump(settings.scrub.trace(trace), path)
            files.append(path)
    return tuple(files)
