"""What is wrong with a scenario or a script of the reference endpoint, without playing it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from conformance.errors import ScenarioError
from conformance.reference.script import is_script, lint_script
from conformance.rules import RULES
from conformance.scenario.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.scenario.model import Scenario


def mistakes(path: Path) -> Iterator[str]:
    """Give each mistake as `file:line:column: message`, with its cure."""
    if is_script(path):
        yield from lint_script(path)
        return
    try:
        promises_exist(load(path))
    except ScenarioError as error:
        yield str(error)


def promises_exist(scenario: Scenario) -> None:
    """Look whether there are the rules that a scenario promises to prove; ScenarioError if not."""
    for rule_id in scenario.proves:
        if rule_id not in RULES:
            near = difflib.get_close_matches(rule_id, RULES, n=1)
            line, column = place_of(scenario, rule_id)
            raise ScenarioError(
                f"proves: there is no rule {rule_id!r}",
                f"Did you mean {near[0]!r}?" if near else "List them: realtime-conformance rules",
                where=f"{scenario.path}:{line}:{column}",
            )


def place_of(scenario: Scenario, words: str) -> tuple[int, int]:
    """Give line and column (from 1) of *words* in the scenario's file."""
    text = scenario.path.read_text(encoding="utf-8").splitlines() if scenario.path is not None else []
    for number, line in enumerate(text, 1):
        if words in line:
            return number, line.index(words) + 1
    return 1, 1
