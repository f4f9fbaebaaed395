"""What one item tells Allure: where it is filed, what it is called, which steps the conversation took.

Items that break the same rule are filed under that rule, with the same title and message, whatever item of whatever
conversation noticed it: so that one fault is one group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from conformance.report.inert import inert, one_line
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword, Rule
from conformance.rules.rule_packs import heading_of
from conformance.run.baseline import PLAYS
from conformance.run.promises import rule_named
from conformance.run.record import KEEPS_THOSE_OF, keeps

if TYPE_CHECKING:
    from conformance.run.ruling import JudgedConversation, Ruling
    from conformance.run.settings import Settings
    from conformance.scenario.model import Scenario
    from conformance.trace.trace import Entry, Trace

#: Severity by keyword (https://allurereport.org/docs/test-statuses/).
SEVERITY: Mapping[Keyword, str] = {Keyword.MUST: "critical", Keyword.SHOULD: "normal", Keyword.MAY: "minor"}
#: Where items are filed that ask about no single rule.
CONVERSATIONS = "Conversations"
#: What our client writes into the ids of its events: their number, and the step that sent them.
STEP_OF = re.compile(r"client_\d+_(\w+)")
#: Steps of one item; a conversation with more is told by its trace.
MOST_STEPS = 60
TAG = "tag"
CLASS = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|NonConformance|Unproven|Trouble|Skipped|Failed): ")


@dataclass(frozen=True)
class AllureStep:
    """One step of the scenario, in seconds since connect."""

    name: str
    began: float
    ended: float


@dataclass(frozen=True)
class AllureItem:
    """One item as Allure shall show it."""

    title: str
    labels: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...] = ()
    """(name, address)."""
    message: str = ""
    """In the place of the exception's text; empty to keep that."""
    seconds: float = 0.0
    steps: tuple[AllureStep, ...] = field(default=())
    flaky: bool = False


def item_of(scenario: Scenario, name: str, settings: Settings) -> AllureItem:
    """Return what is known of an item before its conversation is over."""
    rule = rule_named(name)
    vendor = vendor_of(name)
    epic = heading_of(vendor) if vendor else settings.target.dialect.title
    labels = [("epic", epic), *_about(scenario, settings)]
    if rule is not None:
        return AllureItem(rule.sentence, (*labels, *_of_rule(rule)), ((rule.id, rule.spec),))
    labels += [("feature", CONVERSATIONS), ("story", scenario.topic or scenario.id), ("severity", "critical")]
    return AllureItem(f"{scenario.title}: {own_words(name)}", tuple(labels))


def judged_item(item: AllureItem, name: str, judged: JudgedConversation, *, whole: bool) -> AllureItem:
    """Return the same item now that its conversation is judged; *whole*: it stands for the whole conversation."""
    seconds = judged.conversation.seconds if whole else 0.0
    steps = steps_of(judged.conversation.traces) if whole else ()
    found = findings_for(name, judged)
    if not found:
        return AllureItem(item.title, item.labels, item.links, item.message, seconds, steps, judged.flaky)
    rule = found[0].rule
    kept = [each for each in item.labels if each[0] not in _FILED]
    kept += [*_of_rule(rule), *((TAG, f"{each.rule.keyword} not kept") for each in found[:1] if _mild(each))]
    return AllureItem(rule.sentence, tuple(kept), ((rule.id, rule.spec),), rule.demand, seconds, steps, judged.flaky)


def findings_for(name: str, judged: JudgedConversation) -> Sequence[Ruling]:
    """Return the rulings with findings that an item asks about, the gravest first."""
    asked = [judged.rulings[name]] if name in judged.rulings else judged.rulings.values()
    told = [each for each in asked if each.findings and each.verdict in (Verdict.FAIL, Verdict.WARNING)]
    if name not in judged.rulings:
        promised = judged.conversation.scenario.proves
        told = [each for each in told if keeps(each.rule.vendor) == name and each.rule.id not in promised]
    return sorted(told, key=_mild)


def vendor_of(name: str) -> str:
    """Return whose rules an item asks about, by its name; empty for ours."""
    if (rule := rule_named(name)) is not None:
        return rule.vendor
    return name.removeprefix(KEEPS_THOSE_OF) if name.startswith(KEEPS_THOSE_OF) else ""


def own_words(name: str) -> str:
    """Say what an item asks that asks about no single rule."""
    if vendor := vendor_of(name):
        return f"breaks no rule of {vendor} that it does not set out to prove"
    return "gets through its script" if name == PLAYS else "breaks no rule that it does not set out to prove"


def _mild(ruling: Ruling) -> bool:
    return ruling.verdict is not Verdict.FAIL


#: Labels that say where an item is filed.
_FILED = frozenset({"feature", "story", "severity", "rule", "requirement", "keyword"})


def _of_rule(rule: Rule) -> Iterator[tuple[str, str]]:
    covers = ", ".join(rule.covers)
    yield "feature", rule.chapter or rule.vendor
    yield "story", f"{covers} {rule.sentence}" if covers else rule.sentence
    yield "severity", SEVERITY[rule.keyword]
    yield "rule", rule.id
    yield "keyword", str(rule.keyword)
    yield from (("requirement", each) for each in rule.covers)


def _about(scenario: Scenario, settings: Settings) -> Iterator[tuple[str, str]]:
    profile = settings.profile.name if settings.profile is not None else "no profile"
    yield "parentSuite", profile
    yield "suite", scenario.topic or scenario.id
    yield "subSuite", scenario.id
    yield "profile", profile
    yield "auth", settings.auth or settings.target.auth
    yield "model", settings.target.model or "not named"
    yield "framework", "realtime-conformance"


def steps_of(traces: Sequence[Trace]) -> tuple[AllureStep, ...]:
    """Return the steps of the scenario as the ids of the client's events name them, with the times of the trace."""
    found = [step for trace in traces for step in _steps(trace)]
    return tuple(found[:MOST_STEPS])


def _steps(trace: Trace) -> Iterator[AllureStep]:
    sent = [entry for entry in trace if entry.sent and entry.at is not None]
    groups = [(name, next(entries)) for name, entries in groupby(sent, key=_step_name)]
    ends = [*(entry.at or 0.0 for _, entry in groups[1:]), trace.duration][: len(groups)]
    for (name, entry), ended in zip(groups, ends, strict=True):
        began = entry.at or 0.0
        yield AllureStep(name, began, max(ended, began))


def _step_name(entry: Entry) -> str:
    event_id = (entry.event or {}).get("event_id")
    found = STEP_OF.fullmatch(event_id) if isinstance(event_id, str) else None
    return found[1] if found is not None else one_line(entry.type, 60) or "a frame of its own"


def without_class(message: str) -> str:
    """Return a message, inert, without the name of the Python class that pytest puts before it."""
    return inert(CLASS.sub("", message))
