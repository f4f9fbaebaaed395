"""What the hooks of a run and its items share: one object, in pytest's stash."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.report.dedup import Dedup
from conformance.report.files import report_files
from conformance.run.budget import Limits
from conformance.run.runner import Runner
from conformance.run.state import RunState

if TYPE_CHECKING:
    from conformance.report.allure import AllureSide
    from conformance.run.job import Job
    from conformance.run.policy import Policy
    from conformance.run.settings import Settings

#: An xdist worker knows the item it runs and the next one: no window reaches further.
WORKER_WINDOW = 2


class Run:
    """A run that is ours: who plays, what it came to so far, and who is told."""

    def __init__(self, config: pytest.Config, settings: Settings, policy: Policy) -> None:
        self.config = config
        self.asked = settings
        self.worker: dict[str, Any] | None = getattr(config, "workerinput", {}).get("realtime")
        if self.worker is not None:
            policy = replace(policy, limits=Limits(*self.worker["limits"]))
        self.runner = Runner(settings, policy, window=self._window(), cautious=self.cautious)
        self.state = RunState(settings, self.runner.disk, [each.name for each in report_files()])
        self.dedup = Dedup(always=config.get_verbosity() > 1)
        self.promises: dict[str, dict[Job, bool]] = {}
        """Rule id -> the conversations that promised it and were judged, and whether they kept it."""
        self.allure: AllureSide | None = None
        if config.pluginmanager.hasplugin("allure_pytest") and config.option.allure_report_dir:
            from conformance.report.allure import AllureSide

            self.allure = AllureSide(config.option.allure_report_dir, settings.scrub, self.runner.disk)

    @property
    def settings(self) -> Settings:
        """Where to play; complete once the preflight was done."""
        return self.runner.settings

    @property
    def policy(self) -> Policy:
        """What is asked beside the verdicts; its baseline is complete once the preflight was done."""
        return self.runner.policy

    @property
    def cautious(self) -> bool:
        """Whether a failure may end the run, so that nothing should be played that it would have stopped."""
        return bool(self.config.getoption("maxfail", 0) or self.config.getoption("stepwise", False))

    def _window(self) -> int:
        sessions = WORKER_WINDOW if self.worker is not None else self.asked.sessions
        return min(sessions, self.config.getoption("maxfail", 0) or 1) if self.cautious else sessions


#: How a run's items find it.
RUN = pytest.StashKey[Run]()
