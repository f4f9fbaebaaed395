"""Every constraint that a schema puts on a sample is broken; each breach is rejected at its place.

`jsonschema` is the oracle: it must say the same as `jsonschema-rs`, of valid and of broken events.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource

from conformance.contract.schemas import pointer, schemas_for
from conformance.resources import folder

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
WRONG = st.fixed_dictionaries(
    {
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": st.integers(),
        "number": st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
        "string": st.text(max_size=12).map(lambda text: f"~{text}"),
        "array": st.lists(st.integers(), max_size=3),
        "object": st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    }
)
EXTRA_KEYS = st.text(min_size=1, max_size=8).map(lambda text: f"x_{text}")
EXTRA_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)

#: At least so many constraints the samples let us break: fields to drop, types to change, sets to leave.
CONSTRAINTS = Counter(drop=700, type=1400, enum=400)

Part = tuple[str, dict[str, Any]]
Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Site:
    """A place in an event where a schema constrains it."""

    breach: str
    """`drop` a required field, change the `type`, leave the `enum`."""
    way: Way
    allowed: tuple[Any, ...] = ()


@cache
def document(name: str) -> dict[str, Any]:
    return orjson.loads((folder("schemas") / name).read_bytes())


def applying(parts: list[Part], value: Any) -> list[Part]:
    """Every schema that holds for *value*; the oracle decides the conditions."""
    found: list[Part] = []
    for base, schema in parts:
        found.append((base, schema))
        if "$ref" in schema:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(base), schema["$ref"]))
            found += applying([(name, document(name))], value)
        if "if" in schema:
            holds = jsonschema.Draft202012Validator(schema["if"]).is_valid(value)
            branch = schema.get("then" if holds else "else")
            found += applying([(base, branch)], value) if branch else []
    return found


def sites(parts: list[Part], value: Any, way: Way = ()) -> Iterator[Site]:
    parts = applying(parts, value)
    for _, schema in parts:
        if "type" in schema:
            yield Site("type", way, tuple([schema["type"]] if isinstance(schema["type"], str) else schema["type"]))
        if "enum" in schema or "const" in schema:
            yield Site("enum", way, tuple(schema.get("enum", [schema.get("const")])))
        if isinstance(value, dict):
            yield from (Site("drop", (*way, name)) for name in schema.get("required", ()))
    if isinstance(value, dict):
        for key, inner in value.items():
            below = [(base, schema["properties"][key]) for base, schema in parts if key in schema.get("properties", {})]
            yield from sites(below, inner, (*way, key))
    if isinstance(value, list):
        below = [(base, schema["items"]) for base, schema in parts if "items" in schema]
        for index, inner in enumerate(value):
            yield from sites(below, inner, (*way, index))


def sites_of(sample) -> list[Site]:
    name = f"{sample.dialect}/{sample.side.value}/{sample.event['type']}.json"
    found = dict.fromkeys(sites([(name, document(name))], sample.event))
    return [site for site in found if site.way not in ((), ("type",))]  # without its type an event is another one


def mutate(event: dict[str, Any], site: Site, wrong: dict[str, Any]) -> list[dict[str, Any]]:
    """The ways to break *event* at *site* with the *wrong* values at hand."""
    if site.breach == "drop":
        return [replaced(event, site.way, None, drop=True)]
    if site.breach == "enum":
        # A value of another kind may be another variant (`"inf"` or a number); else a type breach covers it.
        values = [wrong["string"]] if isinstance(found_at(event, site.way), str) else [wrong["string"], wrong["object"]]
        return [replaced(event, site.way, value) for value in values]
    allowed = {*site.allowed, *(["integer"] if "number" in site.allowed else [])}
    return [replaced(event, site.way, value) for kind, value in wrong.items() if kind not in allowed]


def found_at(event: dict[str, Any], way: Way) -> Any:
    found: Any = event
    for step in way:
        found = found[step]
    return found


def replaced(event: dict[str, Any], way: Way, value: Any, *, drop: bool = False) -> dict[str, Any]:
    broken = orjson.loads(orjson.dumps(event))
    around = broken
    for step in way[:-1]:
        around = around[step]
    if drop:
        del around[way[-1]]
    else:
        around[way[-1]] = value
    return broken


def test_every_breach_of_a_constraint_is_rejected_at_its_place(sample) -> None:
    schemas, found = schemas_for(sample.dialect), sites_of(sample)

    @SETTINGS
    @given(WRONG)
    def breaches(wrong: dict[str, Any]) -> None:
        for site in found:
            for broken in mutate(sample.event, site, wrong):
                paths = {problem.path for problem in schemas.problems(sample.side, broken)}
                assert pointer(site.way) in paths, f"{site} of {sample.name} is not seen in {broken}"

    breaches()


def test_extra_fields_anywhere_are_accepted(sample) -> None:
    schemas = schemas_for(sample.dialect)

    @SETTINGS
    @given(EXTRA_KEYS, EXTRA_VALUES)
    def extras(key: str, value: Any) -> None:
        assert schemas.problems(sample.side, grown(sample.event, key, value)) == ()

    extras()


#: Maps whose values the sources type: a further key there is no extra field.
MAPS = {"metadata", "headers", "variables"}


def grown(value: Any, key: str, extra: Any) -> Any:
    """*value* with a further field in every object."""
    if isinstance(value, dict):
        inner = {name: held if name in MAPS else grown(held, key, extra) for name, held in value.items()}
        return {**inner, key: extra}
    return [grown(held, key, extra) for held in value] if isinstance(value, list) else value


@cache
def oracle(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(document(name), registry=registry())


@cache
def registry() -> Registry:
    home = folder("schemas")
    files = [path.relative_to(home).as_posix() for of in ("ga", "beta") for path in home.glob(f"{of}/*/*.json")]
    return Registry().with_resources((document(file)["$id"], Resource.from_contents(document(file))) for file in files)


def oracle_says(sample, event: dict[str, Any]) -> set[tuple[str, str]]:
    name = f"{sample.dialect}/{sample.side.value}/{event['type']}.json"
    said = set()
    for error in oracle(name).iter_errors(event):
        steps = list(error.absolute_path)
        if error.validator == "required":
            missing = [field for field in error.validator_value if field not in error.instance]
            said |= {(pointer([*steps, field]), "required") for field in missing}
        else:
            said.add((pointer(steps), error.validator))
    return said


def test_the_oracle_agrees(sample) -> None:
    """`jsonschema` finds no problem where we find none, and the same ones at the same places where we do."""
    schemas, found = schemas_for(sample.dialect), sites_of(sample)
    assert oracle_says(sample, sample.event) == set()

    @settings(SETTINGS, max_examples=6)
    @given(st.data())
    def agrees(data: st.DataObject) -> None:
        site = data.draw(st.sampled_from(found)) if found else None
        events = mutate(sample.event, site, data.draw(WRONG)) if site else [sample.event]
        event = data.draw(st.sampled_from(events))
        ours = {(problem.path, problem.keyword) for problem in schemas.problems(sample.side, event)}
        assert ours == oracle_says(sample, event)

    agrees()


@pytest.mark.parametrize(
    "name",
    sorted(
        path.relative_to(folder("schemas")).as_posix()
        for of in ("ga", "beta")
        for path in folder("schemas").glob(f"{of}/*/*.json")
    ),
)
def test_a_schema_is_a_schema_written_our_way(name: str) -> None:
    schema = document(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"].endswith(".")
    assert schema["$comment"].startswith("Sources: ")
    keywords = Counter(keywords_of(schema))
    forbidden = {
        "oneOf",
        "anyOf",
        "not",
        "pattern",
        "contentEncoding",
        "additionalItems",
        "unevaluatedProperties",
        "format",
    }
    assert not forbidden & keywords.keys()


def keywords_of(schema: Any) -> Iterator[str]:
    """The keywords of a schema and of those inside it, property names left out."""
    if not isinstance(schema, dict):
        return
    yield from schema
    assert schema.get("additionalProperties") is not False, "extra fields are always allowed"
    for key in ("if", "then", "else", "items", "additionalProperties"):
        yield from keywords_of(schema.get(key))
    for inner in schema.get("properties", {}).values():
        yield from keywords_of(inner)


def test_every_event_has_constraints_that_are_broken_here(samples) -> None:
    """What the mutations rest on, in numbers: no event is without a field to drop, a type to change."""
    counted: dict[tuple[str, str, str], Counter[str]] = {}
    for sample in samples:
        key = (sample.dialect, sample.side.value, sample.event["type"])
        counted.setdefault(key, Counter()).update(site.breach for site in sites_of(sample))
    bare = {key for key, breaches in counted.items() if not breaches["type"]}
    assert bare == set()
    without_required = {key[2] for key, breaches in counted.items() if key[1] == "server" and not breaches["drop"]}
    assert without_required == set()
    total = sum(counted.values(), Counter())
    assert total >= CONSTRAINTS, f"the mutations rest on less than they did: {total}"
