"""The schemas against an independent reading: the types of the official `openai` package.

Same fields, same required ones, same types, same closed sets of values.
Every difference is in `schemas/errata.json` with its reason and source.  An entry that no difference needs
any more fails here, so that the list shrinks when the package is corrected.
Not compared: prose, and null (the package says Optional for what may be absent; the wire decides about null).
"""

from __future__ import annotations

import itertools
import posixpath
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, get_args

import orjson
import pytest

from conformance.contract.dialects import DIALECTS
from conformance.resources import folder

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not find_spec("openai"), reason="the openai package is a development dependency")

#: Where the unions are: the package takes a second to import, for every process that only collects.
MODULES = {"ga": "openai.types.realtime", "beta": "openai.types.beta.realtime"}
UNIONS = {
    ("ga", "client"): "RealtimeClientEvent",
    ("ga", "server"): "RealtimeServerEvent",
    ("beta", "client"): "RealtimeClientEvent",
    ("beta", "server"): "RealtimeServerEvent",
}
#: Sessions that translate have unions of their own; what the others have too is compared there.
TRANSLATION = {
    ("ga", "client"): "RealtimeTranslationClientEvent",
    ("ga", "server"): "RealtimeTranslationServerEvent",
}
DISCRIMINATORS = ("type", "role")
ANY = frozenset({"any"})
SCALARS = frozenset({"string", "integer", "number", "boolean"})
JSON_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number"}

Node = tuple[Any, dict[str, Any]]
"""A schema and what its references are relative to: `$defs` there, the path of the file here."""


@dataclass(frozen=True, order=True)
class Difference:
    where: str
    kind: str
    """required, optional, type, values, ours-only, theirs-only, event-ours-only, event-theirs-only"""
    detail: str = ""


# ---- their side: pydantic's JSON Schema


@cache
def their_events(dialect: str, side: str) -> dict[str, dict[str, Any]]:
    names = [each for each in (TRANSLATION.get((dialect, side)), UNIONS[dialect, side]) if each is not None]
    unions = [getattr(import_module(MODULES[dialect]), name) for name in names]
    models = [model for union in unions for model in get_args(get_args(union)[0])]
    return {model.model_fields["type"].annotation.__args__[0]: model.model_json_schema() for model in models}


