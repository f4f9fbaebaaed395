"""The JSON Schema of scenarios, with the steps as they are declared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from conformance.contract.harness_schemas import harness_schema
from conformance.scenario.step import MODIFIERS
from conformance.scenario.steps import STEPS

#: What a page of JSON is wide.
WIDTH = 120


@cache
def scenario_schema() -> Mapping[str, Any]:
    """Return the schema of a scenario."""
    return _with_steps(harness_schema("scenario"))


def _with_steps(schema: Mapping[str, Any]) -> dict[str, Any]:
    definitions = dict(schema["$defs"])
    modifiers = {name: each for name, each in definitions["step"]["properties"].items() if name in MODIFIERS}
    arguments = {name: _described(each.argument, each.text) for name, each in STEPS.items()}
    bare = [name for name, each in STEPS.items() if each.bare]
    definitions["bare"] = definitions["bare"] | {"enum": bare}
    definitions["step"] = definitions["step"] | {"properties": {**arguments, **modifiers}}
    return {**schema, "$defs": definitions}


def _described(argument: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"description": " ".join(text.split("\n\n")[0].split()), **argument}


def schema_file(text: bytes) -> str:
    """Render `schemas/harness/scenario.json`, which editors read: its *text* as it is now, with the declared steps."""
    return _page(_with_steps(json.loads(text))) + "\n"


def _page(value: Any, indent: int = 0, before: int = 0) -> str:
    """Write JSON, everything on one line that fits there; *before* is how much of the line is taken."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + before + len(line) < WIDTH or not isinstance(value, dict | list):
        return line
    if isinstance(value, list):
        rows = [_page(each, indent + 2) for each in value]
    else:
        rows = [f'"{name}": {_page(each, indent + 2, len(name) + 4)}' for name, each in value.items()]
    begin, end = "[]" if isinstance(value, list) else "{}"
    return "\n".join((begin, ",\n".join(" " * (indent + 2) + row for row in rows), " " * indent + end))
