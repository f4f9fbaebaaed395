"""What went wrong in a run, each thing once: a broken rule with all conversations that break it, what follows from it.

Every report tells these, so that one fault is one finding wherever somebody looks.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.report.baseline import edits
from conformance.report.distinct_places import one_of_each
from conformance.report.sentence import many, reason_of, some
from conformance.rules.engine.judge import Verdict
from conformance.rules.rule_packs import judged_rules
from conformance.run.baseline import PLAYS
from conformance.run.outcome import RunOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.run.record import ConversationRecord, FindingRecord
    from conformance.run.result import RunResult
    from conformance.run.tally import RuleTally, Tally

#: Verdicts of rules that are told as failures, the gravest first.
BROKEN = (Verdict.FAIL, Verdict.WARNING)
#: An event type in what a finding, or a step of a script, expected.
EVENT = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
#: What both expect where the endpoint ended the connection.
OPEN = "an open session"
#: What a script awaits where a rule demands a status in the 400s.
REFUSAL = "a refusal"
#: Outcomes in words, where their own name does not say it.
WORDS = {Outcome.ENVIRONMENT: "not judged", Outcome.ERROR: "not judged"}
#: So many reasons are told for which nothing applies.
MOST_REASONS = 3
#: How the conversations are named that stand for generated examples.
GENERATED = "generated/"
#: How those are named that stand for a soak.
SOAK = "soak/"
#: The folder, beside the reports of a run, into which a repetition writes.
AGAIN = "again"


@dataclass(frozen=True)
class Failure:
    """One broken rule: where it is shown, where else it is broken, and what is unproven because of it."""

    line: RuleTally
    record: ConversationRecord
    """The conversation that shows it: one that was made to, else one that shows it soon (`_telling`)."""
    findings: tuple[FindingRecord, ...]
    conversations: tuple[str, ...]
    consequences: tuple[RuleTally, ...] = ()
    stopped: tuple[str, ...] = ()
    """The conversations that waited in vain for what the rule demands."""
    elsewhere: tuple[FindingRecord, ...] = ()
    """One finding for each other place of events at which the rule is broken, in whatever conversation."""

    @property
    def finding(self) -> FindingRecord:
        """The first one."""
        return self.findings[0]

    @property
    def place(self) -> str:
        """The trace and the line in it, from 1; empty where no trace was written."""
        return place_of(self.record, self.finding)


@dataclass(frozen=True)
class Stop:
    """One reason for which conversations did not get through their scripts."""

    record: ConversationRecord
    conversations: tuple[str, ...]
    consequences: tuple[RuleTally, ...] = ()


@dataclass(frozen=True)
class Unplayed:
    """One reason for which conversations say nothing of the endpoint, or not all that they should."""

    outcome: Outcome
    why: str
    conversations: tuple[str, ...]

    @property
    def text(self) -> str:
        """The reason, and the conversation or how many they are, in a sentence without its full stop."""
        word = WORDS.get(self.outcome, str(self.outcome))
        number = len(self.conversations)
        what = f"{many(number, 'conversation')} {word}" if number > 1 else f"{word} {self.conversations[0]}"
        return f"{what}: {self.why}"


def unplayed_of(records: Iterable[ConversationRecord]) -> tuple[Unplayed, ...]:
    """Put conversations together by their reason, the commonest first."""
    reasons: dict[tuple[Outcome, str], list[str]] = {}
    for record in records:
        reasons.setdefault((record.outcome, record.message), []).append(record.conversation)
    found = (Unplayed(outcome, why, tuple(names)) for (outcome, why), names in reasons.items())
    return tuple(sorted(found, key=lambda each: -len(each.conversations)))


def unplayed_in(result: RunResult) -> tuple[Unplayed, ...]:
    """Return why conversations of a run were not judged; why none applies only where nothing was judged at all."""
    every = result.conversations.values()
    apart = [each for each in every if each.outcome is Outcome.NOT_APPLICABLE]
    not_run = [each for each in every if each.outcome is Outcome.NOT_RUN]
    nothing = result.outcome is RunOutcome.NOTHING_JUDGED
    return (
        *(unplayed_of(apart)[:MOST_REASONS] if nothing else ()),
        *unplayed_of((*result.unjudged, *result.inconclusive)),
        *unplayed_of(not_run),
    )


def reasons_of(result: RunResult) -> tuple[str, ...]:
    """Say what a run lacks besides what is broken: conversations, documented facts, a baseline that is true."""
    sought = result.facts.sought
    unshown = (f"documented, but not shown: {each} (looked for in {some(sought[each], 3)})" for each in result.unshown)
    return (
        *filter(None, [reason_of(result)]),
        *(each.text for each in unplayed_in(result)),
        *unshown,
        *(text for _, text in edits(result.review, written=result.baseline.written)),
        *(("some of the results could not be written",) if result.ending.unwritten else ()),
    )


def failures_of(result: RunResult) -> tuple[Failure, ...]:
    """Return every broken rule of a run, ours and the vendors', MUST before SHOULD; with each what follows from it."""
    found = [each for tally in result.tallies for each in _of(tally, result)]
    return tuple(sorted(found, key=lambda each: BROKEN.index(each.line.verdict)))


