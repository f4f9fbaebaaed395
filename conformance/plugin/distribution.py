"""Under pytest-xdist: what the controller tells its workers, and who plays what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.plugin.context import Run


class Distribution:
    """The hooks of xdist."""

    def __init__(self, run: Run, prepare: Callable[[], bool]) -> None:
        self.run, self.prepare = run, prepare

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker what the preflight found, the key, and its share of the budget."""
        run = self.run
        self.prepare()
        limits = run.policy.limits.share(node.workerinput["workercount"])
        node.workerinput["realtime"] = {
            "found": run.runner.found,
            "key": run.settings.target.key,
            "reports": str(run.settings.reports),
            "limits": [limits.tokens, limits.sessions, limits.seconds, limits.usd],
        }

    def pytest_sessionfinish(self) -> None:
        """Let a worker tell what it found on the way."""
        if self.run.worker is not None:
            self.run.config.workeroutput["realtime_notes"] = list(self.run.runner.told)  # type: ignore[attr-defined]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a worker found on the way."""
        self.run.state.note(getattr(node, "workeroutput", {}).get("realtime_notes", ()))

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
