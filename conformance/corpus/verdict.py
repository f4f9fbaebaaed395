"""The verdict on one recorded conversation: small, plain, and fit to be sent between processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from itertools import islice
from operator import gt
from typing import TYPE_CHECKING

from conformance.contract.dialects import CANONICAL, DIALECTS, recognise
from conformance.corpus.understanding import understood
from conformance.rules.deviations import folded
from conformance.rules.engine.dispatch import Dispatch
from conformance.rules.engine.rule import Keyword
from conformance.rules.rule_packs import judged_rules
from conformance.trace.views import View

if TYPE_CHECKING:
    from conformance.contract.profile import Waiver
    from conformance.corpus.understanding import Understanding
    from conformance.rules.engine.dispatch import Dispatched
    from conformance.rules.engine.rule import Finding
    from conformance.trace.formats.recording import Recording
    from conformance.trace.trace import Trace

#: `about=` of rules that a recording without it cannot show broken.
WIRE_ONLY = {"handshake": "no handshake was recorded", "end": "the end was not recorded"}


class RecordingOutcome(StrEnum):
    """What a recording came to, the gravest first."""

    UNREADABLE = "unreadable"
    OTHER_PROTOCOL = "another protocol"
    """Not a Realtime conversation."""
    ERROR = "error"
    """A rule of ours failed."""
    BROKEN = "broken"
    UNPROVEN = "unproven"
    """A rule that was expected to be proved was not."""
    UNCLEAR = "unclear"
    """Less than half of it could be understood, or no rule found anything to judge in it."""
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, with its place."""

    rule: str
    entry: int
    place: str
    message: str
    expected: str = ""
    actual: str = ""
    path: str = ""
    hint: str = ""
    """What is usually behind it."""
    excuse: str = ""
    """Why it does not count."""


@dataclass(frozen=True)
class Demands:
    """What is asked of recordings beside the rules themselves."""

    dialect: str = "auto"
    fail_on: frozenset[Keyword] = frozenset({Keyword.MUST})
    """Findings of rules with these keywords break a conversation."""
    expected: tuple[str, ...] = ()
    """Rules that every conversation has to prove."""
    usual: str = CANONICAL.name
    """The dialect of a recording that shows none."""
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    """Rule id -> what the vendor's profile excuses."""


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """What the rules say of one recorded conversation."""

    name: str
    kind: RecordingOutcome
    dialect: str = ""
    entries: int = 0
    known: int = 0
    """Frames that hold an event of a known revision."""
    frames: int = 0
    """Frames that were said in earnest."""
    findings: tuple[Found, ...] = ()
    waived: tuple[Found, ...] = ()
    """What would have been found, but for the profile."""
    held: Mapping[str, int] = field(default_factory=dict)
    """Rule id -> how often it held, of rules without findings."""
    unproven: tuple[str, ...] = ()
    """Rules that were expected to be proved, and were not."""
    silent_wire: tuple[str, ...] = ()
    """Why some rules could not be judged: what of the wire the recording does not show."""
    trouble: str = ""
    """Why it could not be read or judged."""
    remark: str = ""
    """What had to be concluded, because the recording does not tell."""

    def of(self, keyword: Keyword, vendor: str = "") -> list[Found]:
        """Return the findings of rules with this keyword, of ours or of a vendor's."""
        rules = judged_rules()
        named = ((each, rules[each.rule]) for each in self.findings)
        return [each for each, rule in named if rule.keyword is keyword and rule.vendor == vendor]


#: The verdict on a conversation, and what it was made from; None where it is not of this protocol.
JudgedRecording = tuple[RecordedVerdict, View | None, "Dispatched | None"]


def judge_recording(recording: Recording, demands: Demands) -> RecordedVerdict:
    """Return the verdict on one recorded conversation."""
    ((verdict, _, _),) = judge_together((recording,), demands)
    return verdict


def judge_together(recordings: Sequence[Recording], demands: Demands) -> list[JudgedRecording]:
    """Return the verdict on each of some recorded conversations; together they take less time."""
    understandings = [understood(each.trace) for each in recordings]
    views = [
        View(each.trace, DIALECTS[_dialect_of(each.trace, demands)])
        for each, understanding in zip(recordings, understandings, strict=True)
        if not understanding.other_protocol
    ]
    judged = zip(views, _outcomes(views), strict=True)
    return [
        (_of_another_protocol(each, understanding), None, None)
        if understanding.other_protocol
        else _judged(each, demands, understanding, *next(judged))
        for each, understanding in zip(recordings, understandings, strict=True)
    ]


def _outcomes(views: Sequence[View]) -> list[Dispatched]:
    """Return what the rules say of each view."""
    found: dict[int, Dispatched] = {}
    for dialect in {view.dialect.name for view in views}:
        numbers = [number for number, view in enumerate(views) if view.dialect.name == dialect]
        outcomes = _dispatch(dialect).judge_together([views[number] for number in numbers])
        for number, outcome in zip(numbers, outcomes, strict=True):
            found[number] = folded(views[number], outcome, _dispatch(dialect).judge)
    return [found[number] for number in range(len(views))]


