"""How far a long command is, for whoever looks on: files, conversations a second, time left."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from conformance.corpus.judging import JudgedSources


def shown(parts: Iterator[JudgedSources], files: int) -> Iterator[JudgedSources]:
    """Yield *parts*, and show on standard error how many of the files are done."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("files, {task.fields[speed]}"), TimeRemainingColumn())
    began, conversations = monotonic(), 0
    first = next(parts, None)  # processes are begun before the thread that draws
    if first is None:
        return
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=files, speed="")
        for part in _with_first(first, parts):
            conversations += part.tally.conversations
            speed = conversations / max(monotonic() - began, 1e-6)
            progress.update(bar, advance=part.sources, speed=f"{speed:,.0f} conversations a second")
            yield part


def _with_first(first: JudgedSources, rest: Iterator[JudgedSources]) -> Iterator[JudgedSources]:
    yield first
    yield from rest
