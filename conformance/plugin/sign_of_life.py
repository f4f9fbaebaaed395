"""While a run waits, one line says how far it is: the last row of a terminal, elsewhere a line now and then."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from conformance.plugin.activation import BUNDLED
from conformance.plugin.outlet import unless_gone
from conformance.report.failures import GENERATED
from conformance.report.layout import cut
from conformance.report.progress_line import progress_line
from conformance.run.outcome import Ending
from conformance.run.watch import WatchedRun, broken_so_far

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from _pytest.terminal import TerminalReporter
    from rich.control import Control

    from conformance.plugin.context import Run

#: Seconds between two looks: on a terminal, and where every line stays.
OFTEN, SELDOM = 0.5, 15.0


class SignOfLife:
    """The hooks around a run, and the thread that looks while they wait."""

    def __init__(self, run: Run) -> None:
        self.run, self.config = run, run.config
        self.begun: dict[str, float] = {}
        """Under xdist: conversation -> when a worker began with it."""
        self.nodes: set[str] = set()
        """Under xdist: the conversations of all workers."""
        self.workers = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, Any, Any]:
        """Show the line as long as anything is played."""
        with self.shown():
            return (yield)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the line for the time of a block; nothing under -q, and where nobody looks on."""
        reporter: TerminalReporter | None = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or reporter.verbosity < 0 or self.config.option.collectonly or self.run.policy.plan:
            yield
            return
        line = StatusLine(reporter, self._told)
        try:
            line.begin()
            yield
        finally:
            line.end()

    def _told(self, width: int) -> str:
        with self.run.state.disk.writing("the progress line"):
            return self.run.settings.scrub(progress_line(self.glance(), width))
        return ""

    def glance(self) -> WatchedRun:
        """Look at the run."""
        runner, records = self.run.runner, dict(self.run.state.records)
        watch = runner.watch
        broken, stopped = broken_so_far(records.values(), self.run.settings)
        if self.workers:
            spent = sum((each.spent for each in records.values()), self.run.state.preflight)
            told = {_short(name) for name in records}
            playing = {name: began for name, began in self.begun.items() if name not in told}
            first = min(playing, key=playing.__getitem__, default=None)
            slowest = (first, watch.clock() - playing[first]) if first is not None else None
            over, of = len(self.nodes & told), len(self.nodes)
        else:
            spent, slowest, over, of = runner.budget.spent, watch.slowest(), len(watch.over), len(watch.expected)
        price = self.run.policy.price
        exhausted = runner.budget.exhausted or self.run.state.ending.exhausted
        return WatchedRun(
            over=over, of=of, playing=len(watch.live), workers=self.workers, slowest=slowest,
            broken=broken, stopped=stopped, spent=spent, left=watch.left(runner.budget.left), search=watch.search,
            ending=Ending(exhausted=exhausted).why_not_run if exhausted else "",
            usd=price.of(spent.tokens) if price is not None else None,
        )  # fmt: skip

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Learn what the workers are going to play."""
        self.workers += 1
        self.nodes |= {conversation_of(nodeid) for nodeid in ids if not nodeid.startswith(GENERATED)}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Learn what a worker has come to."""
        self.begun.setdefault(conversation_of(nodeid), self.run.runner.watch.clock())


def conversation_of(nodeid: str) -> str:
    """Return the conversation that an item asks about: `scenarios/a/b.yaml::bearer::plays` -> `a/b@bearer`."""
    path, *parts = nodeid.split("::")
    return "@".join([_short(path.removesuffix(".yaml").removesuffix(".yml")), *parts[:-1]])


def _short(name: str) -> str:
    return name.removeprefix(f"{BUNDLED}/")


class StatusLine:
    """One line that says something new again and again, beside what pytest writes."""

    def __init__(self, reporter: TerminalReporter, told: Callable[[int], str]) -> None:
        """*told* gives the line for a number of columns."""
        self.reporter, self.told = reporter, told
        self.writer = self.reporter.config.get_terminal_writer()
        self.stays = not self.reporter.isatty or os.environ.get("TERM") in ("dumb", "unknown")
        """Whether a line that was written cannot be taken back."""
        self.out = _beside_capture(self.writer._file)  # noqa: SLF001 - pytest catches what is written to descriptor 1
        self.write = self.writer.write
        self.lock = threading.RLock()
        self.ended = threading.Event()
        self.back: Control | None = None
        """Takes the line away and leads back to where pytest writes; None while none is there."""
        self.thread = threading.Thread(target=self._watch, daemon=True, name="sign of life")

    def begin(self) -> None:
        """Begin to look."""
        self.writer.write = self._written  # type: ignore[method-assign]
        self.thread.start()

    def end(self) -> None:
        """Take the line away, and look no more."""
        self.ended.set()
        if self.thread.is_alive():  # it is not where Ctrl-C came while it was being started
            self.thread.join()
        self._take_away()
        self.writer.write = self.write  # type: ignore[method-assign]
        if self.out is not self.writer._file:  # noqa: SLF001
            self.out.close()

    def _written(self, msg: str, **how: Any) -> None:
        """Stand in the place of pytest's own writing: what it writes goes where the line is."""
        with self.lock:
            self._take_away()
            self.write(msg, **how)
            self.writer.flush()

    def _watch(self) -> None:
        while not self.ended.wait(SELDOM if self.stays else OFTEN):
            self.look()

    def look(self) -> None:
        """Say it anew."""
        if not (text := self.told(self.writer.fullwidth - 1)):
            return
        with self.lock:
            self._take_away()
            self._put(text)

    def _put(self, text: str) -> None:
        written, width = self.writer.width_of_current_line, self.writer.fullwidth
        begun = "\n" if written else ""
        if self.stays:
            self._out(f"{begun}{text}\n")
            self.reporter.currentfspath = None  # pytest names the file again
            return
        if written and written % width == 0:
            return  # nobody knows in which row a terminal thinks it is
        from rich.control import Control
        from rich.segment import ControlType

        erase = [(ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2)]
        up = [(ControlType.CURSOR_UP, 1), (ControlType.CURSOR_MOVE_TO_COLUMN, written % width)] if written else []
        self._out(begun + cut(text, width - 1))
        self.back = Control(*erase, *up)  # type: ignore[arg-type]

    def _take_away(self) -> None:
        with self.lock:
            if self.back is not None:
                self._out(str(self.back))
                self.back = None

    def _out(self, text: str) -> None:
        with unless_gone(self.out):
            self.out.write(text)
            self.out.flush()


def _beside_capture(file: TextIO) -> TextIO:
    """Return another way to where a file leads now, whatever its descriptor is made to mean later."""
    try:
        return open(os.dup(file.fileno()), "w", encoding=file.encoding, errors="replace")  # noqa: PTH123
    except (OSError, ValueError, AttributeError):
        return file  # in memory
