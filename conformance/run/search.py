"""One search among generated examples: what a run plays it against, and what it keeps of it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.generate.configs import INVALID, VALID, invalid, valid
from conformance.generate.conversations import CONVERSATIONS, conversations
from conformance.generate.explore import MUST, SHOULD, Case, Example, Exploration, Flaw, SearchPlan, explore
from conformance.generate.found import Shelf, told
from conformance.generate.script import written
from conformance.play.player import Conversation, Outcome
from conformance.plugin.generated import EXAMPLES, MARK
from conformance.plugin.options import value
from conformance.report.text import finding_text, stopped_text
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.rules.rule_packs import packs
from conformance.run.baseline import PLAYS
from conformance.run.budget import Exhausted, Spent
from conformance.run.known import known_in
from conformance.run.record import Record, keeps, record_not_played, record_of
from conformance.run.ruling import JudgedConversation, judge_conversation, key_of
from conformance.run.runner import Job
from conformance.trace import json_text
from conformance.trace.jsonl import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

    from conformance.plugin.run import Run
    from conformance.run.ruling import Ruling
    from conformance.scenario.model import Scenario
    from conformance.trace.trace import Trace

STRATEGIES = {VALID: valid, INVALID: invalid, CONVERSATIONS: conversations}
KEYWORDS = {Verdict.FAIL: MUST, Verdict.WARNING: SHOULD, Verdict.ERROR: "ERROR"}


class Amount(NamedTuple):
    """How much is played where nobody says."""

    examples: int
    shrink_sessions: int


#: The embedded reference costs nothing; somebody else's endpoint is slow, and paid for.
EMBEDDED, REMOTE = Amount(40, 300), Amount(10, 30)


class Search:
    """One search of a run: what it plays against, by whose rules it judges, and what is kept of it."""

    def __init__(self, run: Run, claim: Scenario, seed: int, vendor: str = "") -> None:
        self.run, self.claim, self.seed, self.vendor = run, claim, seed, vendor
        self.rules = packs()[vendor].rules if vendor else RULES
        self.key = key_of(claim.id, vendor)
        """Names the search."""
        self.setup, self.performance = run.setup, run.performance
        self.repeatable = value(run.config, "seed") is not None
        """Nothing from earlier runs is played: the same examples shall come again."""
        self.folder = self.setup.reports / MARK
        self.shelf = Shelf(self.setup.reports / "found", self.claim.id, self._again, self.setup.scrub)
        self.assessments: dict[int, JudgedConversation] = {}
        """Of the examples that broke something, by their number."""
        self.last: JudgedConversation | None = None
        self.excused: JudgedConversation | None = None
        """Of an example that broke only what the baseline knows."""
        self.spent = Spent()
        self.exhausted = ""
        self.fresh = True
        """Whether the example at hand was played by this search."""
        self.played: dict[str, Conversation] = {}
        """By script, for the searches by vendors' rules: the same seed draws the same examples."""
        self.handed = dict(run.searches.get(claim.id, {}))
        """What the search by our rules has played, each to be judged once: whoever wants to see it again plays it."""

    def explore(self) -> Exploration:
        """Search."""
        dialect = self.setup.target.dialect
        strategy: SearchStrategy[Scenario] = STRATEGIES[self.claim.id](dialect, self.setup.claimed)
        first = () if self.repeatable else tuple(self.shelf.earlier(dialect.name))
        found = explore(
            self._play, self._flaws, strategy, self._plan(), first=first, tell=self._tell, keep=self.shelf.keep
        )
        if packs() and not self.vendor:
            self.run.searches[self.claim.id] = self.played
        return found

    def _plan(self) -> SearchPlan:
        usual, config = EMBEDDED if self.setup.embedded else REMOTE, self.run.config
        examples, shrinking = value(config, "examples"), value(config, "shrink-sessions")
        target = self.setup.target
        remembered = self.folder / "database" if not (self.repeatable or self.setup.embedded) else None
        return SearchPlan(
            examples=usual.examples if examples is None else examples,
            seed=self.seed,
            shrink_sessions=usual.shrink_sessions if shrinking is None else shrinking,
            database=remembered,
            key=f"{self.setup.scrub(target.url)} {target.model} {target.dialect.name} {self.key}",
        )

    def _again(self, path: Path) -> str:
        near = os.path.relpath(path, self.run.config.invocation_params.dir)
        return " ".join(filter(None, ("pytest", near, self.setup.repeats)))

    def _play(self, scenario: Scenario) -> Conversation:
        script = written(scenario)
        handed = self.handed.pop(script, None)
        self.fresh = handed is None
        if handed is not None:
            return handed
        cue = Job.of(scenario)
        try:
            attempts = self.performance.loop_thread.run(
                self.performance.within_time(
                    self.performance.persistence.play(lambda _number: self.performance.attempt(cue))
                )
            )
        except Exhausted as exhausted:
            self.exhausted = str(exhausted)
            return Conversation(scenario, "", (), Outcome.ENVIRONMENT, message=self.exhausted)
        self.spent = sum((each.spent for each in attempts), self.spent)
        if packs():
            self.played.setdefault(script, attempts[-1].conversation)
        return attempts[-1].conversation

    def _flaws(self, conversation: Conversation) -> list[Flaw]:
        judged = judge_conversation(conversation, self.rules.values(), self.setup.waivers, scrub=self.setup.scrub)
        known = known_in(judged, self.run.terms.baseline)
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
        if conversation.outcome is Outcome.UNMET and PLAYS not in judged.known and not self.vendor:
            step = conversation.step.name if conversation.step is not None else "goodbye"
            stopped = (conversation.message, conversation.expected, conversation.actual)
            flaws.append(Flaw(f"{PLAYS}.{step}", MUST, *stopped))
        return flaws

    def _tell(self, example: Example) -> None:
        if example.flaws and self.last is not None:
            self.assessments[example.number] = self.last
        if not (self.fresh or example.flaws):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        line = _line(told(example, self.claim.id))
        with (self.folder / EXAMPLES).open("a", encoding="utf-8") as file:
            file.write(self.setup.scrub(line) + "\n")

    def grave(self, case: Case) -> bool:
        """Tell whether a case fails the item; one of SHOULD rules only warns."""
        return self.setup.strict or any(flaw.keyword != SHOULD for flaw in case.example.flaws)

    def text(self, case: Case) -> str:
        """Give the whole text of a case: the finding, its timeline, the script."""
        path = self.shelf.files.get(case.flaw.rule) or case.scenario.path
        again = self._again(path) if path is not None else ""
        judged = self.assessments[case.example.number]
        ruling = judged.rulings.get(case.flaw.rule)
        if ruling is not None:
            shown = finding_text(ruling, judged.key, again)
        else:
            shown = stopped_text(judged.conversation, judged.key, again)
        lines = [shown, "", "  the script:", *(f"    {line}" for line in told(case.example, "")["script"].splitlines())]
        if not case.steady:
            lines.append("  It did not come again when the same script was played once more.")
        return self.setup.scrub("\n".join(lines))

    def record(self, found: Exploration) -> Record | None:
        """Put the search into plain data: the smallest case, or that there is none."""
        questions = frozenset({keeps(self.vendor)} if self.vendor else {PLAYS, keeps("")})
        judged = self.assessments[found.cases[0].example.number] if found.cases else self.excused or self.last
        if found.trouble and not found.cases:
            outcome = "not run" if self.exhausted else str(Outcome.ENVIRONMENT)
            told_so = record_not_played(self.claim, self.vendor, questions, outcome, found.trouble)
            return told_so | {"spent": self.spent.as_data()}
        if judged is None:
            return None
        traces = judged.conversation.traces if found.cases else ()
        files = tuple(self._written(traces))
        broken = {rule_id: each for rule_id, each in judged.rulings.items() if each.spotted}
        conversation = replace(judged.conversation, variant=self.vendor)
        shown = replace(judged, conversation=conversation, rulings=broken, files=files, spent=self.spent)
        record = record_of(shown, self.setup.reports, questions)
        return record | {"title": self.claim.title}

    def _written(self, traces: Iterable[Trace]) -> Iterator[Path]:
        for number, trace in enumerate(traces, 1):
            name = f"{self.key.replace('::', '_')}{f'#{number}' if number > 1 else ''}.jsonl"
            path = self.setup.reports / "traces" / name
            dump(trace, path)
            yield path


def _line(data: Any) -> str:
    """Write plain data as one line of JSON."""
    return json_text.dumps(data).decode()


def _first(ruling: Ruling) -> tuple[str, str, str]:
    if not ruling.spotted:
        return (ruling.reason, "", "")
    finding = ruling.spotted[0].finding
    return finding.message, finding.expected, finding.actual
