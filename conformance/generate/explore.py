"""The search: play generated scenarios until one breaks something, make that small, set it aside, and go on.

Hypothesis draws and shrinks.  What it costs is counted in sessions, because with a real endpoint nothing else
counts: a script that was played is never played again, shrinking ends when its sessions or seconds are used up,
and every smaller case is handed out at once, so that an interrupted search has shown its best.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase
from hypothesis.strategies import SearchStrategy

from conformance.generate.script import written
from conformance.play.player import Conversation, Outcome
from conformance.scenario.model import Scenario

MUST, SHOULD = "MUST", "SHOULD"
#: Shrinking a case that only warns may take one part in so many of what shrinking may take: it fails nobody's run.
MILD_SHARE = 5


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong with a conversation."""

    rule: str
    """Id of the broken rule, or `plays.STEP` for a step that was not answered as the protocol owes."""
    keyword: str
    message: str
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True, eq=False)
class Example:
    """One play of a generated scenario; what was said in it is kept only as long as somebody holds this."""

    number: int
    """Counted from 1."""
    during: str
    """`replay`, `generate`, `shrink` or `confirm`."""
    scenario: Scenario
    conversation: Conversation
    flaws: tuple[Flaw, ...]


@dataclass(frozen=True)
class Case:
    """A scenario that breaks something, as small as it is known."""

    flaw: Flaw
    """What it is kept for."""
    example: Example
    steady: bool = True
    """Whether it broke the same when it was played once more."""

    @property
    def scenario(self) -> Scenario:
        """The script, up to where it stopped: what stands behind that was never played."""
        script, conversation = self.example.scenario, self.example.conversation
        if conversation.outcome is not Outcome.STOPPED:
            return script
        reached = next((number for number, step in enumerate(script.steps, 1) if step is conversation.step), None)
        return replace(script, steps=script.steps[:reached])

    @property
    def size(self) -> tuple[int, int]:
        """Steps, and characters of the script: a case is better if it is smaller."""
        return len(self.scenario.steps), len(written(self.scenario))


@dataclass(frozen=True)
class SearchPlan:
    """How much to play."""

    examples: int = 100
    """Scenarios to generate."""
    seed: int = 0
    shrink_sessions: int = 200
    """Plays that all shrinking together may cost."""
    shrink_seconds: float = 120.0
    """What those conversations may last together: an endpoint that keeps each waiting costs more than their number."""
    most_cases: int = 5
    """After so many different cases there is enough to mend."""
    database: Path | None = None
    """Folder of what Hypothesis remembers; None = the seed alone decides what is played."""
    key: str = ""
    """Endpoint, model and kind of examples: what is remembered of one tells nothing of another."""


@dataclass(frozen=True)
class Exploration:
    """What a search came to."""

    cases: tuple[Case, ...]
    examples: int
    """Different scenarios that were generated and played."""
    sessions: int
    """All plays, those of shrinking included."""
    seed: int
    trouble: str = ""
    """Why it ended early: the environment's doing, nobody's fault."""


class _Broken(Exception):
    """The example breaks what is looked for."""


class _Enough(BaseException):
    """Ends Hypothesis's run from inside; nothing there catches it."""


class _Crashed(BaseException):
    """Our own bug, its cause: no example of anything, so Hypothesis must not take it for one."""


@dataclass
class _Effort:
    """What shrinking has cost."""

    sessions: int = 0
    seconds: float = 0.0

    def grow(self, conversation: Conversation) -> None:
        """Count one conversation more."""
        self.sessions += 1
        self.seconds += conversation.seconds

    def reaches(self, plan: SearchPlan, parts: int = 1) -> bool:
        """Return whether it is one part, of so many, of what shrinking may cost."""
        return self.sessions * parts >= plan.shrink_sessions or self.seconds * parts >= plan.shrink_seconds


