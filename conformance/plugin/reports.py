"""What a run tells: on the terminal, for Allure, and in the files that are written at the end."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.plugin.activation import BUNDLED
from conformance.plugin.verdicts import ConformanceWarning
from conformance.report.files import all_written, write_files
from conformance.report.github import annotations_of, write_summary
from conformance.report.layout import wrapped
from conformance.report.screen import Screen
from conformance.rules.rule_packs import packs
from conformance.run.outcome import ExitStatus, RunOutcome
from conformance.secrets import scrub_file

if TYPE_CHECKING:
    from collections.abc import Generator

    from _pytest.terminal import TerminalReporter

    from conformance.play.preflight import Diagnosis
    from conformance.plugin.context import Run
    from conformance.run.cost import Plan
    from conformance.run.result import RunResult

#: Verbosity at which pytest tells every item in full.
EVERYTHING = 2
#: What pytest's own status may still be where the result is fine: everything passed, or nothing was collected.
FINE = (RunOutcome.CONFORMANT, RunOutcome.NO_REGRESSION, RunOutcome.INCOMPLETE)


def allure_beside(reports: Path, config: pytest.Config) -> None:
    """Let Allure write beside the rest, unless somebody chose another place."""
    if config.pluginmanager.hasplugin("allure_pytest") and not config.option.allure_report_dir:
        config.option.allure_report_dir = str(reports / "allure-results")


def refuse_unwritable_junit(config: pytest.Config) -> None:
    """Refuse before anything is played a `--junitxml` into which pytest could not write at the end."""
    if (given := config.getoption("xmlpath", None)) is None:
        return
    path = Path(os.path.expandvars(given)).expanduser()  # as pytest reads it
    new = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a"):
            pass
        if new:  # nobody reads an empty file for a result
            path.unlink()
    except OSError as error:
        raise pytest.UsageError(f"--junitxml: {given} cannot be written: {error.strerror or error}") from error


class Reports:
    """The hooks that tell."""

    def __init__(self, run: Run, notice: str = "") -> None:
        self.run, self.config = run, run.config
        self.notice = notice
        """What the header says of the folder of the results."""
        self.written = False

    @cached_property
    def result(self) -> RunResult:
        """What the run came to; computed once, when the last record is in."""
        return self.run.state.finish(self.run.settings, self.run.policy)

    def say(self, *lines: str) -> None:
        """Write lines to the terminal, scrubbed."""
        if (terminal := self._terminal()) is not None:
            for line in lines:
                terminal.write_line(self.run.settings.scrub(line))

    def _terminal(self) -> Screen | None:
        found: TerminalReporter | None = self.config.pluginmanager.get_plugin("terminalreporter")
        return Screen(found) if found is not None else None

    def tell_plan(self, plan: Plan) -> None:
        """Say what would be played."""
        from conformance.report.plan import plan_lines

        self.say("", *plan_lines(plan))

    def tell_diagnosis(self, diagnosis: Diagnosis) -> None:
        """Say what the first connection showed."""
        if (terminal := self._terminal()) is not None:
            from conformance.report.diagnosis import diagnosed

            diagnosed(terminal, diagnosis, self.run.settings)

    def pytest_report_header(self) -> list[str]:
        """Say what is played against, and whose rules judge beside ours."""
        from conformance.report.diagnosis import header

        beside = [f"{pack.heading}: {len(pack.rules)} ({pack.distribution})" for pack in packs().values()]
        return [*header(self.run.settings), *beside, *filter(None, [self.notice])]

    def pytest_sessionstart(self) -> None:
        """Stand between Allure's results and the disk."""
        if self.run.allure is not None:
            self.run.allure.guard(self.config)

    def write(self) -> None:
        """Write every file of the run."""
        self.written = True
        disk = self.run.state.disk
        if not self.run.state.begun:
            self.run.state.begin(self.run.settings)  # it forgets the last run, so it comes before whatever is written
        if self.run.allure is not None and not self.result.ending.unreachable:
            with disk.writing("Allure's environment and categories"):
                self.run.allure.finish(self.result)
        with disk.writing("the step summary"):
            write_summary(self.result)
        write_files(self.result, disk=disk)

    def status(self, exitstatus: int) -> int:
        """Return the exit status; pytest's own where nothing was to be judged, or it has more to say."""
        if not self.written:
            return exitstatus
        status = all_written(self.result, self.run.state.disk).status
        if status is ExitStatus.NOTHING and not self.result.conversations:
            return exitstatus  # nothing of ours was there; tests of others may have passed
        failed = exitstatus == pytest.ExitCode.TESTS_FAILED and not self.result.baseline.written
        if status is ExitStatus.CLEAN and failed and self.result.outcome in FINE:
            return ExitStatus.BROKEN  # an item that is not ours, or a mistake of ours: never green
        return status

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self) -> Generator[None, Any, Any]:
        """Let no other plugin that cannot write its results cost ours: it is named among what could not be written."""
        done, disk = None, self.run.state.disk
        lost = disk.trouble
        with disk.writing():
            done = yield
        if self.written and disk.trouble != lost:  # what is written says how the run ended
            write_files(all_written(self.result, disk), disk=disk)
        return done

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> Generator[None]:
        """Sum up: each fault once, and not again for each item that shows it; under -vv as pytest would."""
        kept: dict[str, list[Any]] = {}
        if self.written and terminalreporter.verbosity < EVERYTHING:
            stats = terminalreporter.stats  # what is named there colours the last line, were it of nothing
            kept = {name: stats[name] for name in ("failed", "warnings") if name in stats}
            stats |= {name: [each for each in found if not _ours(each)] for name, found in kept.items()}
        try:
            if self.written:
                from conformance.report.terminal import summary

                with self.run.state.disk.writing("the summary"):
                    summary(Screen(terminalreporter), self.result)
            return (yield)
        finally:
            terminalreporter.stats |= kept

    def close(self, exitstatus: int) -> int:
        """Scrub what pytest wrote, say what was spent and the verdict; return the exit status, put on disk, too."""
        if not self.written:
            return exitstatus
        disk = self.run.state.disk
        with disk.writing("pytest's own junit.xml"):
            scrub_file(self.config.getoption("xmlpath", None), self.run.settings.scrub)
        with disk.writing("the summary"):
            self._tell_spending()
        with disk.writing("the annotations"):
            if os.environ.get("GITHUB_ACTIONS") == "true":
                self.say(*annotations_of(self.result, Path(BUNDLED)))
        status = self.status(exitstatus)
        self.run.state.close(all_written(self.result, disk), status)
        if disk.trouble:
            told = f"Not everything could be written: {disk.trouble}. The verdict below is valid."
            self.say(*wrapped(told, "", "  "))
        if (terminal := self._terminal()) is not None:
            from conformance.report.terminal import verdict

            verdict(terminal, self.result)
        return status

    def _tell_spending(self) -> None:
        from conformance.report.terminal import spending

        if self.result.conversations:
            self.say(*wrapped(spending(self.result), "", "  "))


def _ours(report: object) -> bool:
    """Return whether a report, or a warning, of pytest's is about an item of ours: the summary tells that once."""
    if getattr(report, "realtime_item", False):
        return not getattr(report, "realtime_crashed", False)  # what crashed is told with its traceback
    return ConformanceWarning.__name__ in getattr(report, "message", "")