def _judged(
    recording: Recording, demands: Demands, understanding: Understanding, view: View, outcome: Dispatched
) -> JudgedRecording:
    dialect, trace = view.dialect.name, recording.trace
    outcome, waived = _but_for(demands.waivers, outcome, trace) if demands.waivers else (outcome, {})
    findings = tuple(_found(recording, outcome.findings))
    unproven = tuple(name for name in _unproven(demands, outcome, dialect) if name not in waived)
    verdict = RecordedVerdict(
        name=recording.name,
        kind=_kind(outcome, demands, unproven, understanding, judged=bool(outcome.held or outcome.findings or waived)),
        dialect=dialect,
        entries=len(trace),
        known=understanding.known,
        frames=understanding.frames,
        findings=findings,
        waived=tuple(_excused(recording, waived, demands.waivers)) if waived else (),
        held={name: outcome.held[name] for name in outcome.proved} if findings else outcome.held,
        unproven=unproven,
        silent_wire=tuple(_unrecorded(trace)),
        trouble="; ".join(f"{name}: {error}" for name, error in outcome.errors.items()),
        remark="; ".join(filter(None, (recording.remark, _disorder(trace) if findings else ""))),
    )
    return verdict, view, outcome


def _of_another_protocol(recording: Recording, understanding: Understanding) -> RecordedVerdict:
    return RecordedVerdict(
        name=recording.name,
        kind=RecordingOutcome.OTHER_PROTOCOL,
        entries=len(recording.trace),
        known=understanding.known,
        frames=understanding.frames,
        trouble=f"{recording.name}: not a Realtime conversation, but {understanding.other_protocol}",
        remark=recording.remark,
    )


@cache
def _dispatch(dialect: str) -> Dispatch:
    return Dispatch(judged_rules().values(), DIALECTS[dialect])


def _dialect_of(trace: Trace, demands: Demands) -> str:
    if demands.dialect in DIALECTS:
        return demands.dialect
    if trace.dialect in DIALECTS:
        return trace.dialect
    found = recognise(entry.event for entry in trace.entries if entry.event is not None and not entry.sent)
    return found.name if found is not None else demands.usual


def _but_for(
    waivers: Mapping[str, Waiver], outcome: Dispatched, trace: Trace
) -> tuple[Dispatched, Mapping[str, Sequence[Finding]]]:
    """Return what the rules say without what is excused, and the findings of each rule that says nothing any more."""
    from conformance.run.ruling import LocatedFinding, unexcused

    findings, held, waived = dict(outcome.findings), dict(outcome.held), {}
    for name, waiver in waivers.items():
        found = findings.get(name, [])
        left = unexcused(waiver, [LocatedFinding(each, trace) for each in found])
        if left is None:
            waived[name] = findings.pop(name, [])
            held.pop(name, None)
        elif left:
            findings[name] = [each.finding for each in left]
    return replace(outcome, findings=findings, held=held), waived


def _excused(
    recording: Recording, waived: Mapping[str, Sequence[Finding]], waivers: Mapping[str, Waiver]
) -> Iterable[Found]:
    from conformance.run.ruling import why_waived

    return (replace(each, excuse=why_waived(waivers[each.rule])) for each in _found(recording, waived))


def _found(recording: Recording, found: Mapping[str, Sequence[Finding]]) -> Iterable[Found]:
    for name, findings in found.items():
        for each in findings:
            place = recording.place(each.index)
            yield Found(name, each.index, place, each.message, each.expected, each.actual, each.path, each.hint)


def _unproven(demands: Demands, outcome: Dispatched, dialect: str) -> Iterable[str]:
    """Yield the expected rules that apply to the revision and neither held nor found anything."""
    if demands.expected:
        applicable = {rule.id for rule in _dispatch(dialect).rules}
        for name in demands.expected:
            if name in applicable and name not in outcome.held and name not in outcome.findings:
                yield name


def _unrecorded(trace: Trace) -> Iterable[str]:
    if trace.handshake is None:
        yield WIRE_ONLY["handshake"]
    if trace.end is None:
        yield WIRE_ONLY["end"]


def _disorder(trace: Trace) -> str:
    """Return what is to be said where the times of a recording contradict the order of its entries; else nothing."""
    times = [entry.at for entry in trace.entries if entry.at is not None]
    backwards = sum(map(gt, times, islice(times, 1, None)))
    told = f"the times run backwards ({backwards} times): if the order is wrong, so may be what is found"
    return told if backwards else ""


def _kind(
    outcome: Dispatched, demands: Demands, unproven: tuple[str, ...], understanding: Understanding, *, judged: bool
) -> RecordingOutcome:
    rules = judged_rules()
    if outcome.errors:
        return RecordingOutcome.ERROR
    if any(rules[name].keyword in demands.fail_on for name in outcome.findings):
        return RecordingOutcome.BROKEN
    if any(rules[name].keyword is Keyword.MUST or Keyword.SHOULD in demands.fail_on for name in unproven):
        return RecordingOutcome.UNPROVEN
    return RecordingOutcome.UNCLEAR if understanding.doubtful or not judged else RecordingOutcome.CLEAN


def unreadable(name: str, trouble: str) -> RecordedVerdict:
    """Return the verdict on a file, or on what is left of it, that cannot be read."""
    return RecordedVerdict(name, RecordingOutcome.UNREADABLE, trouble=trouble)
