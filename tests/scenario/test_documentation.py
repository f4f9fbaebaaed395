"""The page on scenarios and the examples of steps: every modifier is explained, and every example loads."""

import re
from pathlib import Path

import pytest

from conformance.contract.untestable import UNPLAYED
from conformance.resources import PACKAGE
from conformance.scenario.load import loads
from conformance.scenario.match import OPERATORS
from conformance.scenario.step import MODIFIERS
from conformance.scenario.steps import STEPS

PAGE = (PACKAGE.parent / "docs" / "scenarios.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def scenario_of(example):
    if not example.startswith("- "):
        return loads(example, Path("page.yaml"))
    indented = "".join(f"  {line}\n" for line in example.splitlines())
    return loads(f"scenario: An example.\nsteps:\n{indented}", Path("page.yaml"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads(example):
    assert scenario_of(example).steps


@pytest.mark.parametrize("name", STEPS)
def test_an_example_of_a_step_shows_it(name):
    examples = [scenario_of(example.lstrip()) for example in STEPS[name].examples]

    assert name in {step.name for example in examples for step in example.steps}


def test_every_event_that_cannot_be_played_is_listed_with_its_reason():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    unlisted = {
        kind
        for events in UNPLAYED.values()
        for kind, why in events.items()
        if not any(f"`{kind}`" in row and row.endswith(f"| {why} |") for row in rows)
    }

    assert unlisted == set()


def test_every_modifier_and_operator_is_explained():
    assert {name for name in MODIFIERS if f"| `{name}` |" not in PAGE} == set()
    assert {name for name in OPERATORS if f"`{{{name}: " not in PAGE} == set()


def test_every_key_and_feature_of_the_schema_is_explained():
    import json

    schema = json.loads((PACKAGE.parent / "schemas" / "harness" / "scenario.json").read_text(encoding="utf-8"))
    keys = {key for key in schema["properties"] if not re.search(rf"^\| `{key}(: \w+)?` \|", PAGE, re.MULTILINE)}

    assert keys == set()
    assert {name for name in schema["$defs"]["feature"]["enum"] if f"`{name}`" not in PAGE} == set()
