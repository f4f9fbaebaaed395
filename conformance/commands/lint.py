"""What is wrong with a scenario or a script of the reference endpoint, before any endpoint hears it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.commands.remark import Remark
from conformance.contract.dialects import DIALECTS
from conformance.errors import ScenarioError, UsageError
from conformance.reference.session.script import is_script, lint_script
from conformance.rules import RULES
from conformance.run.promises import unknown_promises
from conformance.scenario.load import load
from conformance.scenario.static_checks import dead

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from conformance.scenario.model import Scenario


#: What the files of scenarios end with.
ENDINGS = (".yaml", ".yml")


def scripts_behind(path: Path) -> list[Path]:
    """Return a file itself, or every YAML file below a folder; UsageError where there is none."""
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.rglob("*") if each.suffix in ENDINGS)
    if not found:
        raise UsageError(f"there are no scenarios behind the folder {path}", f"Looked for: {', '.join(ENDINGS)}")
    return found


def remarks(path: Path) -> Iterator[Remark]:
    """Yield all that is to be told about a file: mistakes, and warnings."""
    if is_script(path):
        yield from (Remark("", told) for told in lint_script(path))
        return
    try:
        scenario = load(path)
    except ScenarioError as error:
        yield Remark(error.where, error.message, error.cure)
        return
    yield from (Remark(each.where, each.message, each.cure) for each in unknown_promises(scenario))
    found = dead(scenario, DIALECTS)
    told = [Remark(scenario.where_is(each.step or each.key), each.message, each.cure) for each in found]
    yield from told
    yield from _rehearsed(scenario, {each.where for each in told})


def _rehearsed(scenario: Scenario, known: Collection[str]) -> Iterator[Remark]:
    """Tell what a rehearsal shows, but not once more what reading has shown."""
    # The reference endpoint and the player: too heavy for a collection, which reads promises alone.
    from conformance.commands.exercise import unexercised

    if scenario.upstream is not None:
        return  # the reference alone does nothing of what an upstream is asked for: `selftest` plays it by a relay

    # What vendors promise beyond the protocol the reference need not show.
    promised = [RULES[rule_id] for rule_id in scenario.proves if rule_id in RULES]
    yield from (each for each in unexercised(scenario, promised) if each.where not in known)
