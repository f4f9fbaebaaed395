"""What is wrong with a scenario or a script of the reference endpoint, before any endpoint hears it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.contract.dialects import DIALECTS
from conformance.errors import ScenarioError
from conformance.reference.session.script import is_script, lint_script
from conformance.report.text import wrapped
from conformance.rules import RULES
from conformance.rules.rule_packs import judged_rules
from conformance.scenario.load import load
from conformance.scenario.static_checks import dead

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from conformance.scenario.model import Scenario, Step


@dataclass(frozen=True)
class Remark:
    """One thing to tell about a file."""

    where: str
    """`file:line:column`; empty where the message begins with it."""
    message: str
    detail: str = ""
    """More of the cause, and the cure."""
    warning: bool = False
    """Worth a look; the file may be right."""

    def __str__(self) -> str:
        # The first line stays whole: editors read it.
        head = ": ".join(filter(None, (self.where, "warning" if self.warning else "", self.message)))
        return "\n".join((head, *(part for line in self.detail.splitlines() for part in wrapped(line, "    "))))


def remarks(path: Path) -> Iterator[Remark]:
    """Give all that is to be told about a file: mistakes, and warnings."""
    if is_script(path):
        yield from (Remark("", told) for told in lint_script(path))
        return
    try:
        scenario = load(path)
    except ScenarioError as error:
        yield Remark(error.where, error.message, error.cure)
        return
    yield from (Remark(each.where, each.message, each.cure) for each in _unknown_promises(scenario))
    found = dead(scenario, DIALECTS)
    told = [Remark(where_is(scenario, each.step or f"{each.key}:"), each.message, each.cure) for each in found]
    yield from told
    yield from _rehearsed(scenario, {each.where for each in told})


def _rehearsed(scenario: Scenario, known: Collection[str]) -> Iterator[Remark]:
    """Tell what a rehearsal shows, but not once more what reading has shown."""
    # The reference endpoint and the player: too heavy for a collection, which reads promises alone.
    from conformance.commands.exercise import unexercised

    # What vendors promise beyond the protocol the reference need not show.
    promised = [RULES[rule_id] for rule_id in scenario.proves if rule_id in RULES]
    yield from (each for each in unexercised(scenario, promised) if each.where not in known)


def promises_exist(scenario: Scenario) -> None:
    """Look whether there are the rules that a scenario promises to prove; ScenarioError if not."""
    for error in _unknown_promises(scenario):
        raise error


def _unknown_promises(scenario: Scenario) -> Iterator[ScenarioError]:
    for rule_id in scenario.proves:
        if rule_id not in judged_rules():
            near = difflib.get_close_matches(rule_id, judged_rules(), n=1)
            yield ScenarioError(
                f"proves: there is no rule {rule_id!r}",
                f"Did you mean {near[0]!r}?" if near else "List them: realtime-conformance rules",
                where=where_is(scenario, rule_id),
            )


def place_of(scenario: Scenario, words: str) -> tuple[int, int]:
    """Give line and column (from 1) of *words* in the scenario's file."""
    text = scenario.path.read_text(encoding="utf-8").splitlines() if scenario.path is not None else []
    whole = re.compile(rf"(?<![\w./-]){re.escape(words)}(?![\w./-])")
    for number, line in enumerate(text, 1):
        if found := whole.search(line):
            return number, found.start() + 1
    return 1, 1


def where_is(scenario: Scenario, what: Step | str) -> str:
    """Give `file:line:column` of a step, or of words in the file."""
    line, column = place_of(scenario, what) if isinstance(what, str) else (what.line, what.column)
    return f"{scenario.path}:{line}:{column}"
