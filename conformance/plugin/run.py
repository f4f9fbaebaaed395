"""A run that is ours: the hooks, from the first look at the options to the last line."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.errors import ConformanceError, ScenarioError
from conformance.options.policy import policy_of
from conformance.options.settings import scrubber_of, settings_of
from conformance.play.player import Outcome
from conformance.plugin.activation import YAML, arguments, left_out
from conformance.plugin.collection import ScenarioFile, collects, conversation_by_conversation, refuse_other_styles
from conformance.plugin.context import RUN, Run
from conformance.plugin.distribution import Distribution
from conformance.plugin.generated import Generated, GeneratedItem
from conformance.plugin.imports import spare_hypothesis
from conformance.plugin.interruption import Interruption
from conformance.plugin.items import ConversationItem, Plays
from conformance.plugin.options import given_in
from conformance.plugin.outlet import clean, guard
from conformance.plugin.passing import PassingItems
from conformance.plugin.reports import Reports, allure_beside, refuse_unwritable_junit
from conformance.plugin.sign_of_life import SignOfLife
from conformance.plugin.soak import play_soak
from conformance.plugin.verdicts import ConformanceWarning, NonConformance, Trouble
from conformance.report.inert import one_line
from conformance.rules.engine.rule import Keyword
from conformance.rules.rule_packs import packs
from conformance.run.budget import Exhausted
from conformance.run.cost import Plan
from conformance.run.folder import claim, leave_to_the_controller, once_interrupted
from conformance.run.record import ConversationRecord
from conformance.run.recording import record_not_played, record_of
from conformance.run.ruling import JudgedConversation
from conformance.run.unreported import unreported
from conformance.scenario.cost import Cost
from conformance.secrets import scrubbed_log

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from conformance.run.job import Job
    from conformance.run.settings import Settings

SMOKE = "smoke: a quick first check"
MARKERS = (*(f"{keyword.lower()}: {keyword} requirements" for keyword in Keyword), SMOKE)
PLUGIN = "realtime-conformance-run"


def activate(config: pytest.Config) -> None:
    """Make this run ours."""
    given = given_in(config)
    try:
        config.args = arguments(config)
        given = replace(given, arguments=tuple(config.args))
        packs()
        settings = settings_of(given)
        policy = policy_of(given, settings)
        refuse_other_styles(config, settings)
    except ConformanceError as error:
        raise pytest.UsageError(scrubber_of(given)(str(error))) from error
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    # A project that turns warnings into errors means its own tests: what an endpoint SHOULD do fails with --strict.
    config.addinivalue_line("filterwarnings", f"default::{ConformanceWarning.__module__}.{ConformanceWarning.__name__}")
    notice = ""
    if not hasattr(config, "workerinput") and not config.option.collectonly and not policy.plan:
        settings, notice = _with_own_folder(settings, config)
    if hasattr(config, "workerinput"):
        allure_beside(settings.reports, config)  # a worker knows the command line, and not what was made of it
        leave_to_the_controller()
    config.stash[RUN] = run = Run(config, settings, policy)
    reports = Reports(run, notice)
    run.runner.retrier.tell = reports.say
    playing = Playing(run, reports)
    config.pluginmanager.register(playing, PLUGIN)
    config.pluginmanager.register(reports, f"{PLUGIN}-reports")
    config.pluginmanager.register(PassingItems(run, playing.sent), f"{PLUGIN}-passing")
    sign = SignOfLife(run)
    config.pluginmanager.register(Distribution(run, playing.prepare, sign.shown), f"{PLUGIN}-distributed")
    config.pluginmanager.register(Generated(run), f"{PLUGIN}-generated")
    if run.worker is None:
        config.pluginmanager.register(sign, f"{PLUGIN}-sign-of-life")
    config.pluginmanager.register(Interruption(run), f"{PLUGIN}-interruption")


def _with_own_folder(settings: Settings, config: pytest.Config) -> tuple[Settings, str]:
    """Claim the folder of the results, and let SIGTERM end the run in order; say why it is another one than asked."""
    refuse_unwritable_junit(config)
    try:
        claimed = claim(settings.reports)
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error
    config.add_cleanup(claimed.release)
    config.add_cleanup(once_interrupted())
    allure_beside(claimed.path, config)
    return replace(settings, reports=claimed.path), claimed.instead_of


class Playing:
    """The hooks that collect, play and record."""

    def __init__(self, run: Run, reports: Reports) -> None:
        self.run, self.reports, self.config = run, reports, run.config
        self.log = ExitStack()
        self.sent: set[str] = set()
        """Conversations whose record this process has sent along with a report."""
        self.pending: dict[str, set[str]] = {}
        """Conversation -> the items of it that are still to be reported."""
        self.questions: dict[str, frozenset[str]] = {}

    # Collection

    def pytest_collect_file(self, file_path: Any, parent: pytest.Collector) -> ScenarioFile | None:
        """Collect scenario files."""
        if file_path.suffix not in YAML or not collects(file_path, parent.session):
            return None
        return ScenarioFile.at(parent, file_path, self.run.asked)

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
        if getattr(report, "realtime_misused", False):
            self.run.state.ends(misused=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Tell conversation by conversation, however somebody's plugin has shuffled the items."""
        items[:] = conversation_by_conversation(items)

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Remember that the run is a selection."""
        if any(isinstance(item, ConversationItem | GeneratedItem) for item in items):
            self.run.state.ends(selection=True)

    # Playing

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Look whether the endpoint is there, and begin to play; True ends the run before it began."""
        if self.config.option.collectonly:
            return None
        if session.testsfailed and not self.config.option.continue_on_collection_errors:
            return None
        items = [item for item in session.items if isinstance(item, ConversationItem)]
        generated = [item for item in session.items if isinstance(item, GeneratedItem)]
        distributing = self.config.pluginmanager.hasplugin("dsession")
        soak = self.run.policy.soak
        if not items and not distributing and not generated and soak is None:
            return None
        if self.run.policy.plan:
            self.reports.tell_plan(self._plan(items, generated))
            return True
        if self.run.worker is None and not self.prepare():
            return True
        if self.run.worker is not None:
            self.run.runner.prepare(self.run.worker["found"])
        if soak is not None:
            play_soak(self.run, self.reports, soak)
            return True
        if left_out(self.config):
            self.run.state.ends(selection=True)
        for item in items:
            self.pending.setdefault(item.job.key, set()).add(item.name)
        self.questions = {key: frozenset(names) for key, names in self.pending.items()}
        gc.freeze()  # what is imported stays: no collection has to look at it again
        if self.run.worker is None and not distributing:
            self.run.runner.enqueue(item.job for item in items)
        return None

    def prepare(self) -> bool:
        """Do the preflight, once; say what is wrong if it fails."""
        ending = self.run.state.ending
        if self.run.runner.diagnosis is None and not ending.exhausted:
            try:
                diagnosis = self.run.runner.prepare()
            except Exhausted as exhausted:
                self.run.state.ends(exhausted=exhausted.budget)
                self.reports.say(str(exhausted))
                return False
            self.run.state.preflight = self.run.runner.budget.spent
            if diagnosis is not None and not diagnosis.ready:
                self.run.state.ends(unreachable=diagnosis.told)
            self.run.state.begin(self.run.settings)
            if diagnosis is not None:
                self.reports.tell_diagnosis(diagnosis)
                self.reports.say(*map(one_line, self.run.runner.notes))
        return not (self.run.state.ending.unreachable or self.run.state.ending.exhausted)

    def _plan(self, items: Iterable[ConversationItem], generated: Iterable[GeneratedItem]) -> Plan:
        """Return what would be played."""
        jobs = {item.job.key: item.job for item in items}
        wanted = {name: job for name, job in jobs.items() if not self.run.settings.not_applicable(job.scenario)}
        policy = self.run.policy
        return Plan(
            costs={name: self.run.runner.cost(job) for name, job in wanted.items()},
            not_applicable=len(jobs) - len(wanted),
            at_once=self.run.asked.sessions,
            price=policy.price,
            prices_of=policy.prices.as_of,
            model=policy.model,
            generated=sum((each.bound() for each in generated), Cost()),
            discovers=self.run.settings.discovers,
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        """Play what comes next; forget what has been reported."""
        ours = [each for each in (item, nextitem) if isinstance(each, ConversationItem)]
        if self.run.worker is not None:
            self.run.runner.enqueue(each.job for each in ours)
        done = yield
        if isinstance(item, ConversationItem):
            waiting = self.pending.get(item.job.key, set())
            waiting.discard(item.name)
            if not waiting:
                self.run.runner.kept.pop(item.job, None)
            next_job = nextitem.job if isinstance(nextitem, ConversationItem) else None
            if next_job != item.job and not (item.session.shouldfail or item.session.shouldstop):
                self.run.runner.pool.refill()
        return done

    # Recording

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Let a report carry what is needed to sum up, also from worker to controller; and no secret."""
        report = yield
        ours = isinstance(item, ConversationItem | GeneratedItem)
        clean(report, self.run.settings.scrub, ours=ours)
        report.realtime_item = ours
        # Whatever is no verdict is a mistake of ours: the run must not be called fine beside it.
        verdicts = (NonConformance, ConformanceWarning, Trouble)
        report.realtime_crashed = (
            ours and report.failed and call.excinfo is not None and not isinstance(call.excinfo.value, verdicts)
        )
        if call.when == "call" and isinstance(item, ConversationItem):
            kept = self.run.runner.kept.get(item.job)
            if isinstance(item, Plays) and isinstance(kept, JudgedConversation):
                report.duration = kept.conversation.seconds
            if item.job.key not in self.sent:
                self.sent.add(item.job.key)
                error = call.excinfo.value if call.excinfo else None
                report.realtime = self._record(item.job, kept or error).as_data()
        return report

    def _record(self, job: Job, kept: JudgedConversation | BaseException | None) -> ConversationRecord:
        scenario, variant = job.scenario, job.variant
        questions = self.questions.get(job.key, frozenset())
        if reason := self.run.settings.not_applicable(scenario):
            return record_not_played(scenario, variant, questions, Outcome.NOT_APPLICABLE, reason)
        if isinstance(kept, JudgedConversation):
            return record_of(kept, self.run.settings.reports, questions)
        if isinstance(kept, Exhausted):
            return record_not_played(scenario, variant, questions, Outcome.NOT_RUN, kept.budget)
        why = self.run.settings.scrub(f"{type(kept).__name__}: {kept}" if kept else "not played")
        return record_not_played(scenario, variant, questions, Outcome.ERROR, why)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the records; and whether a test that is not ours failed."""
        if report.failed and not getattr(report, "realtime_item", False):
            self.run.state.ends(others_failed=True)
        if getattr(report, "realtime_crashed", False):
            self.run.state.ends(crashed=True)
        told = getattr(report, "realtime", None)
        if told is not None:
            self.run.state.add(ConversationRecord.from_data(told))

    # Beginning and end

    def pytest_sessionstart(self) -> None:
        """Stand between secrets and the log."""
        self.config.add_cleanup(self.log.close)
        self.log.enter_context(scrubbed_log(self.run.settings.scrub))
        guard(self.config, self.run.settings.scrub)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, Any, Any]:
        """End the conversations, write what is left to write, and set the exit status."""
        if self.questions and not self.config.pluginmanager.hasplugin("dsession") and self.run.worker is None:
            self._take_in_what_is_over()
        self.run.runner.close()
        self.run.state.note(self.run.runner.told)
        spare_hypothesis(self.config)
        ours = self.run.worker is None and not self.run.policy.plan
        misused = exitstatus == pytest.ExitCode.USAGE_ERROR and not self.run.state.records
        if ours and not (self.config.option.collectonly or misused):  # what an earlier run left is worth more
            self._note_the_end(session, exitstatus)
            self.reports.write()
        done = yield
        session.exitstatus = self.reports.close(exitstatus)
        return done

    def _take_in_what_is_over(self) -> None:
        """Take in the conversations that were played ahead of an end that came early."""
        for job, kept in unreported(self.run.runner, self.run.state.records):
            self.run.state.add(self._record(job, kept))

    def _note_the_end(self, session: pytest.Session, exitstatus: int) -> None:
        """Note what the process knows of its own end; pytest hands status 0 to a session that two Ctrl-C ended."""
        at_a_failure = self.run.state.ending.stopped_early
        stopped = bool(session.shouldfail or session.shouldstop or at_a_failure)
        unreported = any(self.pending.values()) and not self.config.pluginmanager.hasplugin("dsession")
        cut = unreported and not (stopped or self.run.state.ending.unreachable or self.run.state.ending.exhausted)
        broken_off = exitstatus == pytest.ExitCode.INTERRUPTED and not (self.run.state.ending.misused or at_a_failure)
        self.run.state.ends(
            interrupted=self.run.state.ending.interrupted or cut or broken_off,
            stopped_early=stopped,
            internal=exitstatus == pytest.ExitCode.INTERNAL_ERROR,
            misused=self.run.state.ending.misused or exitstatus == pytest.ExitCode.USAGE_ERROR,
        )
