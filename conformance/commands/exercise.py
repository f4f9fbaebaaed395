"""What a script shows: it is played in memory on the reference endpoint, and its promises are judged."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from conformance.commands.remark import Remark
from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.errors import ConformanceError
from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Conversation, Outcome
from conformance.reference.session.core import FEATURES
from conformance.rules.engine.judge import Verdict, judge
from conformance.scenario.load import library, load
from conformance.scenario.steps import STEPS
from conformance.trace.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.rules.engine.rule import Rule
    from conformance.scenario.model import Scenario


@dataclass
class Exercise:
    """A script on the reference endpoint, in one dialect."""

    dialect: str
    stopped: Conversation | None = None
    """The first play that did not come to the end of the script."""
    verdicts: dict[str, set[Verdict]] = field(default_factory=dict)
    """Promised rule -> what it said of any trace."""

    @property
    def unproven(self) -> frozenset[str]:
        """The promised rules that the dialect knows, and nothing exercised."""
        silent = {Verdict.UNPROVEN, Verdict.NOT_APPLICABLE}
        return frozenset(rule for rule, told in self.verdicts.items() if told <= silent) - self.inapplicable

    @property
    def inapplicable(self) -> frozenset[str]:
        """The promised rules that speak of what the dialect does not have."""
        return frozenset(rule for rule, told in self.verdicts.items() if told == {Verdict.NOT_APPLICABLE})

    @property
    def told_nothing(self) -> bool:
        """Whether it stopped for a reason that says nothing about the script: the model's choice."""
        return self.stopped is not None and self.stopped.outcome is not Outcome.STOPPED


def exercises(scenario: Scenario, promised: Sequence[Rule]) -> Iterator[Exercise]:
    """Play a scenario in each of its dialects; with `each: auth` in every auth style.

    ConformanceError if it cannot be played here at all, e.g. for want of a clip in the right format.
    """
    for dialect in sorted(scenario.dialects):
        found = Exercise(dialect, verdicts={rule.id: set() for rule in promised})
        for style in STYLES if scenario.each == "auth" else ("",):
            played = rehearse(scenario, dialect, variant=style, features=frozenset(FEATURES - scenario.without))
            if found.stopped is None and played.outcome is not Outcome.PLAYED:
                found.stopped = played
            for trace in played.traces:
                for each in judge(View(trace, DIALECTS[trace.dialect]), promised):
                    found.verdicts[each.rule.id].add(each.verdict)
        yield found


@cache
def shown_by_every_endpoint() -> frozenset[str]:
    """Return the rules that some bundled scenario promises.

    The others wait for an occasion that few endpoints give: that the reference does not give it says nothing.
    """
    return frozenset(rule for path in library() for rule in load(path).proves)


def unexercised(scenario: Scenario, promised: Sequence[Rule]) -> Iterator[Remark]:
    """Tell where the rehearsal ends before the script does, and which promises it does not exercise."""
    try:
        found = list(exercises(scenario, promised))
    except ConformanceError as error:
        yield Remark(f"{scenario.path}:1:1", f"cannot be rehearsed: {error.message}", error.cure)
        return
    yield from _stops(scenario, found)
    for rule in promised:
        if all(rule.id in each.inapplicable for each in found):
            detail = f"It is played in {_dialects(found)} alone (`dialects`). Remove the promise."
            yield Remark(scenario.where_is(rule.id), f"proves: {rule.id}: it cannot apply in this dialect", detail)
        elif silent := [each for each in found if rule.id in each.unproven and not each.told_nothing]:
            yield _unproven(scenario, rule.id, silent)


def _dialects(found: Iterable[Exercise]) -> str:
    return " and ".join(each.dialect for each in found)


def _unproven(scenario: Scenario, rule_id: str, silent: list[Exercise]) -> Remark:
    played = f"Played on the reference endpoint ({_dialects(silent)})"
    stops = {each.stopped.step.line for each in silent if each.stopped and each.stopped.step}
    stopped = f", where it stops at line {' and '.join(map(str, sorted(stops)))}" if stops else ""
    if excuse := _excuse(scenario, rule_id):
        cure = f"{excuse}: yours may show it."
    else:
        cure = "Add steps that exercise it, or remove the promise."
    message = f"proves: {rule_id}: nothing in this script exercises it"
    return Remark(scenario.where_is(rule_id), message, f"{played}{stopped}.\n{cure}", warning=bool(excuse))


def _excuse(scenario: Scenario, rule_id: str) -> str:
    """Say why the silence of the reference endpoint says nothing about the script, if it does not."""
    if always := scenario.without - FEATURES:
        return f"The reference endpoint cannot be without {', '.join(sorted(always))}"
    return "" if rule_id in shown_by_every_endpoint() else "Few endpoints exercise it"


def _stops(scenario: Scenario, found: Iterable[Exercise]) -> Iterator[Remark]:
    stops: dict[tuple[str, str], list[Exercise]] = {}
    for each in found:
        if each.stopped is not None:
            where = scenario.where_is(each.stopped.step or "steps")
            stops.setdefault((where, each.stopped.message), []).append(each)
    for (where, _), stopped in stops.items():
        lines = [*_why(stopped[0])]
        if always := scenario.without - FEATURES:
            lines.append(f"The reference endpoint cannot be without {', '.join(sorted(always))}.")
        message = f"the rehearsal stops here ({_dialects(stopped)})"
        yield Remark(where, message, "\n".join(lines), warning=True)


def _why(stopped: Exercise) -> Iterator[str]:
    """Say what happened instead; the name of an event may be at fault."""
    told = stopped.stopped
    if told is None:
        return
    name = f"`{told.step.name}`" if told.step else "At the end"
    words = (("expected", told.expected), ("actual", told.actual))
    yield "; ".join((f"{name}: {told.message}", *(f"{word}: {text}" for word, text in words if text)))
    events = DIALECTS[stopped.dialect].canonical_server_events
    for kind in STEPS[told.step.name].awaits(told.step) if told.step else ():
        near = difflib.get_close_matches(kind, events, n=1, cutoff=0.8)
        other = next((name for name, each in DIALECTS.items() if kind in each.canonical_server_events), "")
        if kind not in events and (other or near):
            cure = f"{other} alone has it: `only: {other}`." if other else f"Did you mean {near[0]!r}?"
            yield f"{stopped.dialect} has no {kind!r}. {cure}"
    if stopped.told_nothing and stopped.unproven:
        yield f"So it is unknown whether the script exercises {', '.join(sorted(stopped.unproven))}."
