"""One search among generated examples: what a run plays it against, and what it keeps of it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from conformance.generate.configs import INVALID, VALID, invalid, valid
from conformance.generate.conversations import CONVERSATIONS, conversations
from conformance.generate.explore import MUST, SHOULD, Case, Example, Exploration, Flaw, SearchPlan, explore
from conformance.generate.found import FoundCases, told
from conformance.generate.script import written
from conformance.play.player import Conversation, Outcome
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.rules.rule_packs import packs
from conformance.run.baseline import PLAYS
from conformance.run.budget import Exhausted, Spent
from conformance.run.job import Job
from conformance.run.known import known_in
from conformance.run.record import ConversationRecord, keeps
from conformance.run.recording import record_not_played, record_of
from conformance.run.ruling import JudgedConversation, judge_conversation, key_of
from conformance.run.search_options import EMBEDDED, EXAMPLES, FOLDER, REMOTE, SearchOptions
from conformance.run.trace_files import FOLDER as TRACES
from conformance.scenario.cost import Cost
from conformance.trace import json_text
from conformance.trace.jsonl import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

    from conformance.run.ruling import Ruling
    from conformance.run.runner import Runner
    from conformance.scenario.model import Scenario
    from conformance.trace.trace import Trace

STRATEGIES = {VALID: valid, INVALID: invalid, CONVERSATIONS: conversations}
KEYWORDS = {Verdict.FAIL: MUST, Verdict.WARNING: SHOULD, Verdict.ERROR: "ERROR"}


class Search:
    """One search of a run: what it plays against, by whose rules it judges, and what is kept of it."""

    def __init__(self, runner: Runner, options: SearchOptions, claim: Scenario, vendor: str = "") -> None:
        self.runner, self.options, self.claim, self.vendor = runner, options, claim, vendor
        self.settings = runner.settings
        self.rules = packs()[vendor].rules if vendor else RULES
        self.key = key_of(claim.id, vendor)
        """Names the search."""
        self.folder = self.settings.reports / FOLDER
        self.shelf = FoundCases(self.settings.reports / "found", claim.id, self.reproduce, self.settings.scrub)
        self.counted: Counter[str] = Counter()
        """What was played, by what for."""
        self.judged: WeakKeyDictionary[Example, JudgedConversation] = WeakKeyDictionary()
        """Of the examples that broke something, as long as the search holds them."""
        self.last: JudgedConversation | None = None
        self.excused: JudgedConversation | None = None
        """Of an example that broke only what the baseline knows."""
        self.spent = Spent()
        self.exhausted = ""
        self.fresh = True
        """Whether the example at hand was played by this search."""
        self.played: dict[str, Conversation] = {}
        self.handed = dict(options.played.get(claim.id, {}))
        """What the search by our rules has played, each to be judged once: whoever wants to see it again plays it."""

    def explore(self) -> Exploration:
        """Search, and let whoever looks on know how far that is."""
        try:
            return self._explored()
        finally:
            self.runner.watch.search = ""

    def _explored(self) -> Exploration:
        dialect = self.settings.target.dialect
        strategy: SearchStrategy[Scenario] = STRATEGIES[self.claim.id](dialect, self.settings.claimed)
        first = () if self.options.repeatable else tuple(self.shelf.earlier(dialect.name))
        found = explore(
            self._play, self._flaws, strategy, self._plan(), first=first, tell=self._tell, keep=self.shelf.keep
        )
        if packs() and not self.vendor:
            self.options.played[self.claim.id] = self.played
        return found

    def bound(self) -> Cost:
        """Return the most that the search may cost: as many plays as it may do, each as dear as the dearest example.

        The examples are those that the seed draws; nothing is played.
        """
        plan, drawn = self._plan(), [Cost()]

        def count(scenario: Scenario) -> Conversation:
            drawn.append(self.runner.cost(Job.of(scenario)))
            return Conversation(scenario, "", (), Outcome.PLAYED)

        strategy = STRATEGIES[self.claim.id](self.settings.target.dialect, self.settings.claimed)
        explore(count, lambda _: (), strategy, replace(plan, database=None))
        own = 0 if self.vendor else plan.examples + len(list(self.shelf.earlier(self.settings.target.dialect.name)))
        return max(drawn, key=lambda each: (each.tokens.total, each.sessions)).times(
            own + plan.shrink_sessions + plan.most_cases
        )

    def _plan(self) -> SearchPlan:
        usual, asked = EMBEDDED if self.settings.embedded else REMOTE, self.options
        target = self.settings.target
        return SearchPlan(
            examples=usual.examples if asked.examples is None else asked.examples,
            seed=asked.seed,
            shrink_sessions=usual.shrink_sessions if asked.shrink_sessions is None else asked.shrink_sessions,
            database=self.folder / "database" if not (asked.repeatable or self.settings.embedded) else None,
            key=f"{self.settings.scrub(target.url)} {target.model} {target.dialect.name} {self.key}",
        )

    def reproduce(self, path: Path) -> str:
        """Return the command that plays the script at *path* again."""
        return " ".join(filter(None, ("pytest", os.path.relpath(path), self.settings.repeats)))

    def _play(self, scenario: Scenario) -> Conversation:
        script = written(scenario)
        handed = self.handed.pop(script, None)
        self.fresh = handed is None
        if handed is not None:
            return handed
        job = Job.of(scenario)
        try:
            attempts = self.runner.loop_thread.run(
                self.runner.within_time(self.runner.retrier.play(lambda _number: self.runner.attempt(job)))
            )
        except Exhausted as exhausted:
            self.exhausted = exhausted.budget
            return Conversation(scenario, "", (), Outcome.ENVIRONMENT, message=self.exhausted)
        self.spent = sum((each.spent for each in attempts), self.spent)
        return attempts[-1].conversation

    def _flaws(self, conversation: Conversation) -> list[Flaw]:
        judged = judge_conversation(conversation, self.rules.values(), self.settings.waivers, scrub=self.settings.scrub)
        known = known_in(judged, self.runner.policy.baseline)
        if self.vendor:  # whether a conversation gets through its script is no question of theirs
            known = {name: entry for name, entry in known.items() if name != PLAYS}
        self.last = judged = replace(judged, known=known)
        if judged.known:
            self.excused = judged
        flaws = [
            Flaw(rule_id, KEYWORDS[ruling.verdict], *_first(ruling))
            for rule_id, ruling in judged.rulings.items()
            if ruling.verdict in KEYWORDS and rule_id not in judged.known
        ]
        stopped = conversation.outcome is Outcome.STOPPED and PLAYS not in judged.known and not self.vendor
        if stopped and not judged.cause_of_the_stop:  # else the SHOULD rule that explains it is told
            step = conversation.step.name if conversation.step is not None else "goodbye"
            why = (conversation.message, conversation.expected, conversation.actual)
            flaws.append(Flaw(f"{PLAYS}.{step}", MUST, *why))
        return flaws

    def _tell(self, example: Example) -> None:
        self.counted[example.during] += 1
        self.runner.watch.search = f"{self.claim.id} {_at_work(example.during, self.counted, self._plan())}"
        if example.flaws and self.last is not None:
            self.judged[example] = self.last
        if example.during == "generate" and packs() and not self.vendor:
            self.played[written(example.scenario)] = example.conversation
        if not (self.fresh or example.flaws):
            return
        line = json_text.dumps(self.settings.scrub.data(told(example, self.claim.id))).decode()
        with self.runner.disk.writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / EXAMPLES).open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def grave(self, case: Case) -> bool:
        """Return whether a case fails the item; one of SHOULD rules only warns."""
        return self.settings.strict or any(flaw.keyword != SHOULD for flaw in case.example.flaws)

    def gravest(self, found: Exploration) -> Case | None:
        """Return the case that stands for the search: the first that fails it, else the first."""
        return next((case for case in found.cases if self.grave(case)), next(iter(found.cases), None))

    def record(self, found: Exploration) -> ConversationRecord | None:
        """Return the record of the search: the case that stands for it, or that there is none."""
        questions = frozenset({keeps(self.vendor)} if self.vendor else {PLAYS, keeps("")})
        worst = self.gravest(found)
        judged = self.judged[worst.example] if worst is not None else self.excused or self.last
        if found.trouble and not found.cases:
            outcome = Outcome.NOT_RUN if self.exhausted else Outcome.ENVIRONMENT
            unplayed = record_not_played(self.claim, self.vendor, questions, outcome, found.trouble)
            return replace(unplayed, spent=self.spent)
        if judged is None:
            return None
        traces = judged.conversation.traces if worst is not None else ()
        files = tuple(self._written(traces))
        broken = {rule_id: each for rule_id, each in judged.rulings.items() if each.findings}
        conversation = replace(judged.conversation, variant=self.vendor)
        shown = replace(judged, conversation=conversation, rulings=broken, files=files, spent=self.spent)
        told = replace(record_of(shown, self.settings.reports, questions), title=self.claim.title)
        return replace(told, script=self._script(worst)) if worst is not None else told

    def _script(self, case: Case) -> str:
        """Name the file of a case, relative to the reports folder where it lies in there."""
        path, home = self.shelf.files.get(case.flaw.rule) or case.scenario.path, self.settings.reports
        if path is None:
            return ""
        return (path.relative_to(home) if path.is_relative_to(home) else path).as_posix()

    def _written(self, traces: Iterable[Trace]) -> Iterator[Path]:
        for number, trace in enumerate(traces, 1):
            name = f"{self.key.replace('::', '_')}{f'#{number}' if number > 1 else ''}.jsonl"
            path = self.settings.reports / TRACES / name
            with self.runner.disk.writing():
                dump(trace, path)
                yield path


def _at_work(during: str, counted: Counter[str], plan: SearchPlan) -> str:
    """Say what a search is doing: with how many examples, and of how many at most."""
    if during == "shrink":
        return f"making a case small, {counted[during]}/{plan.shrink_sessions}"
    if during == "generate":
        return f"{counted[during]}/{plan.examples}"
    return {"replay": "earlier cases", "confirm": "a case once more"}[during]


def _first(ruling: Ruling) -> tuple[str, str, str]:
    if not ruling.findings:
        return (ruling.reason, "", "")
    finding = ruling.findings[0].finding
    return finding.message, finding.expected, finding.actual