@dataclass
class _Search:
    play: Callable[[Scenario], Conversation]
    judge: Callable[[Conversation], Sequence[Flaw]]
    plan: SearchPlan
    tell: Callable[[Example], None]
    keep: Callable[[Case], None]
    played: dict[str, tuple[Flaw, ...]] = field(default_factory=dict)
    """By script: what it broke, without its trace."""
    smallest: dict[str, Case] = field(default_factory=dict)
    """By rule: of all that was played, whatever it was looked for."""
    best: dict[str, Case] = field(default_factory=dict)
    """By rule: what is handed out."""
    aside: set[str] = field(default_factory=set)
    """Rules whose case is as small as it will get."""
    wanted: str = ""
    """The rule whose case is being shrunk; empty while looking for any."""
    sessions: int = 0
    generated: int = 0
    shrinking: _Effort = field(default_factory=_Effort)
    """Of all cases."""
    mild: _Effort = field(default_factory=_Effort)
    """Of the cases that only warn."""
    trouble: str = ""

    def perform(self, scenario: Scenario, during: str) -> Example:
        """Play and judge; raises _Enough when the environment gets in the way, _Crashed when we do."""
        self.sessions += 1
        try:
            conversation = self.play(scenario)
            troubled = conversation.outcome is Outcome.ENVIRONMENT
            flaws = () if troubled else tuple(self.judge(conversation))
            example = Example(self.sessions, during, scenario, conversation, flaws)
            self.tell(example)
        except Exception as bug:
            raise _Crashed from bug
        if troubled:
            self.trouble = conversation.message
            raise _Enough
        return example

    def attempt(self, scenario: Scenario) -> None:
        """Play a scenario unless it was, keep it if it is the smallest case, and tell Hypothesis of the flaw."""
        script = written(scenario)
        if script not in self.played:
            example = self._fresh(scenario)
            self.played[script] = example.flaws
            for flaw in example.flaws:
                _keep_smaller(self.smallest, Case(flaw, example))
        flaws = [flaw for flaw in self.played[script] if flaw.rule not in self.aside]
        if flaws and not self.wanted:
            self.wanted = gravest(flaws).rule
        if any(flaw.rule == self.wanted for flaw in flaws):
            case = self.smallest[self.wanted]
            if _keep_smaller(self.best, case):
                self.keep(case)
            raise _Broken

    def _fresh(self, scenario: Scenario) -> Example:
        if not self.wanted:
            example = self.perform(scenario, "generate")
            self.generated += 1
            return example
        mild = self.best[self.wanted].flaw.keyword == SHOULD
        if self.shrinking.reaches(self.plan) or (mild and self.mild.reaches(self.plan, MILD_SHARE)):
            raise _Enough
        example = self.perform(scenario, "shrink")
        for effort in (self.shrinking, *([self.mild] if mild else [])):
            effort.grow(example.conversation)
        return example

    def next_case(self, strategy: SearchStrategy[Scenario], database: ExampleDatabase | None) -> Case | None:
        """Let Hypothesis look for a flaw that is not set aside, and make its case small."""
        self.wanted = ""
        try:
            self._run(strategy, database)
        except _Broken:
            pass
        except _Enough:
            if self.trouble:
                raise
        return self.confirmed(self.best[self.wanted]) if self.wanted else None

    def _run(self, strategy: SearchStrategy[Scenario], database: ExampleDatabase | None) -> None:
        # `seed` takes the database away: what stands above it gives it back.
        @settings(
            max_examples=self.plan.examples,
            phases=(Phase.reuse, Phase.generate, Phase.shrink),
            database=database,
            deadline=None,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            print_blob=False,
            # How long drawing takes says something of this machine and how busy it is, nothing of the endpoint.
            suppress_health_check=[HealthCheck.too_slow],
        )
        @seed(self.plan.seed)
        @given(strategy)
        def holds(scenario: Scenario) -> None:
            self.attempt(scenario)

        holds()

    def confirmed(self, case: Case) -> Case:
        """Play a case once more, and set it aside with everything else that it breaks: those are its consequences."""
        self.aside |= {case.flaw.rule, *(flaw.rule for flaw in case.example.flaws)}
        again = self.perform(case.scenario, "confirm")
        return replace(case, steady=any(flaw.rule == case.flaw.rule for flaw in again.flaws))

    def replayed(self, scenario: Scenario) -> Case | None:
        """Play a case of an earlier run."""
        example = self.perform(scenario, "replay")
        flaws = [flaw for flaw in example.flaws if flaw.rule not in self.aside]
        if not flaws:
            return None
        case = Case(gravest(flaws), example)
        self.aside |= {flaw.rule for flaw in flaws}
        return case


def explore(
    play: Callable[[Scenario], Conversation],
    judge: Callable[[Conversation], Sequence[Flaw]],
    strategy: SearchStrategy[Scenario],
    plan: SearchPlan,
    *,
    first: Iterable[Scenario] = (),
    tell: Callable[[Example], None] = lambda _: None,
    keep: Callable[[Case], None] = lambda _: None,
) -> Exploration:
    """Play the cases of earlier runs (*first*), then generated examples, and give what breaks something.

    *tell* hears of every play, *keep* of every case that is smaller than those before it.
    The same seed draws the same examples: looking for a further case walks past what was played, which costs nothing.
    """
    search = _Search(play, judge, plan, tell, keep)
    cases: list[Case] = []
    database = _database(plan)
    try:
        cases += [case for scenario in first if (case := search.replayed(scenario)) is not None]
        while len(cases) < plan.most_cases and (case := search.next_case(strategy, database)) is not None:
            cases.append(case)
            # What was set aside is no failure any more: Hypothesis would forget it.
            database = None
    except _Crashed as crash:
        raise crash.__cause__ or crash from None
    except _Enough:
        if search.wanted and all(case.flaw.rule != search.wanted for case in cases):
            cases += [search.best[search.wanted]]
    return Exploration(tuple(cases), search.generated, search.sessions, plan.seed, search.trouble)


def _keep_smaller(cases: dict[str, Case], case: Case) -> bool:
    """Keep the smallest case of each rule; return whether this one is."""
    known = cases.get(case.flaw.rule)
    smaller = known is None or case.size < known.size
    if smaller:
        cases[case.flaw.rule] = case
    return smaller


def gravest(flaws: Sequence[Flaw]) -> Flaw:
    """Choose the flaw that tells most: a rule before a step that had no answer, MUST before SHOULD."""
    return min(flaws, key=lambda flaw: (flaw.rule.startswith("plays."), flaw.keyword != MUST))


def _database(plan: SearchPlan) -> ExampleDatabase | None:
    if plan.database is None:
        return None
    return DirectoryBasedExampleDatabase(plan.database / hashlib.sha256(plan.key.encode()).hexdigest()[:16])
