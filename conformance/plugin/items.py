"""The items of a conversation: it was played, it proves the rules that it promises, it keeps all others."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from conformance.errors import ConformanceError, HarnessError
from conformance.play.player import Outcome
from conformance.plugin.context import RUN, Run
from conformance.plugin.verdicts import ConformanceWarning, NonConformance, Trouble, Unproven
from conformance.report.text import bug_of, several
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword
from conformance.run.budget import Exhausted
from conformance.run.record import keeps
from conformance.run.recording import rule_record

if TYPE_CHECKING:
    from conformance.run.job import Job
    from conformance.run.ruling import JudgedConversation, Ruling


class ConversationItem(pytest.Item):
    """One question about one conversation."""

    job: Job
    line: int

    @classmethod
    def of(cls, parent: pytest.Collector, job: Job, name: str, line: int) -> Any:
        """Make the node; *line* of the scenario file, from 0."""
        node = cls.from_parent(parent, name=name)
        node.job, node.line = job, line
        return node

    @property
    def run(self) -> Run:
        """The run this item is part of."""
        return self.config.stash[RUN]

    @property
    def stable_id(self) -> str:
        """Names the item wherever the scenarios lie."""
        return f"{self.job.key}::{self.name}"

    def runtest(self) -> None:
        """Wait for the conversation and answer the question."""
        allure = self.run.allure
        if allure is not None:
            allure.describe(self.job.scenario, self.name, self.stable_id, self.run.settings)
        if reason := self.run.settings.not_applicable(self.job.scenario):
            pytest.skip(f"not applicable: {reason}")
        try:
            judged = self.run.runner.take(self.job)
        except Exhausted as exhausted:
            pytest.skip(str(exhausted))
        if reason := self.run.settings.not_applicable(self.job.scenario):  # found out by playing it
            pytest.skip(f"not applicable: {reason}")
        if allure is not None:
            whole = isinstance(self, Plays)
            allure.show(self.stable_id, self.name, judged, lambda: self.reproduce, whole=whole)
        self.decide(judged)

    def decide(self, judged: JudgedConversation) -> None:
        """Pass, or raise the verdict."""
        raise NotImplementedError

    def broken(self, judged: JudgedConversation, rulings: list[Ruling]) -> None:
        """Raise for MUST findings, and under --strict for SHOULD; warn for the others."""
        if bugs := [f"{each.rule.id}: {each.reason}" for each in rulings if each.verdict is Verdict.ERROR]:
            told = f"a rule could not judge {judged.key}: {'; '.join(bugs)}"
            raise HarnessError(told, bug_of(rulings[0].rule.vendor))
        counts = {Verdict.FAIL, Verdict.WARNING} if self.run.settings.strict else {Verdict.FAIL}
        excused = [each for each in rulings if each.findings and each.rule.id in judged.known]
        fatal = [each for each in rulings if each.verdict in counts and each not in excused]
        mild = [each for each in rulings if each.verdict is Verdict.WARNING and each not in (*fatal, *excused)]
        text = several(self._text(judged, each) for each in (*fatal, *mild))
        if fatal:
            raise NonConformance(text)
        if mild:
            self.warn(ConformanceWarning(text))
        if excused:
            self.known(judged, [each.rule.id for each in excused])

    def known(self, judged: JudgedConversation, names: list[str]) -> None:
        """Tell that what fails is in the baseline."""
        told = "; ".join(f"{name}, known: {judged.known[name].issue}" for name in names)
        pytest.xfail(told)
        raise NonConformance(told)  # under --runxfail

    def _text(self, judged: JudgedConversation, ruling: Ruling) -> str:
        return self.run.settings.scrub(self.run.dedup.finding(ruling, judged.key, self.nodeid, self.reproduce))

    @property
    def reproduce(self) -> str:
        """The command that repeats this item, without secrets."""
        nodeid = self.nodeid
        if (self.config.rootpath / self.nodeid.partition("::")[0]).exists():
            path = os.path.relpath(self.config.rootpath, self.config.invocation_params.dir)
            nodeid = (Path(path) / nodeid).as_posix()
        return " ".join(filter(None, ("pytest", shlex.quote(nodeid), self.run.settings.repeats)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return verdicts and our own messages as they are, without a traceback."""
        if isinstance(excinfo.value, NonConformance | ConformanceWarning | Trouble | ConformanceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return file, line and the conversation's own name."""
        return self.path, self.line, self.stable_id


class Plays(ConversationItem):
    """The conversation got through its script."""

    def decide(self, judged: JudgedConversation) -> None:
        """Say where it stopped."""
        conversation = judged.conversation
        match conversation.outcome:
            case Outcome.STOPPED if self.name in judged.known:
                self.known(judged, [self.name])
            case Outcome.STOPPED:
                text = self.run.dedup.stopped(conversation, judged.key, self.nodeid, self.reproduce)
                if judged.cause_of_the_stop and not self.run.settings.strict:
                    self.warn(ConformanceWarning(self.run.settings.scrub(text)))
                else:
                    raise NonConformance(self.run.settings.scrub(text))
            case Outcome.INCONCLUSIVE:
                self.inconclusive(conversation.message)
            case Outcome.ENVIRONMENT:
                raise Trouble(trouble_of(judged))

    def inconclusive(self, why: str) -> NoReturn:
        """Tell that the model did not do its part: nobody's fault, and no evidence."""
        if self.run.settings.strict_evidence:
            raise Unproven(f"inconclusive: {why}")
        pytest.skip(f"inconclusive: {why}")


class Proves(ConversationItem):
    """The conversation proves one rule."""

    def passes(self, judged: JudgedConversation) -> bool:
        """Return whether the rule is kept and nothing is to be said of it; note it, if so, as `decide` would."""
        ruling = judged.rulings[self.name]
        if ruling.verdict is not Verdict.PASS or ruling.findings:
            return False
        self.run.promises.setdefault(self.name, {})[self.job] = True
        return True

    def decide(self, judged: JudgedConversation) -> None:
        """Return the rule's verdict."""
        ruling = judged.rulings[self.name]
        self.run.promises.setdefault(self.name, {})[self.job] = ruling.verdict is Verdict.PASS
        self.broken(judged, [ruling])
        if ruling.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(f"not applicable: {ruling.reason}")
        if ruling.verdict is not Verdict.UNPROVEN:
            return
        if self.name in judged.known:
            self.known(judged, [self.name])
        if judged.conversation.outcome is Outcome.ENVIRONMENT:
            raise Trouble(trouble_of(judged))
        told = rule_record(judged, ruling)
        if told.verdict is Verdict.INCONCLUSIVE and not self.run.settings.strict_evidence:
            pytest.skip(f"inconclusive: {told.reason}")
        why = told.reason or f"the conversation was played, but did not exercise {self.name}"
        if told.cause or self.run.settings.allow_unproven:
            pytest.skip(f"unproven: {why}")
        if self.run.settings.strict:
            raise Unproven(f"unproven: {why}")
        if ruling.rule.keyword is Keyword.MUST:
            if not (other := self._shown_by()):
                raise Unproven(f"unproven: {why}")
            why = f"{why}, but {other} shows it"
        self.warn(ConformanceWarning(f"{ruling.rule.id} is unproven: {why}"))

    def _shown_by(self) -> str:
        """Return another conversation of the session that promises the rule and keeps it; empty if none does.

        It need not have had its turn yet: it is played now, once for all, so that no verdict depends on the order.
        """
        judged = self.run.promises.setdefault(self.name, {})
        for each in self.session.items:
            if not isinstance(each, Proves) or each.name != self.name or each.job == self.job:
                continue
            if each.job not in judged and not self.run.settings.not_applicable(each.job.scenario):
                with suppress(Exception):  # told where that conversation has its turn
                    judged[each.job] = self.run.runner.take(each.job).rulings[self.name].verdict is Verdict.PASS
            if judged.get(each.job):
                return each.job.key
        return ""


class KeepsEveryOtherRule(ConversationItem):
    """The conversation breaks none of the rules that it does not set out to prove: of ours, or of one vendor's."""

    def decide(self, judged: JudgedConversation) -> None:
        """Collect what it breaks."""
        mine = [each for each in judged.rulings.values() if keeps(each.rule.vendor) == self.name]
        others = [each for each in mine if each.rule.id not in self.job.scenario.proves]
        self.broken(judged, [each for each in others if each.findings or each.verdict is Verdict.ERROR])
        if judged.conversation.outcome is Outcome.ENVIRONMENT:
            raise Trouble(trouble_of(judged))


def trouble_of(judged: JudgedConversation) -> str:
    """Say in one line what got in the way."""
    return f"the environment got in the way, the rest was not judged: {judged.conversation.message}"
