"""Under pytest-xdist: what the controller tells its workers, and who plays what."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from conformance.plugin.marks import refuse_unknown_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from conformance.plugin.context import Run


class Distribution:
    """The hooks of xdist."""

    def __init__(
        self, run: Run, prepare: Callable[[], bool], shown: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """*prepare* does the preflight, *shown* gives a sign of life meanwhile."""
        self.run, self.prepare, self.shown = run, prepare, shown
        self.slip = ""
        """What is wrong with the call, as a worker that collected saw it."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker what the preflight found, the key, and its share of the budget."""
        run = self.run
        with self.shown() if run.runner.diagnosis is None else nullcontext():
            self.prepare()
        limits = run.policy.limits.share(node.workerinput["workercount"])
        node.workerinput["realtime"] = {
            "found": run.runner.found,
            "key": run.settings.target.key,
            "reports": str(run.settings.reports),
            "limits": [limits.tokens, limits.sessions, limits.seconds, limits.usd, limits.workers],
        }

    def pytest_sessionfinish(self) -> None:
        """Let a worker tell what it found on the way."""
        if self.run.worker is not None:
            output: dict[str, Any] = self.run.config.workeroutput  # type: ignore[attr-defined]
            output["realtime_notes"] = list(self.run.runner.told)
            output["realtime_selection"] = self.run.state.ending.selection

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a worker found on the way."""
        told = getattr(node, "workeroutput", {})
        self.run.state.note(told.get("realtime_notes", ()))
        if told.get("realtime_selection"):  # only who collects knows what was left out
            self.run.state.ends(selection=True)
        self.slip = told.get("realtime_slip", self.slip)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Refuse a mark that nothing has, before it leaves everything out; a worker lets the controller say so."""
        if not items:
            return
        try:
            refuse_unknown_marks(config, items)
        except pytest.UsageError as slip:
            if self.run.worker is None:
                raise
            config.workeroutput["realtime_slip"] = str(slip)  # type: ignore[attr-defined]
            items.clear()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, Any, Any]:
        """End the run in a sentence where a worker saw a slip."""
        done = yield
        if self.slip:
            raise pytest.UsageError(self.slip)
        return done

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self) -> None:
        """Note that a process that judged is gone: what it held is not judged, whatever else comes out."""
        self.run.state.ends(interrupted=True)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep the items of a conversation on one worker, unless somebody chose otherwise."""
        if config.getvalue("dist") != "load":
            return None
        from xdist.scheduler import LoadFileScheduling

        return LoadFileScheduling(config, log)