def their_branches(schema: dict[str, Any], defs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every alternative but null, references resolved."""
    if "$ref" in schema:
        yield from their_branches(defs[schema["$ref"].rsplit("/", 1)[1]], defs)
    elif "anyOf" in schema or "oneOf" in schema:
        for branch in schema.get("anyOf") or schema["oneOf"]:
            yield from their_branches(branch, defs)
    elif schema.get("type") != "null":
        yield schema


def their_values(branches: list[dict[str, Any]]) -> frozenset[Any] | None:
    """The closed set of scalar values, or None if any value goes."""
    values: set[Any] = set()
    for branch in branches:
        if "const" in branch:
            values.add(branch["const"])
        elif "enum" in branch:
            values.update(branch["enum"])
        elif branch.get("type") == "string":
            return None
    return frozenset(values) or None


def their_types(branches: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(
        branch.get("type") or (JSON_TYPES[type(branch["const"])] if "const" in branch else "any") for branch in branches
    )


# ---- our side: the files


@cache
def our_document(name: str) -> dict[str, Any]:
    return orjson.loads((folder("schemas") / name).read_bytes())


Part = tuple[str, dict[str, Any]]


def our_parts(parts: list[Part], kind: str, assumed: dict[str, Any]) -> list[Part]:
    """All schemas that hold for a value of *kind* whose discriminators are as *assumed*."""
    found: list[Part] = []
    for base, schema in parts:
        found.append((base, schema))
        if "$ref" in schema:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(base), schema["$ref"]))
            found += our_parts([(name, our_document(name))], kind, assumed)
        if "if" in schema:
            branch = schema.get("then" if decided(schema["if"], kind, assumed) else "else")
            found += our_parts([(base, branch)], kind, assumed) if branch else []
    return found


def decided(condition: dict[str, Any], kind: str, assumed: dict[str, Any]) -> bool:
    if "type" in condition:
        return condition["type"] == kind
    return kind == "object" and all(
        assumed.get(key) in test.get("enum", [test.get("const")]) for key, test in condition["properties"].items()
    )


def our_tests(parts: list[Part], key: str) -> set[Any]:
    """The values of the discriminator *key* that our conditions tell apart."""
    found: set[Any] = set()
    for base, schema in parts:
        if "$ref" in schema:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(base), schema["$ref"]))
            found |= our_tests([(name, our_document(name))], key)
        if "if" in schema:
            test = schema["if"].get("properties", {}).get(key, {})
            found |= set(test.get("enum", [test["const"]] if "const" in test else []))
            for branch in ("then", "else"):
                found |= our_tests([(base, schema[branch])], key) if branch in schema else set()
    return found


def our_types(parts: list[Part]) -> frozenset[str]:
    types = ANY
    for _, schema in parts:
        stated = schema.get("type")
        if stated is None and ("enum" in schema or "const" in schema):
            stated = [JSON_TYPES[type(v)] for v in schema.get("enum", [schema.get("const")]) if v is not None]
        if stated is not None:
            named = frozenset([stated] if isinstance(stated, str) else stated) - {"null"}
            types = named if types == ANY else types & named
    return types


def our_values(parts: list[Part]) -> frozenset[Any] | None:
    closed: frozenset[Any] | None = None
    for _, schema in parts:
        if "enum" in schema or "const" in schema:
            values = frozenset(v for v in schema.get("enum", [schema.get("const")]) if v is not None)
            closed = values if closed is None else closed & values
    return closed


# ---- the comparison


def compare(where: str, theirs: dict[str, Any], defs: dict[str, Any], ours: list[Part]) -> Iterator[Difference]:
    branches = list(their_branches(theirs, defs))
    their_kinds = their_types(branches)
    our_kinds = our_types(our_parts(ours, "", {}))
    if their_kinds != our_kinds:
        yield Difference(where, "type", f"theirs {sorted(their_kinds)}, ours {sorted(our_kinds)}")
    if their_kinds & SCALARS:
        kind = "string" if "string" in their_kinds else "integer"
        their_closed, our_closed = their_values(branches), our_values(our_parts(ours, kind, {}))
        if their_closed != our_closed:
            yield Difference(where, "values", f"theirs {show(their_closed)}, ours {show(our_closed)}")
    yield from compare_variants(where, [branch for branch in branches if "properties" in branch], defs, ours)
    for branch in branches:
        if branch.get("type") == "array":
            parts = our_parts(ours, "array", {})
            items = [(base, schema["items"]) for base, schema in parts if "items" in schema]
            yield from compare(where + "[]", branch.get("items", {}), defs, items)
        elif "properties" in branch:
            yield from compare_object(where, branch, defs, ours)
        elif isinstance(branch.get("additionalProperties"), dict):
            parts = our_parts(ours, "object", {})
            inner = [(b, s["additionalProperties"]) for b, s in parts if "additionalProperties" in s]
            yield from compare(where + ".*", branch["additionalProperties"], defs, inner)


def compare_variants(
    where: str, theirs: list[dict[str, Any]], defs: dict[str, Any], ours: list[Part]
) -> Iterator[Difference]:
    """Compare which variants there are, where our conditions tell variants apart."""
    for key in DISCRIMINATORS:
        tested = our_tests(ours, key)
        fields = [branch["properties"][key] for branch in theirs if key in branch["properties"]]
        if not tested or not fields:
            continue
        their_closed = their_values([branch for field in fields for branch in their_branches(field, defs)])
        named = [
            (base, schema["properties"][key])
            for base, schema in our_parts(ours, "object", {})
            if key in schema.get("properties", {})
        ]
        candidates = tested | set(their_closed or ()) | set(our_values(named) or ())
        our_closed = frozenset(
            value for value in candidates if accepts(our_parts(ours, "object", {key: value}), key, value)
        )
        if their_closed != our_closed:
            yield Difference(f"{where}.{key}", "values", f"theirs {show(their_closed)}, ours {show(our_closed)}")


def accepts(parts: list[Part], key: str, value: Any) -> bool:
    stated = [(base, schema["properties"][key]) for base, schema in parts if key in schema.get("properties", {})]
    closed = our_values(stated)
    return closed is None or value in closed


def compare_object(where: str, theirs: dict[str, Any], defs: dict[str, Any], ours: list[Part]) -> Iterator[Difference]:
    choices = []
    for key in DISCRIMINATORS:
        field = theirs["properties"].get(key)
        closed = their_values(list(their_branches(field, defs))) if field else None
        tested = our_tests(ours, key)
        if tested and field:
            choices.append([(key, value) for value in sorted(closed or tested)])
    for chosen in itertools.product(*choices):
        label = f"<{'/'.join(str(value) for _, value in chosen)}>" if chosen else ""
        yield from compare_fields(where + label, theirs, defs, our_parts(ours, "object", dict(chosen)), dict(chosen))


def compare_fields(
    where: str, theirs: dict[str, Any], defs: dict[str, Any], parts: list[Part], assumed: dict[str, Any]
) -> Iterator[Difference]:
    our_fields: dict[str, list[Part]] = {}
    our_required: set[str] = set()
    for base, schema in parts:
        our_required.update(schema.get("required", ()))
        for name, inner in schema.get("properties", {}).items():
            our_fields.setdefault(name, []).append((base, inner))
    for name in sorted(our_fields.keys() | theirs["properties"].keys()):
        place, field = f"{where}.{name}", theirs["properties"].get(name)
        if field is None or name not in our_fields:
            yield Difference(place, "theirs-only" if field else "ours-only")
            continue
        required = name in theirs.get("required", ())
        if required != (name in our_required):
            yield Difference(place, "optional" if required else "required")
        if name in assumed:
            continue  # the discriminator itself: `compare_variants` has compared its values
        yield from compare(place, field, defs, our_fields[name])


def show(values: frozenset[Any] | None) -> str:
    return "open" if values is None else str(sorted(values, key=str))


@cache
def differences() -> tuple[Difference, ...]:
    found: list[Difference] = []
    for dialect, side in UNIONS:
        theirs = their_events(dialect, side)
        ours = {path.stem for path in (folder("schemas") / dialect / side).glob("*.json")}
        for name in sorted(theirs.keys() | ours):
            where = f"{dialect}/{side}/{name}"
            if name not in theirs or name not in ours:
                found.append(Difference(where, "event-theirs-only" if name in theirs else "event-ours-only"))
                continue
            model, path = theirs[name], f"{where}.json"
            found += compare(where + ":", model, model.get("$defs", {}), [(path, our_document(path))])
    return tuple(dict.fromkeys(found))


@cache
def errata() -> tuple[dict[str, Any], ...]:
    return tuple(orjson.loads((folder("schemas") / "errata.json").read_bytes()))


def covers(entry: dict[str, Any], difference: Difference) -> bool:
    if difference.kind not in entry["differs"]:
        return False
    return any(
        re.fullmatch(re.escape(where).replace(r"\*", ".*"), difference.where) is not None for where in entry["where"]
    )


def test_no_difference_from_the_official_types_is_silent() -> None:
    silent = [each for each in differences() if not any(covers(entry, each) for entry in errata())]
    assert not silent, "\n".join(f"{each.where}  {each.kind}  {each.detail}" for each in silent)


@pytest.mark.parametrize("entry", errata(), ids=lambda entry: entry["name"])
def test_an_erratum_is_still_needed(entry: dict[str, Any]) -> None:
    needless = [
        (where, kind)
        for where in entry["where"]
        for kind in entry["differs"]
        if not any(covers({"where": [where], "differs": [kind]}, each) for each in differences())
    ]
    assert not needless, f"the openai package has been corrected: remove {needless} from schemas/errata.json"


@pytest.mark.parametrize("entry", errata(), ids=lambda entry: entry["name"])
def test_an_erratum_states_its_reason_and_its_source(entry: dict[str, Any]) -> None:
    assert set(entry) == {"name", "where", "differs", "theirs", "ours", "reason", "source"}
    assert all(entry[key] for key in entry)


def test_the_comparison_sees_every_kind_of_difference() -> None:
    """The comparison itself is proved: a schema that differs in each way is told in each way."""
    theirs = {
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "integer"},
            "c": {"enum": ["x", "y"], "type": "string"},
            "d": {"type": "string"},
            "e": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["a"],
    }
    ours = {
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "string"},
            "c": {"enum": ["x"]},
            "e": {"type": "array", "items": {"type": "integer"}},
            "f": {},
        },
        "required": ["b"],
    }
    found = {(each.where, each.kind) for each in compare_object("", theirs, {}, [("x", ours)])}
    assert found == {
        (".a", "optional"),
        (".b", "required"),
        (".b", "type"),
        (".c", "values"),
        (".d", "theirs-only"),
        (".e[]", "type"),
        (".f", "ours-only"),
    }


def test_every_event_of_the_unions_is_compared() -> None:
    assert {side: len(their_events(*side)) for side in UNIONS} == {
        ("ga", "client"): len(DIALECTS["ga"].client_events),
        ("ga", "server"): len(DIALECTS["ga"].server_events),
        ("beta", "client"): len(DIALECTS["beta"].client_events),
        ("beta", "server"): len(DIALECTS["beta"].server_events - {"transcription_session.created"}),
    }
