"""What the rules say of one conversation: the judgements of its traces, one ruling for each rule."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from conformance.contract.dialects import CANONICAL, DIALECTS, recognise
from conformance.contract.facts import Fact, shown
from conformance.play.player import Outcome
from conformance.play.progress import is_probe
from conformance.rules.causes import IDENTIFYING, SCHEMA, cause_of, stops_a_script
from conformance.rules.deviations import told_once
from conformance.rules.engine.dispatch import Dispatch
from conformance.rules.engine.judge import VERDICT_OF_FINDING, Verdict
from conformance.rules.engine.occasions import events_of
from conformance.run.baseline import PLAYS
from conformance.run.budget import Spent
from conformance.secrets import Scrubber
from conformance.trace.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conformance.contract.profile import Waiver
    from conformance.play.player import Conversation
    from conformance.rules.engine.dispatch import Dispatched
    from conformance.rules.engine.rule import Finding, Rule
    from conformance.run.baseline import BaselineEntry
    from conformance.run.retry import Attempt
    from conformance.trace.trace import Trace

#: Why a promised rule is unproven where the conversation stopped.
NOT_THAT_FAR = "the conversation did not get that far (see plays)"


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """A finding, and the connection of the conversation on which it was made."""

    finding: Finding
    trace: Trace
    connection: int = 0
    """Number of the connection, from 0."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule's verdict on one conversation."""

    rule: Rule
    verdict: Verdict
    findings: tuple[LocatedFinding, ...] = ()
    held: int = 0
    reason: str = ""
    """Why it is not applicable, or what our bug is."""


@dataclass(frozen=True)
class JudgedConversation:
    """One conversation and what every rule says of it."""

    conversation: Conversation
    rulings: Mapping[str, Ruling]
    files: tuple[Path, ...] = field(default=())
    """Where its traces were written, those of the upstream's side behind them."""
    facts: frozenset[Fact] = frozenset()
    """What of the vendor's documents it shows to be true."""
    known: Mapping[str, BaselineEntry] = field(default_factory=dict)
    """Rule id, or `plays` -> the entry of the baseline that excuses the failure."""
    earlier: tuple[Attempt, ...] = ()
    """Plays of it that the environment got in the way of, or that failed unexpectedly."""
    spent: Spent = field(default_factory=Spent)
    """What all of its plays used."""
    flaky: bool = False
    """Whether an earlier play failed, and this one did not."""
    upstreams: tuple[Trace | None, ...] = ()
    """What our upstream saw of each connection, behind a gateway under test."""

    @property
    def key(self) -> str:
        """`topic/name`, with `@style` where the scenario is played in several."""
        return key_of(self.conversation.scenario.id, self.conversation.variant)

    def cause(self, rule_id: str) -> str:
        """Return what explains that a rule is unproven: a broken rule, or `plays`; empty if nothing does."""
        if self.conversation.outcome is Outcome.STOPPED:
            return PLAYS
        broken = {name: each for name, each in self.rulings.items() if each.findings}
        if found := cause_of(rule_id, broken):
            return found
        if SCHEMA in broken and not self._unidentified.isdisjoint(events_of(self.rulings[rule_id].rule.about)):
            return SCHEMA
        chapter = rule_id.partition(".")[0]
        failed = (name for name, each in broken.items() if each.verdict is Verdict.FAIL)
        return next((name for name in failed if name.partition(".")[0] == chapter), "")

    @property
    def _unidentified(self) -> frozenset[str]:
        """The types of events that do not name what they are about."""
        return frozenset(
            DIALECTS[dialect_of(each.trace)].canonical(each.trace.entries[each.finding.index].type or "")
            for each in self.rulings[SCHEMA].findings
            if not IDENTIFYING.isdisjoint({each.finding.path, *each.finding.also})
        )

    @property
    def cause_of_the_stop(self) -> str:
        """The SHOULD rule that explains why the script did not get through; empty if none does.

        Its finding must concern the last thing that the script did (our own question whether anybody is there comes
        after that): what it was waiting for.
        """
        if self.conversation.outcome is not Outcome.STOPPED or not self.conversation.traces:
            return ""
        last = self.conversation.traces[-1]
        since = max((entry.index for entry in last if entry.sent and not is_probe(entry.event)), default=0)
        for name, ruling in self.rulings.items():
            late = any(each.trace is last and each.finding.index >= since for each in ruling.findings)
            if late and ruling.verdict is Verdict.WARNING and stops_a_script(name):
                return name
        return ""


def key_of(scenario: str, variant: str) -> str:
    """Name one conversation."""
    return f"{scenario}@{variant}" if variant else scenario


def judge_conversation(
    conversation: Conversation,
    rules: Iterable[Rule],
    waivers: Mapping[str, Waiver] | None = None,
    facts: Iterable[Fact] = (),
    files: tuple[Path, ...] = (),
    scrub: Scrubber | None = None,
) -> JudgedConversation:
    """Judge every trace of a conversation as it was said; what comes back holds no secret that *scrub* knows."""
    views = tuple(view_of(trace) for trace in conversation.traces)
    seen = frozenset(fact for view in views for fact in shown(facts, view))
    rulings = rule_on(views, tuple(rules), waivers or {})
    scrub = scrub or Scrubber()
    traces = tuple(map(scrub.trace, conversation.traces))
    told = {
        name: scrubbed(ruling, traces, scrub) if ruling.findings or ruling.reason else ruling
        for name, ruling in rulings.items()
    }
    return JudgedConversation(replace(conversation, traces=traces), told, files, seen)


