"""What a conversation came to: one frozen value, judged once, told by every report.

A record travels from an xdist worker to the controller and into the journal as plain data (`as_data`, `from_data`),
in the shape of `conversations` in `schemas/harness/report.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.run.budget import Spent

#: Name of the item on all rules of ours that a conversation does not promise to prove; what comes before it are PLAYS
#: and the promised rules, what comes behind it is the same question for each vendor's rules (`keeps`).
KEEPS_EVERY_OTHER_RULE = "keeps-every-other-rule"
KEEPS_THOSE_OF = f"{KEEPS_EVERY_OTHER_RULE}-of-"
#: Outcomes of conversations that were not played at all.
NOT_PLAYED = frozenset({Outcome.NOT_APPLICABLE, Outcome.NOT_RUN, Outcome.ERROR})
#: Outcomes that say nothing of the endpoint, though they should.
UNJUDGED = frozenset({Outcome.ENVIRONMENT, Outcome.ERROR})


def keeps(vendor: str) -> str:
    """Name the item on all the rules of *vendor* (empty: ours) that a conversation does not promise to prove."""
    return f"{KEEPS_THOSE_OF}{vendor}" if vendor else KEEPS_EVERY_OTHER_RULE


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """One finding, and where it was made."""

    message: str
    expected: str = ""
    actual: str = ""
    path: str = ""
    """JSON pointer into the event."""
    entry: int = 0
    """Index into the trace; -1 is the handshake, the number of entries the end."""
    connection: int = 0
    """Number of the connection, from 0."""
    hint: str = ""
    """What is usually behind it."""

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data; no hint where there is none."""
        return {name: each for name in self.__slots__ if (each := getattr(self, name)) or name != "hint"}


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """An entry of the baseline excuses the verdict."""

    issue: str
    outcome: str
    """What the entry expects: `fail` or `unproven`."""


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """One rule's verdict on one conversation."""

    verdict: Verdict
    held: int = 0
    reason: str = ""
    """Why it is not applicable, unproven or inconclusive, or what our bug is."""
    findings: tuple[FindingRecord, ...] = ()
    cause: str = ""
    """Of an unproven rule: the rule (or `plays`) whose failure explains that the evidence is missing."""
    known: KnownFailure | None = None

    @property
    def first(self) -> str:
        """The first finding's message, or the reason."""
        return self.findings[0].message if self.findings else self.reason

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data; what is empty is left out."""
        told: dict[str, Any] = {"verdict": str(self.verdict)}
        told |= {name: each for name in ("held", "reason", "cause") if (each := getattr(self, name))}
        if self.findings:
            told["findings"] = [each.as_data() for each in self.findings]
        if self.known is not None:
            told["known"] = {"issue": self.known.issue, "outcome": self.known.outcome}
        return told

    @classmethod
    def from_data(cls, told: Mapping[str, Any]) -> RuleRecord:
        """Read what `as_data` returned."""
        known = told.get("known")
        return cls(
            verdict=Verdict(told["verdict"]),
            held=told.get("held", 0),
            reason=told.get("reason", ""),
            findings=tuple(FindingRecord(**each) for each in told.get("findings", ())),
            cause=told.get("cause", ""),
            known=KnownFailure(**known) if known else None,
        )


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """A play before the one that counts."""

    outcome: Outcome
    message: str
    broken: tuple[str, ...] = ()
    """Rules, or `plays`, that failed unexpectedly."""
    traces: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "outcome": str(self.outcome),
            "message": self.message,
            "broken": list(self.broken),
            "traces": list(self.traces),
        }

    @classmethod
    def from_data(cls, told: Mapping[str, Any]) -> AttemptRecord:
        """Read what `as_data` returned."""
        return cls(Outcome(told["outcome"]), told["message"], tuple(told["broken"]), tuple(told["traces"]))


@dataclass(frozen=True, slots=True)
class EventTypes:
    """Types of the events in a conversation that some revision knows, as spoken."""

    sent: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


#: Fields of a conversation that are told only where they say something.
_ON_OCCASION = ("script", "step", "expected", "actual", "known", "cause", "flaky")


@dataclass(frozen=True, kw_only=True)
class ConversationRecord:
    """One conversation and what every rule says of it."""

    conversation: str
    """`topic/name`, with `@style` where it was played in several auth styles."""
    title: str = ""
    promises: tuple[str, ...] = ()
    """Ids of the rules it sets out to prove."""
    questions: tuple[str, ...] = ()
    """Names of the items that were selected, sorted; a verdict that nobody asked for is left out."""
    outcome: Outcome
    message: str = ""
    script: str = ""
    """File of the script, relative to the reports folder, where no library holds it: a generated one."""
    step: str = ""
    """The step at which it stopped, with file and line."""
    expected: str = ""
    actual: str = ""
    """Of the step at which it stopped."""
    seconds: float = 0.0
    traces: tuple[str, ...] = ()
    """Files, relative to the reports folder."""
    upstream_traces: tuple[str, ...] = ()
    """Files of what our upstream saw behind a gateway under test."""
    facts: tuple[tuple[str, str], ...] = ()
    """Documented facts that it shows: (kind, name)."""
    events: EventTypes = field(default_factory=EventTypes)
    rules: Mapping[str, RuleRecord] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)
    known: str = ""
    """It does not get through its script, and that is known: the issue."""
    cause: str = ""
    """The SHOULD rule whose finding explains that it did not get through its script."""
    attempts: tuple[AttemptRecord, ...] = ()
    """The plays before the one that counts."""
    flaky: bool = False
    """It failed, and did not when it was played again."""

    @property
    def played(self) -> bool:
        """Whether it was held at all."""
        return self.outcome not in NOT_PLAYED

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data; what seldom says something is left out where it does not."""
        told: dict[str, Any] = {
            "conversation": self.conversation,
            "title": self.title,
            "promises": list(self.promises),
            "questions": list(self.questions),
            "outcome": str(self.outcome),
            "message": self.message,
            "seconds": self.seconds,
            "traces": list(self.traces),
            "facts": [list(fact) for fact in self.facts],
            "events": {"sent": list(self.events.sent), "seen": list(self.events.seen)},
            "rules": {name: each.as_data() for name, each in self.rules.items()},
            "spent": self.spent.as_data(),
        }
        told |= {name: each for name in _ON_OCCASION if (each := getattr(self, name))}
        if self.upstream_traces:
            told["upstream_traces"] = list(self.upstream_traces)
        if self.attempts:
            told["attempts"] = [each.as_data() for each in self.attempts]
        return told

    @classmethod
    def from_data(cls, told: Mapping[str, Any]) -> ConversationRecord:
        """Read what `as_data` returned; KeyError, TypeError or ValueError if it is something else."""
        events = told["events"]
        return cls(
            conversation=told["conversation"],
            title=told["title"],
            promises=tuple(told["promises"]),
            questions=tuple(told["questions"]),
            outcome=Outcome(told["outcome"]),
            message=told["message"],
            seconds=told["seconds"],
            traces=tuple(told["traces"]),
            upstream_traces=tuple(told.get("upstream_traces", ())),
            facts=tuple((kind, name) for kind, name in told["facts"]),
            events=EventTypes(tuple(events["sent"]), tuple(events["seen"])),
            rules={name: RuleRecord.from_data(each) for name, each in told["rules"].items()},
            spent=Spent.from_data(told["spent"]),
            script=told.get("script", ""),
            step=told.get("step", ""),
            expected=told.get("expected", ""),
            actual=told.get("actual", ""),
            known=told.get("known", ""),
            cause=told.get("cause", ""),
            attempts=tuple(AttemptRecord.from_data(each) for each in told.get("attempts", ())),
            flaky=told.get("flaky", False),
        )
