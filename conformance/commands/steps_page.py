"""`docs/steps.md`: every step as it is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from conformance.scenario.steps import STEPS
from conformance.scenario.steps.declaration import ACKNOWLEDGED, Declaration

INTRODUCTION = """\
The steps of a script ([scenarios.md](scenarios.md)); to try one, run `pytest my_scenario.yaml`.  A step that sends an
event waits for its acknowledgement, unless `answer` says otherwise; no step concludes anything from silence.
"""


def steps_page(generated: str) -> str:
    """Render the page; *generated* is the mark of generated pages."""
    lines = ["# Steps", "", generated, "", INTRODUCTION]
    for subject, members in groupby(STEPS.values(), key=lambda each: each.subject):
        heading, _, common = subject.partition("\n\n")
        lines += [f"## {heading.removesuffix('.')}", "", *((common, "") if common else ())]
        for each in members:
            lines += [f"### `{each.name}`", "", each.text, "", *_options(each), *_modifiers(each), *_examples(each)]
    return "\n".join(lines).rstrip() + "\n"


def _options(declared: Declaration) -> Iterator[str]:
    argument = declared.argument
    full = argument.get("then", argument)
    if options := full.get("properties"):
        yield from ("| option | values | meaning |", "|---|---|---|")
        yield from (
            f"| `{name}`{' (required)' if name in full.get('required', ()) else ''} | {_values(each)} "
            f"| {each.get('description', '')} |".replace("  ", " ")
            for name, each in options.items()
        )
        yield ""
    elif named := full.get("propertyNames", full).get("enum"):
        what = "Settings" if declared.settings else "Values"
        yield from (f"{what}: {', '.join(f'`{each}`' for each in named)}.", "")


def _values(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "$ref" in schema or schema.get("type") == "string":
        return "text"
    if "if" in schema:
        return f"{_values(schema['else'])}, or a list"
    return {"integer": "a whole number", "boolean": "true or false", "array": "a list"}.get(
        schema["type"], f"{'an' if schema['type'][0] in 'aeiou' else 'a'} {schema['type']}"
    )


def _modifiers(declared: Declaration) -> Iterator[str]:
    takes = [f"`{each}`" for each in ("as", "within") if each in declared.modifiers]
    if declared.answers:
        chosen = "" if declared.answers == ACKNOWLEDGED else f" ({', '.join(f'`{each}`' for each in declared.answers)})"
        takes = [f"`answer`{chosen}", *takes]
    told = ["The argument is optional."] if declared.bare and declared.argument.get("type") != "null" else []
    told += [f"Takes {', '.join(takes)}."] if takes else []
    if told:
        yield from (" ".join(told), "")


def _examples(declared: Declaration) -> Iterator[str]:
    for example in declared.examples:
        yield from ("```yaml", example.strip(), "```", "")
