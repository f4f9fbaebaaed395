"""Which fields of an event are documented: those that its schema names.  Everything else is information."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


class Documented:
    """The schemas of one dialect, by path, for looking up which fields they name."""

    def __init__(self, documents: Mapping[str, Schema]) -> None:
        self._documents = documents

    def get(self, name: str) -> Schema | None:
        """Return the schema in the file *name* (`ga/server/error.json`)."""
        return self._documents.get(name)

    def follow(self, base: str, reference: str) -> tuple[str, Schema]:
        """Return the schema that *reference* names, as written in the file *base*."""
        name = target(base, reference)
        return name, self._documents[name]


def target(base: str, reference: str) -> str:
    """Return the file that *reference* names, as written in the file *base*."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))


def references(schema: Any) -> Iterator[str]:
    """Yield every `$ref` in *schema*."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield schema["$ref"]
        for inner in schema.values():
            yield from references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from references(inner)


def extra_paths(documented: Documented, name: str, value: Any) -> Iterator[str]:
    """Yield the JSON pointer of every field of *value* that the schema in the file *name* does not name."""
    schema = documented.get(name)
    if schema is not None:
        yield from _extras(documented, [(name, schema)], value, "")


def _extras(documented: Documented, schemas: list[tuple[str, Schema]], value: Any, place: str) -> Iterator[str]:
    parts = [part for base, schema in schemas for part in _parts(documented, base, schema, value)]
    if isinstance(value, list):
        items = [(base, schema["items"]) for base, schema in parts if "items" in schema]
        for index, element in enumerate(value if items else ()):
            yield from _extras(documented, items, element, f"{place}/{index}")
    elif isinstance(value, Mapping) and any("properties" in schema for _, schema in parts):
        for key, inner in value.items():
            named = [(base, schema["properties"][key]) for base, schema in parts if key in schema.get("properties", {})]
            here = f"{place}/{key.replace('~', '~0').replace('/', '~1')}"
            if named:
                yield from _extras(documented, named, inner, here)
            else:
                yield here


def _parts(documented: Documented, base: str, schema: Schema, value: Any) -> Iterator[tuple[str, Schema]]:
    """Yield the schemas that apply to *value*: this one, what it refers to, and the branch of its `if`."""
    yield base, schema
    if "$ref" in schema:
        yield from _parts(documented, *documented.follow(base, schema["$ref"]), value)
    if "if" in schema:
        branch = schema.get("then" if _holds(schema["if"], value) else "else")
        if branch is not None:
            yield from _parts(documented, base, branch, value)


def _holds(condition: Schema, value: Any) -> bool:
    """Decide the two conditions that our schemas use: the kind of a value, and a discriminator's value."""
    if "type" in condition:
        return isinstance(value, {"string": str, "object": Mapping}[condition["type"]])
    return isinstance(value, Mapping) and all(
        value.get(key) in test.get("enum", [test.get("const")]) for key, test in condition["properties"].items()
    )
