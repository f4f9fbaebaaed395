"""Under pytest-xdist: what the controller tells its workers, and who plays what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.plugin.run import Run


class Distribution:
    """The hooks of xdist."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker what the preflight found, the key, and its share of the budget."""
        run = self.run
        run.prepare()
        limits = run.terms.limits.share(node.workerinput["workercount"])
        node.workerinput["realtime"] = {
            "found": run.performance.found,
            "key": run.setup.target.key,
            "limits": [limits.tokens, limits.sessions, limits.seconds, limits.usd],
        }

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep the items of a conversation on one worker, unless somebody chose otherwise."""
        if config.getvalue("dist") != "load":
            return None
        from xdist.scheduler import LoadFileScheduling

        return LoadFileScheduling(config, log)
