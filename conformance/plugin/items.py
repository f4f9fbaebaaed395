"""The items of a conversation: it was played, it proves the rules that it promises, it keeps all others."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from conformance.errors import ConformanceError, HarnessError
from conformance.play.player import Outcome
from conformance.plugin.verdicts import ConformanceWarning, NonConformance, Trouble, Unproven
from conformance.report.text import several
from conformance.rules.engine.judge import Verdict
from conformance.run.budget import Exhausted
from conformance.run.record import NOT_THAT_FAR, keeps

if TYPE_CHECKING:
    from conformance.plugin.run import Run
    from conformance.run.ruling import JudgedConversation, Ruling
    from conformance.run.runner import Job

#: How a run's items find it.
RUN = pytest.StashKey["Run"]()


def bug_of(vendor: str) -> str:
    """Say whose bug it is that a rule of *vendor* (empty: of ours) crashed."""
    if vendor:
        return f"That is a bug in the rules of {vendor}, not the endpoint's: please report it to them with the trace."
    return "That is our bug, not the endpoint's: please report it with the trace."


class ConversationItem(pytest.Item):
    """One question about one conversation."""

    cue: Job
    line: int

    @classmethod
    def of(cls, parent: pytest.Collector, cue: Job, name: str, line: int) -> Any:
        """Make the node; *line* of the scenario file, from 0."""
        node = cls.from_parent(parent, name=name)
        node.cue, node.line = cue, line
        return node

    @property
    def run(self) -> Run:
        """The run this item is part of."""
        return self.config.stash[RUN]

    @property
    def stable_id(self) -> str:
        """Names the item wherever the scenarios lie."""
        return f"{self.cue.key}::{self.name}"

    def runtest(self) -> None:
        """Wait for the conversation and answer the question."""
        self.run.before(self)
        if reason := self.run.setup.not_applicable(self.cue.scenario):
            pytest.skip(f"not applicable: {reason}")
        try:
            assessment = self.run.performance.take(self.cue)
        except Exhausted as exhausted:
            pytest.skip(str(exhausted))
        if reason := self.run.setup.not_applicable(self.cue.scenario):  # found out by playing it
            pytest.skip(f"not applicable: {reason}")
        self.run.taken(self, assessment)
        self.decide(assessment)

    def decide(self, assessment: JudgedConversation) -> None:
        """Pass, or raise the verdict."""
        raise NotImplementedError

    def broken(self, assessment: JudgedConversation, rulings: list[Ruling]) -> None:
        """Raise for MUST findings, and under --strict for SHOULD; warn for the others."""
        if bugs := [f"{each.rule.id}: {each.reason}" for each in rulings if each.verdict is Verdict.ERROR]:
            told = f"a rule could not judge {assessment.key}: {'; '.join(bugs)}"
            raise HarnessError(told, bug_of(rulings[0].rule.vendor))
        counts = {Verdict.FAIL, Verdict.WARNING} if self.run.setup.strict else {Verdict.FAIL}
        excused = [each for each in rulings if each.spotted and each.rule.id in assessment.known]
        fatal = [each for each in rulings if each.verdict in counts and each not in excused]
        mild = [each for each in rulings if each.verdict is Verdict.WARNING and each not in (*fatal, *excused)]
        text = several(self._text(assessment, each) for each in (*fatal, *mild))
        if fatal:
            raise NonConformance(text)
        if mild:
            self.warn(ConformanceWarning(text))
        if excused:
            self.known(assessment, [each.rule.id for each in excused])

    def known(self, assessment: JudgedConversation, names: list[str]) -> None:
        """Tell that what fails is in the baseline."""
        told = "; ".join(f"{name}, known: {assessment.known[name].issue}" for name in names)
        pytest.xfail(told)
        raise NonConformance(told)  # under --runxfail

    def _text(self, assessment: JudgedConversation, ruling: Ruling) -> str:
        return self.run.setup.scrub(self.run.telling.finding(ruling, assessment.key, self.nodeid, self.again))

    @property
    def again(self) -> str:
        """The command that repeats this item, without secrets."""
        nodeid = self.nodeid
        if (self.config.rootpath / self.nodeid.partition("::")[0]).exists():
            path = os.path.relpath(self.config.rootpath, self.config.invocation_params.dir)
            nodeid = (Path(path) / nodeid).as_posix()
        return " ".join(filter(None, ("pytest", shlex.quote(nodeid), self.run.setup.repeats)))

    def unproven(self, why: str) -> NoReturn:
        """Tell that a promise was not kept: nobody's fault, and no pass."""
        if self.run.setup.allow_unproven:
            pytest.skip(why)
        raise Unproven(why)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Give verdicts and our own messages as they are, without a traceback."""
        if isinstance(excinfo.value, NonConformance | ConformanceWarning | Trouble | ConformanceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Give file, line and the conversation's own name."""
        return self.path, self.line, self.stable_id


class Plays(ConversationItem):
    """The conversation got through its script."""

    def decide(self, assessment: JudgedConversation) -> None:
        """Say where it stopped."""
        conversation = assessment.conversation
        match conversation.outcome:
            case Outcome.UNMET if self.name in assessment.known:
                self.known(assessment, [self.name])
            case Outcome.UNMET:
                text = self.run.telling.stopped(conversation, assessment.key, self.nodeid, self.again)
                raise NonConformance(self.run.setup.scrub(text))
            case Outcome.MODEL:
                self.unproven(f"unproven: {conversation.message}")
            case Outcome.ENVIRONMENT:
                raise Trouble(trouble_of(assessment))


class Proves(ConversationItem):
    """The conversation proves one rule."""

    def decide(self, assessment: JudgedConversation) -> None:
        """Give the rule's verdict."""
        ruling = assessment.rulings[self.name]
        self.broken(assessment, [ruling])
        if ruling.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(f"not applicable: {ruling.reason}")
        if ruling.verdict is Verdict.UNPROVEN and self.name in assessment.known:
            self.known(assessment, [self.name])
        if ruling.verdict is Verdict.UNPROVEN:
            self._explain(assessment)

    def _explain(self, assessment: JudgedConversation) -> NoReturn:
        conversation = assessment.conversation
        match conversation.outcome:
            case Outcome.ENVIRONMENT:
                raise Trouble(trouble_of(assessment))
            case Outcome.UNMET:
                self.unproven(f"unproven: {NOT_THAT_FAR}")
            case Outcome.MODEL:
                self.unproven(f"unproven: {conversation.message}")
        self.unproven(f"unproven: the conversation was played, but nothing in it shows that {self.name}")


class KeepsEveryOtherRule(ConversationItem):
    """The conversation breaks none of the rules that it does not set out to prove: of ours, or of one vendor's."""

    def decide(self, assessment: JudgedConversation) -> None:
        """Collect what it breaks."""
        mine = [each for each in assessment.rulings.values() if keeps(each.rule.vendor) == self.name]
        others = [each for each in mine if each.rule.id not in self.cue.scenario.proves]
        self.broken(assessment, [each for each in others if each.spotted or each.verdict is Verdict.ERROR])
        if assessment.conversation.outcome is Outcome.ENVIRONMENT:
            raise Trouble(trouble_of(assessment))


def trouble_of(assessment: JudgedConversation) -> str:
    """Say in one line what got in the way."""
    return f"the environment got in the way, the rest was not judged: {assessment.conversation.message}"
