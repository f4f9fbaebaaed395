"""Known failures: which are excused, and what turns a run red in spite of them.  Pure: no file, no clock.

An entry excuses one rule, in one conversation or wherever it is broken, as long as the findings say what the entry
says they do.  Whatever it no longer describes (fixed, different, expired) is red until somebody edits the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict

if TYPE_CHECKING:
    from conformance.run.record import ConversationRecord

#: In the place of a rule: the conversation does not get through its script.
PLAYS = "plays"
#: What an entry may expect.
FAIL, UNPROVEN, PASS = "fail", "unproven", "pass"

#: How a record's verdicts read here; a verdict that is not named says nothing about the baseline.
OUTCOME_OF_VERDICT: Mapping[Verdict, str] = {
    Verdict.FAIL: FAIL,
    Verdict.WARNING: FAIL,
    Verdict.UNPROVEN: UNPROVEN,
    Verdict.PASS: PASS,
}


@dataclass(frozen=True)
class BaselineContext:
    """What `when:` can ask about."""

    dialect: str
    profile: str = ""
    features: frozenset[str] | None = None
    """What the profile claims; None claims everything."""


@dataclass(frozen=True)
class BaselineEntry:
    """One known failure."""

    rule: str
    """Id of the rule, or `plays`, or a documented fact in words (`usage field total_tokens`)."""
    issue: str
    """Where it is tracked."""
    scenario: str = ""
    """`topic/name`, or `topic/name@style`; empty: wherever the rule is broken."""
    message: str = ""
    """What the findings begin with."""
    outcomes: tuple[str, ...] = (FAIL,)
    """Several, `pass` among them: a known intermittent."""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owner: str = ""
    expires: date | None = None
    where: str = ""
    """`file:line` of the entry."""

    def applies(self, here: BaselineContext) -> bool:
        """Return whether the entry speaks of this run."""
        return all(_holds(name, wanted, here) for name, wanted in self.when.items())

    def about(self, rule: str, conversation: str) -> bool:
        """Return whether the entry speaks of this rule and conversation."""
        return rule == self.rule and self.scenario in ("", conversation, conversation.partition("@")[0])

    def expired(self, today: date) -> bool:
        """Return whether the day until which it was accepted is over."""
        return self.expires is not None and self.expires < today

    @property
    def name(self) -> str:
        """`rule in scenario`, for texts."""
        return f"{self.rule} in {self.scenario}" if self.scenario else self.rule

    @property
    def intermittent(self) -> bool:
        """Whether a pass is expected too."""
        return PASS in self.outcomes and len(self.outcomes) > 1


def _holds(name: str, wanted: Iterable[str], here: BaselineContext) -> bool:
    if name == "feature":
        return here.features is None or not here.features.isdisjoint(wanted)
    return {"dialect": here.dialect, "profile": here.profile}[name] in wanted


@dataclass(frozen=True)
class Baseline:
    """All known failures that speak of this run."""

    entries: tuple[BaselineEntry, ...] = ()
    today: date = date.min

    @property
    def valid(self) -> Iterator[BaselineEntry]:
        """Return the entries that have not expired."""
        return (each for each in self.entries if not each.expired(self.today))

    def excuse(self, rule: str, conversation: str, outcome: str, messages: Sequence[str]) -> BaselineEntry | None:
        """Return the entry that excuses what came, None if none does: each message must be a known one."""
        mine = [each for each in self.valid if each.about(rule, conversation) and outcome in each.outcomes]
        covering = [_covering(mine, message) for message in messages or ("",)]
        return covering[0] if covering and all(covering) else None


def _covering(entries: Iterable[BaselineEntry], message: str) -> BaselineEntry | None:
    return next((each for each in entries if message.startswith(each.message)), None)


@dataclass(frozen=True)
class Seen:
    """What a rule (or `plays`) came to in one conversation; a documented fact: in the whole run."""

    rule: str
    conversation: str
    """Empty for a documented fact."""
    outcome: str
    messages: tuple[str, ...] = ()
    excused: bool = False


def seen_in(records: Iterable[ConversationRecord], *, strict: bool) -> Iterator[Seen]:
    """Read the records of a run; what another failure explains, or only warns, counts as excused."""
    for record in records:
        name = record.conversation
        if PLAYS in record.questions and record.outcome in (Outcome.PLAYED, Outcome.STOPPED):
            stopped = record.outcome is Outcome.STOPPED
            mild = bool(record.cause) and not strict
            why = (record.message,) if stopped else ()
            yield Seen(PLAYS, name, FAIL if stopped else PASS, why, bool(record.known) or mild)
        for rule, told in record.rules.items():
            outcome = told.known.outcome if told.known is not None else OUTCOME_OF_VERDICT.get(told.verdict, "")
            if not outcome:
                continue
            mild = bool(told.cause) or (told.verdict is Verdict.WARNING and not strict)
            messages = tuple(each.message for each in told.findings)
            yield Seen(rule, name, outcome, messages, mild or told.known is not None)


@dataclass(frozen=True)
class Known:
    """An entry and where its failure was met."""

    entry: BaselineEntry
    conversations: tuple[str, ...]
    judged: int
    """In how many conversations the rule was judged at all, for the rate."""


@dataclass(frozen=True)
class Review:
    """The baseline beside what really happened."""

    known: tuple[Known, ...] = ()
    unlisted: tuple[Seen, ...] = ()
    """Failures that no entry excuses."""
    other: tuple[tuple[BaselineEntry, str], ...] = ()
    """Entries that are there, but speak of another message; and the message that came."""
    stale: tuple[BaselineEntry, ...] = ()
    """Entries whose failure is gone."""
    expired: tuple[BaselineEntry, ...] = ()

    @property
    def red(self) -> bool:
        """Whether the baseline itself has to be edited."""
        return bool(self.other or self.stale or self.expired)


@dataclass(frozen=True)
class BaselineCount:
    """A baseline after a run, in numbers of entries."""

    known: int = 0
    """Whose failure came."""
    to_edit: int = 0
    """That no longer say what happens."""
    added: int = 0
    """That this run has written for what failed."""
    written: bool = False
    refused: str = ""
    """Why the file was not written, though that was asked for."""


def review(baseline: Baseline, seen: Iterable[Seen], *, partial: bool) -> Review:
    """Compare; in a *partial* run an entry without a scenario is not called stale: the rest was not looked at."""
    everything = tuple(seen)
    known, stale = [], []
    for entry in baseline.valid:
        judged = [each for each in everything if entry.about(each.rule, each.conversation)]
        if met := _met(entry, judged):
            known.append(Known(entry, met, len(judged)))
        elif _fixed(entry, judged) and (entry.scenario or not partial):
            stale.append(entry)
    unlisted = tuple(each for each in everything if each.outcome != PASS and not each.excused)
    other = _others(baseline, unlisted)
    different = {id(entry) for entry, _ in other}
    return Review(
        tuple(known),
        unlisted,
        other,
        tuple(each for each in stale if id(each) not in different),
        tuple(each for each in baseline.entries if each.expired(baseline.today)),
    )


def _met(entry: BaselineEntry, judged: Iterable[Seen]) -> tuple[str, ...]:
    return tuple(
        each.conversation
        for each in judged
        if each.outcome != PASS
        and each.outcome in entry.outcomes
        and any(text.startswith(entry.message) for text in each.messages or ("",))
    )


def _fixed(entry: BaselineEntry, judged: Sequence[Seen]) -> bool:
    """Return whether the failure is gone: the rule was judged, and passed."""
    return not entry.intermittent and any(each.outcome == PASS for each in judged)


def _others(baseline: Baseline, unlisted: Iterable[Seen]) -> tuple[tuple[BaselineEntry, str], ...]:
    found: dict[int, tuple[BaselineEntry, str]] = {}
    for each in unlisted:
        for entry in baseline.valid:
            strange = [text for text in each.messages if not text.startswith(entry.message)]
            if strange and entry.about(each.rule, each.conversation) and each.outcome in entry.outcomes:
                found.setdefault(id(entry), (entry, strange[0]))
    return tuple(found.values())
