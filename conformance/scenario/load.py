"""From YAML files to scenarios; a broken file gets file, line, column, the wrong key and the nearest right one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import yaml

from conformance.errors import ScenarioError
from conformance.resources import folder
from conformance.scenario import listening_steps  # noqa: F401 - registers its steps
from conformance.scenario.model import MODIFIERS, Scenario, Step
from conformance.scenario.steps import STEPS

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SCALARS = yaml.constructor.SafeConstructor()

#: Steps that may stand without an argument.
BARE = frozenset({"connect", "knock", "barrier", "respond", "cancel", "commit", "clear", "close", "drop", "call"})

#: How deep a script may nest; deeper is an attack or a mistake.
DEEPEST = 40


class _Marked(dict[str, Any]):
    """An object that remembers where it and its keys stand in the file (1-based line, column)."""

    where: tuple[int, int] = (1, 1)
    keys_at: dict[str, tuple[int, int]]


def load(path: Path, home: Path | None = None) -> Scenario:
    """Read one scenario file; *home* is the folder that ids are relative to.  ScenarioError says what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ScenarioError("is not UTF-8", where=str(path)) from error
    return loads(text, path, home)


def loads(text: str, path: Path, home: Path | None = None) -> Scenario:
    """Read a scenario from its text."""
    try:
        data = _build(yaml.compose(text, Loader=Loader), path)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ScenarioError(f"not YAML: {error.problem}", where=at) from error
    except RecursionError as error:
        raise ScenarioError("is nested too deeply", where=str(path)) from error
    if not isinstance(data, _Marked):
        raise ScenarioError("a scenario is an object with `scenario:` and `steps:`", where=f"{path}:1:1")
    return _scenario(data, path, home)


def _build(node: Any, path: Path, depth: int = 0) -> Any:
    """Turn a YAML node into plain data that knows its place; aliases and tags beyond plain data are refused."""
    if node is None:
        return None
    if depth > DEEPEST:
        raise ScenarioError("is nested too deeply", where=_at(path, node))
    if isinstance(node, yaml.MappingNode):
        built = _Marked()
        built.where, built.keys_at = _place(node), {}
        for key_node, value_node in node.value:
            key = _build(key_node, path, depth + 1)
            if not isinstance(key, str):
                raise ScenarioError(f"a key is text, not {key!r}", where=_at(path, key_node))
            if key in built:
                raise ScenarioError(f"{key!r} stands twice", where=_at(path, key_node))
            built.keys_at[key] = _place(key_node)
            built[key] = _build(value_node, path, depth + 1)
        return built
    if isinstance(node, yaml.SequenceNode):
        return [_build(each, path, depth + 1) for each in node.value]
    if not node.tag.startswith("tag:yaml.org,2002:"):
        raise ScenarioError(f"the tag {node.tag} is not allowed: a scenario is plain data", where=_at(path, node))
    if node.tag.endswith(":bool") and node.value.lower() not in ("true", "false"):
        return node.value  # YAML 1.1 would read `on:` and `no` as booleans
    return SCALARS.construct_object(node)


