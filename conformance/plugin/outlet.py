"""The ways out of a pytest process: no secret passes them, and nothing that a terminal would obey."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from conformance.report.inert import inert, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from conformance.secrets import Scrubber


def guard(config: pytest.Config, scrub: Scrubber) -> None:
    """Scrub what pytest prints, also of its own errors, what `--debug` writes, and what Python prints at its end."""
    if config.pluginmanager.hasplugin("terminalreporter"):
        writer = config.get_terminal_writer()
        write: Callable[..., None] = writer.write

        def guarded(msg: str, **how: Any) -> None:
            with unless_gone(sys.stdout):
                write(scrub(msg), **how)

        writer.write = guarded  # type: ignore[method-assign]
        config.add_cleanup(lambda: setattr(writer, "write", write))
    _guard_hook(config, scrub)
    _guard_debug(config, scrub)


@contextmanager
def unless_gone(stream: TextIO) -> Iterator[None]:
    """Let a stream lead nowhere once its terminal is gone: what nobody reads must not cost the results on disk."""
    try:
        yield
    except OSError as error:
        if error.errno != EIO:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _guard_hook(config: pytest.Config, scrub: Scrubber) -> None:
    import traceback

    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        sys.stderr.write(scrub("".join(traceback.format_exception(kind, error, trace))))

    sys.excepthook = hook
    config.add_cleanup(lambda: setattr(sys, "excepthook", before))


def _guard_debug(config: pytest.Config, scrub: Scrubber) -> None:
    """Scrub the log of `--debug`: its head, which was written before anybody knew a key, and what follows."""
    path = config.getoption("debug", None)
    root = config.trace.root
    file = getattr(root._writer, "__self__", None)  # noqa: SLF001 - pytest has no other way to its open log
    if not path or file is None:
        return
    file.flush()
    head = Path(path).read_text(encoding="utf-8")
    file.seek(0)
    file.truncate()
    file.write(scrub(head))
    root.setwriter(lambda text: file.write(scrub(text)))


def clean(report: pytest.TestReport, scrub: Scrubber, *, ours: bool) -> None:
    """Take secrets out of a report; where the item is *ours*, out of an endpoint's words also what terminals obey."""
    report.sections = [(title, scrub(text)) for title, text in report.sections]
    if report.skipped and isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, one_line(scrub(reason)) if ours else scrub(reason))
    elif report.failed:
        told = report.longreprtext
        safe = inert(scrub(told)) if ours else scrub(told)
        if safe != told:
            report.longrepr = safe
