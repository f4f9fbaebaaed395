"""Promised rules that are kept: told at once, without the phases of an item, in which there would be nothing to do.

A conversation has some thirty such items.  Setup, call and teardown with their captures cost each of them more than
its verdict, and nothing can come of them.  Where somebody's plugin or conftest takes part in a phase, or an item has
anything to say, pytest goes through all of them as ever.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import pytest

from conformance.plugin.items import Proves
from conformance.run.ruling import JudgedConversation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from conformance.plugin.context import Run

Phase = Literal["setup", "call", "teardown"]
ALL_PHASES: tuple[Phase, ...] = ("setup", "call", "teardown")
#: The hooks that are passed over, and who may take part in them without missing an item that passes.
PHASES = ("pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown", "pytest_runtest_makereport")
UNCONCERNED = frozenset({"_hypothesis_pytestplugin", "_pytest", "allure_pytest", "conformance", "pytest_randomly"})
#: Whoever hears reports and has no use for those of a setup and a teardown that passed; JUnit's writer has.
ONE_IS_ENOUGH = frozenset({"cacheprovider", "logging", "main", "stepwise", "terminal"})


class PassingItems:
    """The hook that tells of them."""

    def __init__(self, run: Run, begun: Collection[str]) -> None:
        """*begun* are the conversations of which an item was told, together with the record."""
        self.run, self.begun = run, begun
        self.kept: dict[Path, tuple[Phase, ...]] = {}
        """Folder -> the phases that are `reported` of its items."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Tell of an item that passes and has nothing to say; leave every other one to pytest.

        The first and the last item of a conversation always go through the phases: its record travels with the one,
        and the other lets pytest tear down what lies behind it.
        """
        if not isinstance(item, Proves) or nextitem is None or nextitem.parent is not item.parent:
            return None
        judged = self.run.runner.kept.get(item.job)
        if item.job.key not in self.begun or not isinstance(judged, JudgedConversation):
            return None
        phases = self.reported(item)
        if not phases or not item.passes(judged) or self.run.settings.not_applicable(item.job.scenario):
            return None
        if self.run.allure is not None:
            self.run.allure.passed(item.job.scenario, item.name, item.stable_id, self.run.settings)
        _tell(item, phases)
        return True

    def reported(self, item: pytest.Item) -> tuple[Phase, ...]:
        """Return the phases of an item of which reports are made; none where somebody takes part in them."""
        where = item.path.parent
        if where not in self.kept:
            strangers = {module.partition(".")[0] for name in PHASES for module in _modules(item, name)} - UNCONCERNED
            attended = bool(strangers) or item.config.getoption("setupshow", False)
            heard_by = set(_modules(item, "pytest_runtest_logreport"))
            own = {f"_pytest.{name}" for name in ONE_IS_ENOUGH} | {"conformance.plugin.run"}
            self.kept[where] = () if attended else ("call",) if heard_by <= own else ALL_PHASES
        return self.kept[where]


def _modules(item: pytest.Item, hook: str) -> Iterator[str]:
    """Yield whose functions a hook of an item calls."""
    return (each.function.__module__ for each in getattr(item.ihook, hook).get_hookimpls())


def _tell(item: pytest.Item, phases: Iterable[Phase]) -> None:
    """Report the phases of an item as passed."""
    hooks, nodeid, location, now = item.ihook, item.nodeid, item.location, time.time()
    names: dict[str, Literal[1]] = dict.fromkeys(item.keywords, 1)
    hooks.pytest_runtest_logstart(nodeid=nodeid, location=location)
    for when in phases:
        report = pytest.TestReport(nodeid, location, names, "passed", None, when, (), 0, now, now, item.user_properties)
        report.__dict__["realtime_item"] = True
        hooks.pytest_runtest_logreport(report=report)
    hooks.pytest_runtest_logfinish(nodeid=nodeid, location=location)