def _place(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _at(path: Path, node: Any) -> str:
    line, column = _place(node)
    return f"{path}:{line}:{column}"


def _scenario(data: _Marked, path: Path, home: Path | None) -> Scenario:
    schema = _schema()
    _known_keys(data, schema["properties"], path, "key")
    steps = tuple(_steps(data.get("steps"), path))
    _fits(data, path)
    return Scenario(
        id=_id(path, home),
        title=str(data["scenario"]),
        steps=steps,
        proves=tuple(data.get("proves", ())),
        needs=frozenset(data.get("needs", ())),
        lacks=frozenset(data.get("lacks", ())),
        dialects=frozenset(data.get("dialects", ("ga", "beta"))),
        tags=frozenset(data.get("tags", ())),
        each=data.get("each", ""),
        intent=data.get("intent", ""),
        path=path,
    )


def _id(path: Path, home: Path | None) -> str:
    own = path.with_suffix("")
    base = home or folder("scenarios")
    return own.relative_to(base).as_posix() if own.is_relative_to(base) else own.name


def _steps(written: Any, path: Path) -> Iterator[Step]:
    if not isinstance(written, list) or not written:
        raise ScenarioError("`steps:` is a list with at least one step", where=f"{path}:1:1")
    for each in written:
        if isinstance(each, str):
            each = _bare(each, path)
        if not isinstance(each, _Marked):
            raise ScenarioError(f"a step is `name: argument`, not {each!r}", where=f"{path}:1:1")
        yield from _on_each(_step(each, path), each.get("on"))


def _on_each(step: Step, names: Any) -> Iterator[Step]:
    """Play a step with `on: [a, b]` on each of these connections; `${on}` is the connection's name."""
    if not isinstance(names, list):
        yield step
        return
    for name in names:
        yield replace(step, on=str(name), argument=_named(step.argument, str(name)))


def _named(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return value.replace("${on}", name)
    if isinstance(value, dict):
        return {key: _named(each, name) for key, each in value.items()}
    return [_named(each, name) for each in value] if isinstance(value, list) else value


def _bare(name: str, path: Path) -> _Marked:
    marked = _Marked({name: None})
    marked.keys_at = {name: marked.where}
    if name not in BARE:
        _wrong_key(name, STEPS, f"{path}", "step" if name not in STEPS else "step that needs an argument")
    return marked


def _step(each: _Marked, path: Path) -> Step:
    names = [key for key in each if key not in MODIFIERS]
    where = f"{path}:{each.where[0]}:{each.where[1]}"
    if len(names) != 1:
        raise ScenarioError(
            f"a step has one name beside {', '.join(sorted(MODIFIERS))}; here: {', '.join(names) or 'none'}", where=where
        )
    name = names[0]
    line, column = each.keys_at[name]
    if name not in STEPS:
        _wrong_key(name, STEPS, f"{path}:{line}:{column}", "step")
    if each[name] is None and name not in BARE:
        raise ScenarioError(f"the step {name!r} needs an argument", where=f"{path}:{line}:{column}")
    return Step(
        name=name,
        argument=_plain(each[name]),
        line=each.where[0],
        answer=each.get("answer", ""),
        remember=each.get("as", ""),
        within=each.get("within"),
        on=each.get("on", ""),
        only=each.get("only", ""),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _known_keys(data: _Marked, known: Iterable[str], path: Path, kind: str) -> None:
    for key in data:
        if key not in known:
            line, column = data.keys_at[key]
            _wrong_key(key, known, f"{path}:{line}:{column}", kind)


def _wrong_key(name: str, known: Iterable[str], where: str, kind: str) -> None:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    cure = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(known))}."
    raise ScenarioError(f"unknown {kind} {name!r}", cure, where=where)


@cache
def _schema() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = orjson.loads((folder("schemas") / "harness" / "scenario.json").read_bytes())
    return loaded


def _fits(data: _Marked, path: Path) -> None:
    """Check the file against `schemas/harness/scenario.json`; the first error by place in the file is told."""
    import jsonschema_rs

    errors = sorted(jsonschema_rs.Draft202012Validator(dict(_schema())).iter_errors(_plain(data)), key=_order)
    for error in errors:
        line, column = _where(data, list(error.instance_path))
        pointer = "/".join(map(str, error.instance_path)) or "the file"
        raise ScenarioError(f"{pointer}: {error.message[:200]}", where=f"{path}:{line}:{column}")


def _order(error: Any) -> tuple[str, ...]:
    return tuple(map(str, error.instance_path))


def _where(data: Any, path: list[Any]) -> tuple[int, int]:
    place = getattr(data, "where", (1, 1))
    for step in path:
        if isinstance(data, _Marked) and step in data:
            place = data.keys_at.get(step, place)
        if not isinstance(data, dict | list):
            break
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
        place = data.where if isinstance(data, _Marked) else place
    return place