def scrubbed(ruling: Ruling, traces: Sequence[Trace], scrub: Scrubber) -> Ruling:
    """Take the secrets out of a ruling; rules cut what they quote, maybe in the middle of one."""

    def clean(finding: Finding) -> Finding:
        return replace(
            finding,
            message=scrub.shown(finding.message),
            expected=scrub.shown(finding.expected),
            actual=scrub.shown(finding.actual),
            path=scrub.shown(finding.path),
        )

    findings = tuple(
        LocatedFinding(clean(each.finding), traces[each.connection], each.connection) for each in ruling.findings
    )
    return replace(ruling, findings=findings, reason=scrub.shown(ruling.reason))


def view_of(trace: Trace) -> View:
    """Look at a trace through the lenses of its own dialect."""
    return View(trace, DIALECTS[dialect_of(trace)])


def rule_on(views: tuple[View, ...], rules: tuple[Rule, ...], waivers: Mapping[str, Waiver]) -> Mapping[str, Ruling]:
    """Judge traces together: what breaks a rule on one connection breaks it."""
    tables = [_table(rules, view.dialect.name) for view in views]
    said = [told_once(view, table.dispatch.judge) for view, table in zip(views, tables, strict=True)]
    rulings = {rule.id: Ruling(rule, Verdict.UNPROVEN) for rule in rules} if not tables else dict(tables[0].silent)
    for table in tables[1:]:
        rulings |= {name: each for name, each in table.silent.items() if each.verdict is Verdict.UNPROVEN}
    told = {name for each in said for name in (*each.findings, *each.held, *each.errors)}
    for rule in rules:
        if rule.id in told or rule.id in waivers or rule.left_out is not None:
            rulings[rule.id] = _ruling(rulings[rule.id], said, views, waivers.get(rule.id))
    return rulings


@dataclass(frozen=True)
class _RulingTable:
    """What is known of the rulings on a conversation of one dialect before it is judged."""

    rules: tuple[Rule, ...]
    dispatch: Dispatch
    silent: Mapping[str, Ruling]
    """The ruling of each rule that has nothing to say."""


_TABLES: dict[tuple[str, tuple[int, ...]], _RulingTable] = {}
"""Kept tables: by dialect, and by the rules as they are, of which two may have one id.  A table holds its rules."""
MOST_TABLES = 64


def _table(rules: tuple[Rule, ...], dialect: str) -> _RulingTable:
    key = dialect, tuple(map(id, rules))
    if key not in _TABLES:
        if len(_TABLES) >= MOST_TABLES:
            _TABLES.clear()
        dispatch = Dispatch(rules, DIALECTS[dialect])
        spoken_of = {rule.id for rule in dispatch.rules}
        silent = {
            rule.id: Ruling(rule, Verdict.UNPROVEN)
            if rule.id in spoken_of
            else Ruling(rule, Verdict.NOT_APPLICABLE, reason="this revision of the protocol does not have it")
            for rule in rules
        }
        _TABLES[key] = _RulingTable(rules, dispatch, silent)
    return _TABLES[key]


def _ruling(silent: Ruling, said: Sequence[Dispatched], views: tuple[View, ...], waiver: Waiver | None) -> Ruling:
    """Return the ruling on a rule, which is *silent* if nothing was said of it."""
    rule = silent.rule
    if bug := next((each.errors[rule.id] for each in said if rule.id in each.errors), ""):
        return Ruling(rule, Verdict.ERROR, reason=bug)
    findings = tuple(
        LocatedFinding(finding, view.trace, number)
        for number, (each, view) in enumerate(zip(said, views, strict=True))
        for finding in each.findings.get(rule.id, ())
    )
    held = sum(each.held.get(rule.id, 0) for each in said)
    if waiver is not None:
        if (left := unexcused(waiver, findings)) is None:
            return Ruling(rule, Verdict.NOT_APPLICABLE, findings, held, why_waived(waiver))
        findings = left
    if findings:
        return Ruling(rule, VERDICT_OF_FINDING[rule.keyword], findings, held)
    if held:
        return Ruling(rule, Verdict.PASS, (), held)
    missing = rule.left_out if silent.verdict is Verdict.UNPROVEN else None
    if missing is not None and (absent := next(filter(None, map(missing, views)), "")):
        return Ruling(rule, Verdict.NOT_APPLICABLE, reason=f"the endpoint leaves out {absent}, which is optional")
    return silent


def unexcused(waiver: Waiver, found: Sequence[LocatedFinding]) -> tuple[LocatedFinding, ...] | None:
    """Return what is left of a rule's findings; None where the rule has nothing to say of the conversation.

    A waiver of some fields leaves a rule that found nothing as it is: it may have held elsewhere.
    """
    left = tuple(each for each in found if not _excuses(waiver, each))
    return None if not left and (found or not waiver.fields) else left


def why_waived(waiver: Waiver) -> str:
    """Say why a rule has nothing to say."""
    return f"waived by the profile: {waiver}"


def _excuses(waiver: Waiver, located: LocatedFinding) -> bool:
    finding, entries = located.finding, located.trace.entries
    event_type = entries[finding.index].type if 0 <= finding.index < len(entries) else ""
    return waiver.covers(event_type, (finding.path, *finding.also))


def dialect_of(trace: Trace, usual: str = CANONICAL.name) -> str:
    """Return the dialect of a trace: as noted, as recognised, or *usual*."""
    if trace.dialect in DIALECTS:
        return trace.dialect
    found = recognise(entry.event for entry in trace if entry.event is not None and not entry.sent)
    return found.name if found is not None else usual
