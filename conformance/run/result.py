"""What a whole run came to: one frozen value, from which every report is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import vendor_in
from conformance.rules.rule_packs import packs
from conformance.run.baseline import PLAYS, BaselineCount, Review, review, seen_in
from conformance.run.budget import Spent
from conformance.run.documented_facts import fact_coverage
from conformance.run.event_coverage import coverage_of, missing_answers
from conformance.run.outcome import Ending, ExitStatus, RunOutcome, status_of
from conformance.run.policy import Policy
from conformance.run.record import KEEPS_THOSE_OF, UNJUDGED, ConversationRecord
from conformance.run.tally import PackTally, Tally, flaky_by, known_in, rule_tallies

if TYPE_CHECKING:
    from conformance.contract.facts import Fact
    from conformance.run.documented_facts import FactCoverage
    from conformance.run.event_coverage import Coverage
    from conformance.run.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """One run: what was asked, every conversation, every rule once, how it ended."""

    settings: Settings
    """What was played against, and as whom; its `scrub` takes secrets out of whatever is written."""
    policy: Policy = field(default_factory=Policy)
    conversations: Mapping[str, ConversationRecord]
    """By key, in the order in which they were reported."""
    rules: Tally
    """Our rules."""
    packs: tuple[PackTally, ...] = ()
    """The same of each vendor's rules."""
    absent: tuple[str, ...] = ()
    """Vendors by whose rules was judged, though they are not installed here."""
    facts: FactCoverage
    events: Coverage
    review: Review = field(default_factory=Review)
    """The baseline beside what really happened."""
    baseline: BaselineCount = field(default_factory=BaselineCount)
    ending: Ending = field(default_factory=Ending)
    preflight: Spent = field(default_factory=Spent)
    seconds: float = 0.0
    """On the clock, from the first connection to the last."""
    seed: int | None = None
    """Of the generated examples, where there were any."""
    notes: tuple[str, ...] = ()
    """What was chosen for want of somebody's word, or found on the way, in sentences."""

    @cached_property
    def stopped(self) -> tuple[ConversationRecord, ...]:
        """Conversations that did not get through their script for a reason that counts."""
        return tuple(
            each
            for each in self.conversations.values()
            if each.outcome is Outcome.STOPPED
            and PLAYS in each.questions
            and not (each.known or (each.cause and not self.settings.strict))
        )

    @cached_property
    def unjudged(self) -> tuple[ConversationRecord, ...]:
        """Conversations that say nothing of the endpoint: the environment, or an error of ours."""
        return tuple(each for each in self.conversations.values() if each.outcome in UNJUDGED)

    @cached_property
    def inconclusive(self) -> tuple[ConversationRecord, ...]:
        """Conversations in which the model did not do its part."""
        return tuple(each for each in self.conversations.values() if each.outcome is Outcome.INCONCLUSIVE)

    @property
    def hollow(self) -> bool:
        """Whether more than half of a run's conversations were inconclusive: too little to call anybody conformant."""
        return not self.ending.exhausted and 2 * len(self.inconclusive) > self.played

    @cached_property
    def played(self) -> int:
        """Count the conversations that were judged; those that only vendors' rules were asked about do not count."""
        return sum(
            each.played and each.outcome is not Outcome.ENVIRONMENT and not _of_vendors(each)
            for each in self.conversations.values()
        )

    @property
    def not_run(self) -> int:
        """Count the conversations that a budget kept from being played."""
        return sum(each.outcome is Outcome.NOT_RUN for each in self.conversations.values())

    @cached_property
    def waived(self) -> Mapping[str, tuple[ConversationRecord, ...]]:
        """Rules with findings that a waiver of the profile takes away, each with the conversations."""
        found: dict[str, list[ConversationRecord]] = {}
        for record in self.conversations.values():
            for rule_id, told in record.rules.items():
                if told.verdict is Verdict.NOT_APPLICABLE and told.findings:
                    found.setdefault(rule_id, []).append(record)
        return {rule_id: tuple(records) for rule_id, records in found.items()}

    @property
    def unshown(self) -> tuple[Fact, ...]:
        """Documented facts that nothing showed, though everything was played that could have."""
        return () if self.settings.allow_unproven else self.facts.unproven

    @property
    def spent(self) -> Spent:
        """What all conversations and the preflight used."""
        return sum((each.spent for each in self.conversations.values()), self.preflight)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Ours and each vendor's."""
        return (self.rules, *self.packs)

    @cached_property
    def outcome(self) -> RunOutcome:
        """What the run came to."""
        judged = self.played or any(each.counted(Verdict.PASS) or each.broken for each in self.tallies)
        broken = bool(self.stopped or any(each.broken for each in self.tallies))
        missing = bool(self.unjudged or self.unshown or self.hollow or self.ending.crashed)
        missing = missing or any(each.unjudged for each in self.tallies)
        decisive = (
            (not judged, RunOutcome.NOTHING_JUDGED),
            (broken and not self.baseline.written, RunOutcome.NOT_CONFORMANT),
            (self.ending.interrupted, RunOutcome.INCOMPLETE),
            (missing and not self.baseline.written, RunOutcome.NOT_PROVED),
            (self.baseline.to_edit or self.baseline.refused, RunOutcome.NOT_PROVED),
            (self.ending.partial or self.not_run, RunOutcome.INCOMPLETE),
            (self.baseline.known or self.baseline.added, RunOutcome.NO_REGRESSION),
        )
        return next((outcome for true, outcome in decisive if true), RunOutcome.CONFORMANT)

    @property
    def status(self) -> ExitStatus:
        """The exit status."""
        environment = any(each.outcome is Outcome.ENVIRONMENT for each in self.unjudged)
        nobody = self.outcome is RunOutcome.NOTHING_JUDGED and environment
        if nobody and not self.ending.crashed:
            return status_of(self.outcome, replace(self.ending, unreachable="the environment"))
        return status_of(self.outcome, self.ending)


