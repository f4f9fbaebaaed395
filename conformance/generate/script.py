"""A scenario as the YAML text that `scenario.load` reads back."""

from __future__ import annotations

import re
from typing import Any

import yaml

from conformance.scenario.model import Scenario
from conformance.scenario.step import Step

#: What may stand without quotes: reads as text in every version of YAML.
BARE_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*[A-Za-z0-9_]")
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"})
WIDTH = 110


#: Five times as fast where PyYAML was built with it; its lines break elsewhere in long texts.
Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _ScriptDumper(Dumper):  # type: ignore[misc, valid-type]
    """Quotes every text that some reader could take for something else."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write what occurs twice twice."""
        return True


def _text(writer: yaml.SafeDumper, text: str) -> yaml.Node:
    bare = BARE_TEXT.fullmatch(text) and text.lower() not in WORDS
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=None if bare else '"')


_ScriptDumper.add_representer(str, _text)


def written(scenario: Scenario, proves: tuple[str, ...] = ()) -> str:
    """Return the script of a scenario, without a comment."""
    data: dict[str, Any] = {"scenario": scenario.title}
    if proves:
        data["proves"] = list(proves)
    if len(scenario.dialects) == 1:
        data["dialects"] = sorted(scenario.dialects)
    if scenario.intent:
        data["intent"] = scenario.intent
    data["steps"] = [_step(each) for each in scenario.steps]
    return yaml.dump(
        data, Dumper=_ScriptDumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=WIDTH
    )


def _step(step: Step) -> dict[str, Any]:
    modifiers = {"answer": step.answer, "as": step.remember, "within": step.within, "on": step.on, "only": step.only}
    return {step.name: step.argument, **{name: each for name, each in modifiers.items() if each}}
