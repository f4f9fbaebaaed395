"""A run that is ours: the hooks, from the first look at the options to the last line."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.errors import ConformanceError, ScenarioError
from conformance.plugin.account import RunState, forget_the_last_run
from conformance.plugin.activation import YAML, arguments, left_out
from conformance.plugin.collection import ScenarioFile, collects
from conformance.plugin.distribution import Distribution
from conformance.plugin.generated import Generated, GeneratedItem
from conformance.plugin.items import RUN, ConversationItem, Plays
from conformance.plugin.limits_from_options import terms_of
from conformance.plugin.outlet import clean, guard
from conformance.plugin.settings_from_options import scrubber_of, setup_of
from conformance.plugin.verdicts import ConformanceWarning
from conformance.report.dedup import Dedup
from conformance.report.text import wrapped
from conformance.rules.engine.rule import Keyword
from conformance.rules.rule_packs import packs
from conformance.run.budget import Exhausted, Limits
from conformance.run.cost import Plan
from conformance.run.record import Record, record_not_played, record_of
from conformance.run.ruling import JudgedConversation
from conformance.run.runner import Runner
from conformance.secrets import scrub_file, scrubbed_log

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from _pytest.terminal import TerminalReporter

    from conformance.play.player import Conversation
    from conformance.run.limits import Policy
    from conformance.run.settings import Settings

#: An xdist worker knows the item it runs and the next one: no window reaches further.
WORKER_WINDOW = 2
MARKERS = (*(keyword.lower() for keyword in Keyword), "smoke")
PLUGIN = "realtime-conformance-run"


def activate(config: pytest.Config) -> None:
    """Make this run ours."""
    try:
        config.args = arguments(config)
        packs()
        setup = setup_of(config)
        terms = terms_of(config, setup)
    except ConformanceError as error:
        raise pytest.UsageError(scrubber_of(config)(str(error))) from error
    for name in MARKERS:
        config.addinivalue_line("markers", f"{name}: {name.upper()} requirements" if name != "smoke" else SMOKE)
    # A project that turns warnings into errors means its own tests: what an endpoint SHOULD do fails with --strict.
    config.addinivalue_line("filterwarnings", f"default::{ConformanceWarning.__module__}.{ConformanceWarning.__name__}")
    if not hasattr(config, "workerinput") and not config.option.collectonly and not terms.plan:
        forget_the_last_run(setup.reports, config)
    run = Run(config, setup, terms)
    config.stash[RUN] = run
    config.pluginmanager.register(run, PLUGIN)
    config.pluginmanager.register(Distribution(run), f"{PLUGIN}-distributed")
    config.pluginmanager.register(Generated(run), f"{PLUGIN}-generated")


SMOKE = "smoke: a first verdict in seconds"


class Run:
    """The hooks of an active run."""

    def __init__(self, config: pytest.Config, setup: Settings, terms: Policy) -> None:
        self.config = config
        self.asked = setup
        self.worker: dict[str, Any] | None = getattr(config, "workerinput", {}).get("realtime")
        if self.worker is not None:
            terms = replace(terms, limits=Limits(*self.worker["limits"]))
        self.performance = Runner(setup, terms, window=self._window(), cautious=self.cautious)
        self.account = RunState(setup)
        self.log = ExitStack()
        self.telling = Dedup(always=config.get_verbosity() > 1)
        self.told: set[str] = set()
        """Conversations whose record this process has sent along with a report."""
        self.pending: dict[str, set[str]] = {}
        """Conversation -> the items of it that are still to be reported."""
        self.questions: dict[str, frozenset[str]] = {}
        self.searches: dict[str, dict[str, Conversation]] = {}
        """Kind of generated examples -> what was played of it, by script."""
        self.deselected = 0
        if config.pluginmanager.hasplugin("allure_pytest") and config.option.allure_report_dir:
            from conformance.report.allure import AllureSide

            self.allure: AllureSide | None = AllureSide(config.option.allure_report_dir, setup.scrub)
        else:
            self.allure = None

    @property
    def setup(self) -> Settings:
        """Where to play; complete once the preflight was done."""
        return self.performance.setup

    @property
    def terms(self) -> Policy:
        """What is asked beside the verdicts; its baseline is complete once the preflight was done."""
        return self.performance.terms

    @property
    def cautious(self) -> bool:
        """Whether a failure may end the run, so that nothing should be played that it would have stopped."""
        return bool(self.config.getoption("maxfail", 0) or self.config.getoption("stepwise", False))

    def _window(self) -> int:
        sessions = WORKER_WINDOW if self.worker is not None else self.asked.sessions
        return min(sessions, self.config.getoption("maxfail", 0) or 1) if self.cautious else sessions

    # Collection

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
        """Collect scenario files."""
        if file_path.suffix not in YAML or not collects(file_path, parent.session):
            return None
        return ScenarioFile.at(parent, file_path, self.asked)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, Any, Any]:
        """Mark what is the person's mistake, so that the exit status can tell."""
        report = yield
        call = getattr(report, "call", None)
        excinfo = call.excinfo if call is not None else None
        if excinfo is not None and isinstance(excinfo.value, ScenarioError):
            report.realtime_misused = True
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember broken scenarios."""
        self.account.misused |= getattr(report, "realtime_misused", False)

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Remember that the run is partial."""
        self.deselected += sum(isinstance(item, ConversationItem) for item in items)

    # Playing

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Look whether the endpoint is there, and begin to play; True ends the run before it began."""
        if self.config.option.collectonly:
            return None
        if session.testsfailed and not self.config.option.continue_on_collection_errors:
            return None
        items = [item for item in session.items if isinstance(item, ConversationItem)]
        distributing = self.config.pluginmanager.hasplugin("dsession")
        if not items and not distributing and not any(isinstance(item, GeneratedItem) for item in session.items):
            return None
        if self.terms.plan:
            self._tell_plan(items)
            if any(isinstance(item, GeneratedItem) for item in session.items):
                self._say('generated      not counted: examples are made as they are played (-m "not generated")')
            return True
        if self.worker is None and not self.prepare():
            return True
        if self.worker is not None:
            self.performance.prepare(self.worker["found"])
        for item in items:
            self.pending.setdefault(item.cue.key, set()).add(item.name)
        self.questions = {key: frozenset(names) for key, names in self.pending.items()}
        if self.worker is None and not distributing:
            self.performance.enqueue(item.cue for item in items)
        return None

    def prepare(self) -> bool:
        """Do the preflight, once; say what is wrong if it fails."""
        account = self.account
        if self.performance.diagnosis is None and not account.exhausted:
            try:
                diagnosis = self.performance.prepare()
            except Exhausted as exhausted:
                account.exhausted = True
                self._say(str(exhausted))
                return False
            account.preflight = self.performance.budget.spent
            account.unreachable = diagnosis is not None and not diagnosis.ready
            account.begin(self.setup)
            terminal = self._terminal()
            if terminal is not None and diagnosis is not None:
                from conformance.report.terminal import diagnosed

                diagnosed(terminal, diagnosis, self.setup)
        return not (account.unreachable or account.exhausted)

    def _tell_plan(self, items: Iterable[ConversationItem]) -> None:
        """Say what would be played."""
        cues = {item.cue.key: item.cue for item in items}
        wanted = {name: cue for name, cue in cues.items() if not self.setup.not_applicable(cue.scenario)}
        costs = {name: self.performance.cost(cue) for name, cue in wanted.items()}
        terms, at_once = self.terms, self.asked.sessions
        skipped, discovers = len(cues) - len(wanted), self.setup.discovers
        plan = Plan(costs, skipped, at_once, terms.price, terms.prices.as_of, terms.model, discovers)
        self._say("", *plan.lines())

    def _say(self, *lines: str) -> None:
        if (terminal := self._terminal()) is not None:
            for line in lines:
                terminal.write_line(self.setup.scrub(line))

    def _terminal(self) -> TerminalReporter | None:
        found: TerminalReporter | None = self.config.pluginmanager.get_plugin("terminalreporter")
        return found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        """Play what comes next; forget what has been reported."""
        ours = [each for each in (item, nextitem) if isinstance(each, ConversationItem)]
        if self.worker is not None:
            self.performance.enqueue(each.cue for each in ours)
        done = yield
        if isinstance(item, ConversationItem):
            self._reported(item)
            next_cue = nextitem.cue if isinstance(nextitem, ConversationItem) else None
            if next_cue != item.cue and not (item.session.shouldfail or item.session.shouldstop):
                self.performance.stage.refill()
        return done

    def _reported(self, item: ConversationItem) -> None:
        waiting = self.pending.get(item.cue.key, set())
        waiting.discard(item.name)
        if not waiting:
            self.performance.kept.pop(item.cue, None)

    def before(self, item: ConversationItem) -> None:
        """Label the item while it is known to be running."""
        if self.allure is not None:
            self.allure.describe(item.cue.scenario, item.name, item.stable_id, self.setup)

    def taken(self, item: ConversationItem, assessment: JudgedConversation) -> None:
        """Note what a conversation came to, and show its trace."""
        if self.allure is not None:
            seconds = assessment.conversation.seconds if isinstance(item, Plays) else 0.0
            self.allure.show(item.stable_id, assessment, seconds, with_trace=isinstance(item, Plays))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Let a report carry what is needed to sum up, also from worker to controller; and no secret."""
        report = yield
        clean(report, self.setup.scrub, ours=isinstance(item, ConversationItem | GeneratedItem))
        report.realtime_item = isinstance(item, ConversationItem)
        if call.when == "call" and isinstance(item, ConversationItem):
            kept = self.performance.kept.get(item.cue)
            if isinstance(item, Plays) and not isinstance(kept, Exception | None):
                report.duration = kept.conversation.seconds
            if item.cue.key not in self.told:
                self.told.add(item.cue.key)
                report.realtime = self._record(item, kept, call)
        return report

    def _record(
        self, item: ConversationItem, kept: JudgedConversation | Exception | None, call: pytest.CallInfo[None]
    ) -> Record:
        scenario, variant = item.cue.scenario, item.cue.variant
        questions = self.questions.get(item.cue.key, frozenset())
        if reason := self.setup.not_applicable(scenario):
            return record_not_played(scenario, variant, questions, "not applicable", reason)
        if isinstance(kept, JudgedConversation):
            return record_of(kept, self.setup.reports, questions)
        if isinstance(kept, Exhausted):
            return record_not_played(scenario, variant, questions, "not run", kept.budget)
        why = self.setup.scrub(str(kept or (call.excinfo.value if call.excinfo else "not played")))
        return record_not_played(scenario, variant, questions, "error", why)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the records; and whether a test that is not ours failed."""
        self.account.others_failed |= report.failed and not getattr(report, "realtime_item", False)
        record: Record | None = getattr(report, "realtime", None)
        if record is not None:
            self.account.add(record)

    # Dedup

    def pytest_report_header(self) -> list[str]:
        """Say what is played against, and whose rules judge beside ours."""
        from conformance.report.terminal import header

        beside = [f"{pack.heading}: {len(pack.rules)} ({pack.distribution})" for pack in packs().values()]
        return [*header(self.setup), *beside]

    def pytest_sessionstart(self) -> None:
        """Stand between secrets and the log, and between Allure's results and the disk."""
        self.config.add_cleanup(self.log.close)
        self.log.enter_context(scrubbed_log(self.setup.scrub))
        guard(self.config, self.setup.scrub)
        if self.allure is not None:
            self.allure.guard(self.config)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, Any, Any]:
        """End the conversations, write what is left to write, and set the exit status."""
        self.performance.close()
        telling = self.worker is None and not self.config.option.collectonly and not self.terms.plan
        if telling:
            aborted = bool(self.deselected or session.shouldfail or session.shouldstop or exitstatus > 1)
            self.account.partial = left_out(self.config)
            self.account.close(self.setup, self.terms, aborted=aborted)
            if self.allure is not None and not self.account.unreachable:
                self.allure.about(self.setup)
        if self.worker is None and not self.terms.plan:
            exitstatus = self.account.status(self.setup, self.terms, exitstatus)
        done = yield
        if self.worker is None and not self.terms.plan:
            session.exitstatus = exitstatus
        if telling:
            self.account.journal.finish(int(session.exitstatus), partial=self.account.partial)
            scrub_file(self.config.getoption("xmlpath", None), self.setup.scrub)
            if self.account.records:
                self._say(*wrapped(self.account.last_line(self.terms), "", "  "))
        return done

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Sum up, one line a rule."""
        from conformance.report.terminal import summary

        account = self.account
        if account.records:
            account.show(terminalreporter, self.setup, self.terms)
            summary(terminalreporter, account.records, self.setup, partial=account.partial)