def _of(tally: Tally, result: RunResult) -> Iterator[Failure]:
    for line in tally.lines:
        if line.verdict not in BROKEN:
            continue
        names = line.conversations[line.verdict]
        shown = [name for name in names if line.told[name].findings]
        if not shown:
            continue
        first = min(shown, key=lambda name: _telling(result.conversations[name], line))
        findings = line.told[first].findings
        stopped = [each for each in result.stopped if _why_stopped(each) == line.rule.id]
        follows = (
            *tally.consequences.get(line.rule.id, ()),
            *_caused_by(result.rules.consequences.get(PLAYS, ()), stopped),
        )
        at = tuple(each.conversation for each in stopped)
        every = (each for name in (first, *shown) for each in line.told[name].findings)
        yield Failure(line, result.conversations[first], findings, names, follows, at, tuple(one_of_each(every)[1:]))


def _telling(record: ConversationRecord, line: RuleTally) -> tuple[bool, bool, int, int, str]:
    """Sort conversations, alike in every run: with a trace, set out to prove the rule, and soon broken, come first."""
    name, finding = record.conversation, line.told[record.conversation].findings[0]
    return not record.traces, name not in line.promised, finding.connection, finding.entry, name


def stops_of(result: RunResult) -> tuple[Stop, ...]:
    """Return why conversations stopped, each reason once; a stop that a broken rule explains is told under the rule."""
    by_reason: dict[str, list[ConversationRecord]] = {}
    for record in sorted(result.stopped, key=lambda each: each.conversation):  # processes report in any order
        if not _why_stopped(record):
            by_reason.setdefault(record.message, []).append(record)
    follows = result.rules.consequences.get(PLAYS, ())
    return tuple(
        Stop(records[0], tuple(each.conversation for each in records), _caused_by(follows, records))
        for records in by_reason.values()
    )


def _why_stopped(record: ConversationRecord) -> str:
    """Return the broken MUST rule that demands, in the same conversation, what was awaited in vain; empty if none."""
    ended = record.message.startswith("the connection ended")
    awaited = {OPEN} if ended else {*EVENT.findall(record.expected), record.expected} - {""}
    for name, told in record.rules.items():
        if told.verdict is Verdict.FAIL and any(awaited & _demanded(name, each) for each in told.findings):
            return name
    return ""


def _demanded(rule_id: str, finding: FindingRecord) -> set[str]:
    """Return what a finding missed, in its own words, and the event types in them."""
    named = {*EVENT.findall(finding.expected), finding.expected}
    if finding.expected.startswith("HTTP 4"):
        named.add(REFUSAL)
    if finding.actual == "nothing" and (rule := judged_rules().get(rule_id)) is not None:
        named.update(EVENT.findall(rule.sentence))
    return named


def _caused_by(lines: Sequence[RuleTally], records: Sequence[ConversationRecord]) -> tuple[RuleTally, ...]:
    names = {each.conversation for each in records}
    return tuple(line for line in lines if names & line.told.keys())


def place_of(record: ConversationRecord, finding: FindingRecord) -> str:
    """Return `traces/….jsonl:LINE` of a finding: the first line is the handshake, the next ones are the entries."""
    if finding.connection >= len(record.traces):
        return ""
    return f"{record.traces[finding.connection]}:{max(finding.entry, -1) + 2}"


def reproduce(result: RunResult, conversation: str) -> str:
    """Return the command that plays a conversation again, into a folder of its own, without secrets."""
    settings = result.settings
    what = [shlex.quote(conversation.partition("@")[0])]
    record = result.conversations.get(conversation)
    if record is not None and record.script:
        what = [shlex.quote(as_named_here(settings.reports / record.script))]
    elif conversation.startswith(SOAK):
        plan = result.policy.soak
        what = [f"--soak={plan.sessions} --for={plan.seconds:g}s" if plan is not None else "--soak=1"]
    elif conversation.startswith(GENERATED):
        what = ["-m generated", *([f"--seed={result.seed}"] if result.seed is not None else [])]
    own = settings.reports if settings.reports.name == AGAIN else settings.reports / AGAIN
    return " ".join(filter(None, ("pytest", *what, settings.repeats, f"--reports={shlex.quote(as_named_here(own))}")))


def as_named_here(path: Path) -> str:
    """Return a path as somebody would type it: relative where it lies below the working directory."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
