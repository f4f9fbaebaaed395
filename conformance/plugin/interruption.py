"""Ctrl-C and other early ends: whose they are, and that what was found is written all the same."""

from __future__ import annotations

import signal
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from conformance.run.folder import ENDS
from conformance.run.outcome import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

    from conformance.plugin.context import Run

SIGNALS = (signal.SIGINT, *(getattr(signal, name) for name in ENDS if hasattr(signal, name)))
#: What a worker of xdist says that Ctrl-C ended.
BY_HAND = "keyboard-interrupt"


class Interruption:
    """The hooks of an end that comes early."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.held = self.writing = False
        self.insisted = 0
        """Signals that came while the results were written."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Tell a person's Ctrl-C from the stop at a failure: of --stepwise, and of every -x under xdist."""
        self.hold()
        by_hand = excinfo.type is KeyboardInterrupt or BY_HAND in str(excinfo.value)
        if self.run.cautious and not by_hand and not issubclass(excinfo.type, pytest.exit.Exception):
            self.run.state.ends(stopped_early=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, Any, Any]:
        """Hold Ctrl-C back while the results are written; whoever insists ends that in a sentence."""
        self.hold()
        self.writing = True
        try:
            return (yield)
        except KeyboardInterrupt:
            pytest.exit("interrupted again: not all results were written", returncode=ExitStatus.INTERRUPTED)
        finally:
            self.writing = False

    def hold(self) -> None:
        """From now on a signal to end is only counted; the second ends the writing, but for a worker's.

        A worker is ended by its controller.
        """
        if self.held or threading.current_thread() is not threading.main_thread():
            return
        self.held = True
        for number in SIGNALS:
            before = signal.getsignal(number)
            if before not in (signal.SIG_IGN, None):
                signal.signal(number, self._count)
                self.run.config.add_cleanup(partial(_give_back, number, before))

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.insisted += 1
        if self.insisted > 1 and self.writing and self.run.worker is None:
            raise KeyboardInterrupt


def _give_back(number: int, handler: Any) -> None:
    signal.signal(number, handler)
