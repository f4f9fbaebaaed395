"""From YAML files to scenarios; a broken file gets file, line, column, the wrong key and the nearest right one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.contract.dialects import DIALECTS
from conformance.errors import ScenarioError
from conformance.resources import folder
from conformance.scenario.audio import names
from conformance.scenario.model import SOAK, Scenario
from conformance.scenario.schema import scenario_schema
from conformance.scenario.step import MODIFIERS, Step
from conformance.scenario.steps import STEPS
from conformance.yaml_source import Marked, fits, known_keys, nearest, parsed, place_of, plain, read


@cache
def library(*, relayed: bool = False) -> tuple[Path, ...]:
    """Return the files of the bundled scenarios, in order; with *relayed* those too that only a relay can be played."""
    home = folder("scenarios")
    found = sorted(path for path in home.rglob("*.yaml"))
    return tuple(path for path in found if relayed or path.parent != home / "relay")


@cache
def suite() -> frozenset[str]:
    """Return the ids of the bundled scenarios that a run plays by itself: no relay's, and none that takes minutes."""
    home = folder("scenarios")
    return frozenset(_id(path, home) for path in library() if path.parent != home / SOAK)


def load(path: Path, home: Path | None = None) -> Scenario:
    """Read one scenario file; *home* is the folder that ids are relative to.  ScenarioError says what is wrong."""
    return _scenario(read(path, ScenarioError), path, home)


def loads(text: str, path: Path, home: Path | None = None) -> Scenario:
    """Read a scenario from its text."""
    return _scenario(parsed(text, path, ScenarioError), path, home)


def _scenario(data: Marked, path: Path, home: Path | None) -> Scenario:
    schema = scenario_schema()
    known_keys(data, schema["properties"], path, ScenarioError)
    _known_steps(data, path)
    fits(data, schema, path, ScenarioError)
    _known_clips(data, path)
    steps = [_step(each, data, index) for index, each in enumerate(data["steps"])]
    return Scenario(
        id=_id(path, home),
        title=data["scenario"],
        steps=tuple(played for step, on in steps for played in _on_each(step, on)),
        proves=tuple(data.get("proves", ())),
        needs=frozenset((*data.get("needs", ()), *("text_output" for step, _ in steps if _wants_text(step)))),
        without=frozenset(data.get("without", ())),
        dialects=frozenset(data.get("dialects", DIALECTS)),
        tags=frozenset(data.get("tags", ())),
        each=data.get("each", ""),
        intent=data.get("intent", ""),
        upstream=plain(data["upstream"]) if "upstream" in data else None,
        path=path,
        places=data.keys_at | {rule: place_of(data, ["proves", at]) for at, rule in enumerate(data.get("proves", ()))},
    )


def _id(path: Path, home: Path | None) -> str:
    own = path.with_suffix("")
    base = home or folder("scenarios")
    return own.relative_to(base).as_posix() if own.is_relative_to(base) else own.name


def _known_steps(data: Marked, path: Path) -> None:
    """Refuse what the schema would refuse less clearly: unknown steps, two steps in one, a missing argument."""
    steps = data.get("steps")
    for index, each in enumerate(steps if isinstance(steps, list) else ()):
        line, column = place_of(data, ["steps", index])
        if isinstance(each, str):
            _known_step(each, None, f"{path}:{line}:{column}")
        elif isinstance(each, Marked):
            called = [key for key in each if key not in MODIFIERS]
            if len(called) != 1:
                also = ", ".join(sorted(MODIFIERS))
                found = " and ".join(called) or "none"
                message = f"a step has one name (beside {also}); here: {found}"
                raise ScenarioError(message, where=f"{path}:{line}:{column}")
            line, column = each.keys_at[called[0]]
            _known_step(called[0], each[called[0]], f"{path}:{line}:{column}")


def _known_step(name: str, argument: Any, where: str) -> None:
    if name not in STEPS:
        raise ScenarioError(f"unknown step {name!r}", nearest(name, STEPS), where=where)
    if argument is None and not STEPS[name].bare:
        raise ScenarioError(f"the step {name!r} needs an argument", "See docs/steps.md.", where=where)


def _known_clips(data: Marked, path: Path) -> None:
    """Refuse a clip that is neither bundled nor beside the script: better now than in the middle of a play."""
    for index, each in enumerate(data["steps"]):
        step, _ = _step(each, data, index)
        clip = STEPS[step.name].clip(step)
        if clip is not None and "${" not in clip and clip not in (known := names(path.parent)):
            line, column = place_of(data, ["steps", index, step.name])
            raise ScenarioError(
                f"there is no audio clip {clip!r}", nearest(clip, known), where=f"{path}:{line}:{column}"
            )


def _step(each: Any, data: Marked, index: int) -> tuple[Step, Any]:
    """Return a step, and the connections on which it is played."""
    if isinstance(each, str):
        return Step(each, None, *place_of(data, ["steps", index])), ""
    name = next(key for key in each if key not in MODIFIERS)
    step = Step(
        name=name,
        argument=plain(each[name]),
        line=each.where[0],
        column=each.where[1],
        answer=each.get("answer", ""),
        remember=each.get("as", ""),
        within=each.get("within"),
        only=each.get("only", ""),
    )
    return step, each.get("on", "")


def _wants_text(step: Step) -> bool:
    """Return whether a step asks for answers in text, and wants no refusal."""
    return isinstance(step.argument, dict) and step.argument.get("modalities") == "text" and step.answer in ("", "none")


def _on_each(step: Step, on: Any) -> Iterator[Step]:
    """Play a step with `on: [a, b]` on each of these connections; `${on}` is the connection's name."""
    for name in [on] if isinstance(on, str) else on:
        yield replace(step, on=name, argument=_named(step.argument, name))


def _named(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return value.replace("${on}", name)
    if isinstance(value, dict):
        return {key: _named(each, name) for key, each in value.items()}
    return [_named(each, name) for each in value] if isinstance(value, list) else value