def result_of(
    records: Mapping[str, ConversationRecord],
    settings: Settings,
    policy: Policy | None = None,
    *,
    ending: Ending | None = None,
    preflight: Spent | None = None,
    seconds: float = 0.0,
    seed: int | None = None,
    notes: Iterable[str] = (),
    baseline: BaselineCount | None = None,
) -> RunResult:
    """Put a run together; everything in it is computed here, once, but for the *baseline* of a run that is over."""
    policy, ending = policy or Policy(), ending or Ending()
    conversations = records.values()
    partial = ending.partial or any(each.outcome is Outcome.NOT_RUN for each in conversations)
    facts = fact_coverage(records, settings, partial=partial)
    compared = Review()
    if policy.file is not None and records:
        seen = (*seen_in(conversations, strict=settings.strict), *facts.seen())
        compared = review(policy.baseline, seen, partial=partial)
    lines = tuple(rule_tallies(conversations))
    if baseline is None:
        # Without the file nobody knows which entries excused what.
        known = len(compared.known) if policy.file is not None else sum(known_in(each) for each in conversations)
        baseline = BaselineCount(known, len((*compared.expired, *compared.other, *compared.stale)))
    judging = {vendor_in(rule_id) for record in conversations for rule_id in record.rules}

    def of(vendor: str) -> dict[str, object]:
        return {
            "lines": tuple(each for each in lines if each.rule.vendor == vendor),
            "known": sum(known_in(each, vendor) for each in conversations),
            "flaky": sum(vendor in flaky_by(each) for each in conversations),
            "strict": settings.strict,
            "allow_unproven": settings.allow_unproven,
            "strict_evidence": settings.strict_evidence,
        }

    events = coverage_of(conversations, settings.target.dialect)
    causes = missing_answers(events, [each for each in lines if each.verdict is Verdict.FAIL])
    return RunResult(
        settings=settings,
        policy=policy,
        conversations=dict(records),
        rules=Tally(**of("")),  # type: ignore[arg-type]
        packs=tuple(PackTally(pack=pack, **of(vendor)) for vendor, pack in packs().items()),  # type: ignore[arg-type]
        absent=tuple(sorted(judging - {"", *packs()})),
        facts=facts,
        events=events,
        review=compared,
        baseline=baseline,
        ending=ending,
        preflight=preflight or Spent(),
        seconds=seconds,
        seed=seed,
        notes=tuple(dict.fromkeys(map(settings.scrub.shown, (*notes, *causes)))),
    )


def why_no_baseline(result: RunResult) -> str:
    """Say why this run is no ground for a baseline; empty if it is."""
    if result.ending.partial or result.not_run:
        return "only a part was played"
    if result.ending.unreachable or not result.conversations:
        return "nothing was judged"
    return next((f"{each.conversation} was not judged" for each in _unfinished(result.conversations.values())), "")


def _unfinished(records: Iterable[ConversationRecord]) -> Iterable[ConversationRecord]:
    return (each for each in records if each.outcome in (*UNJUDGED, Outcome.NOT_RUN))


def _of_vendors(record: ConversationRecord) -> bool:
    """Return whether vendors' rules alone are asked about: nothing of ours was judged."""
    return bool(record.questions) and all(each.startswith(KEEPS_THOSE_OF) for each in record.questions)
