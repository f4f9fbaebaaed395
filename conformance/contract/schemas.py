"""The schemas of every documented event, one set for each dialect.

One file an event under `schemas/<dialect>/<client|server>/`, shared objects in `objects/`.
The file name is the registration.
`jsonschema-rs` gives the verdict; it is imported when the first set is loaded, and nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from conformance.contract.client_needs import NeededField, absences, load_wanted, schema_of
from conformance.contract.dialects import DIALECTS
from conformance.contract.documented_fields import Documented, extra_paths, references, target
from conformance.errors import SchemaError
from conformance.resources import folder
from conformance.trace.trace import Direction, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import jsonschema_rs

    Judges = dict[str, jsonschema_rs.Draft202012Validator]

LIMIT = 200
"""Characters that a problem may quote of what was expected and of what was found."""
BASE = "https://realtime-conformance.invalid/"
"""Every schema's `$id` is this and its path; the name is reserved never to be fetched (RFC 6761)."""
CLIENT = Direction.CLIENT
CURE = "Reinstall: pip install --force-reinstall realtime-conformance"
JSON_NAMES = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    type(None): "null",
    float: "number",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One way in which an event breaks its schema."""

    path: str
    """JSON pointer into the event; for a missing field, where it should be."""
    keyword: str
    """The JSON Schema keyword that failed: `required`, `type`, `enum`, `const`."""
    expected: str
    """At most `LIMIT` characters."""
    found: str
    """At most `LIMIT` characters: a short value, or the kind and size of a long one."""


#: An event that no JSON parser should have let through.
UNJUDGEABLE = Problem("", "type", "text that UTF-8 can carry, nested no deeper than parsers go", "something else")


class Schemas:
    """The schemas of one dialect; nothing in it changes once it is loaded."""

    __slots__ = ("_client", "_documented", "_objects", "_registry", "_server", "_wanted", "dialect")

    def __init__(self, dialect_name: str, home: Path) -> None:
        """Load and compile every schema below *home*; SchemaError if one is missing or broken."""
        self.dialect = dialect_name
        documents = _documents(dialect_name, home)
        judges, self._registry = _compiled(documents)
        self._client, self._server, self._objects = judges["client"], judges["server"], judges["objects"]
        self._documented = Documented(documents)
        self._wanted = load_wanted(home / "wanted.json", dialect_name)

    def types(self, side: Direction) -> frozenset[str]:
        """Every event type that has a schema on that side, as spoken."""
        return frozenset(self._of(side))

    def problems(self, side: Direction, event: Event) -> tuple[Problem, ...]:
        """Say how *event* breaks its schema, sorted; () if it is valid or of an unknown type."""
        # The one hot path of the room: it costs less than parsing the event did, so no needless call.
        try:
            judge = (self._client if side is CLIENT else self._server)[event["type"]]
        except (KeyError, TypeError):  # without a type, of an unknown one, or of one that is no string
            return ()
        return _problems(judge, event)

    def object_problems(self, name: str, value: Any) -> tuple[Problem, ...]:
        """Say how *value* breaks the schema of the shared object called *name*, sorted."""
        return _problems(self._objects[name], value)

    def misfits(self, side: Direction, event_type: str, events: Sequence[Event]) -> list[int]:
        """Return the positions of those *events* of one type that break its schema: the fast way for many."""
        judge = self._of(side).get(event_type)
        if judge is None:
            return []
        try:
            return _unfit(judge, events)
        except ValueError:  # one of them cannot be judged: ask for each alone
            return [position for position, event in enumerate(events) if self.problems(side, event)]

    def wants(self, event_type: str) -> bool:
        """Return whether clients need more of this event than its schema demands."""
        return event_type in self._wanted

    def absences(self, event: Event) -> tuple[NeededField, ...]:
        """Name the fields a server *event* lacks that no source requires, but that real clients need."""
        wanted = self._wanted.get(_type(event))
        return () if wanted is None else absences(wanted, event)

    def flawless(self, event_type: str) -> Callable[[Event], bool] | None:
        """Return the test whether an event of the server fits its schema and lacks no such field; None if it has none.

        Both in one go: most have neither fault.  ValueError, when it is asked, for an event that cannot be judged.
        """
        own, wanted = self._server.get(event_type), self._wanted.get(event_type)
        if own is None or wanted is None:
            return own.is_valid if own is not None else None
        schema = {"$ref": f"{BASE}{self.dialect}/{Direction.SERVER.value}/{event_type}.json"}
        return _judge({"allOf": [schema, schema_of(wanted)]}, self._registry).is_valid

    def extras(self, side: Direction, event: Event) -> tuple[str, ...]:
        """Return the JSON pointers, sorted, of the fields that no source documents: information, no fault."""
        return tuple(sorted(extra_paths(self._documented, f"{self.dialect}/{side.value}/{_type(event)}.json", event)))

    def _of(self, side: Direction) -> Judges:
        return self._client if side is CLIENT else self._server


@cache
def schemas_for(dialect_name: str) -> Schemas:
    """Return the schemas of `ga` or `beta`, loaded once; SchemaError if a file is broken or missing."""
    if dialect_name not in DIALECTS:
        raise SchemaError(f"there is no dialect {dialect_name!r}", f"Known: {', '.join(DIALECTS)}.")
    return Schemas(dialect_name, folder("schemas"))


def _unfit(judge: jsonschema_rs.Draft202012Validator, events: Sequence[Event]) -> list[int]:
    """Return the positions of those *events* that break a schema; ValueError if one of them cannot be judged."""
    fits = judge.is_valid
    return [position for position, event in enumerate(events) if not fits(event)]


def _type(event: Event) -> str:
    kind = event.get("type")
    return kind if isinstance(kind, str) else ""


# ---- loading


def _documents(dialect_name: str, home: Path) -> dict[str, dict[str, Any]]:
    """Read every schema of one dialect: path below *home* -> the schema."""
    documents = {}
    for path in sorted((home / dialect_name).glob("*/*.json")):
        name = path.relative_to(home).as_posix()
        documents[name] = _document(path, name)
    _complete(dialect_name, documents, home)
    return documents


def _complete(dialect_name: str, documents: Mapping[str, dict[str, Any]], home: Path) -> None:
    """Raise SchemaError if an event has no schema, or a schema refers to a file that is not there."""
    dialect = DIALECTS[dialect_name]
    sides = {Direction.CLIENT: dialect.client_events, Direction.SERVER: dialect.server_events}
    missing = [
        name
        for side, types in sides.items()
        for event_type in sorted(types)
        if (name := f"{dialect_name}/{side.value}/{event_type}.json") not in documents
    ]
    if missing:
        raise SchemaError(f"{home}: no schema {', '.join(missing)[:LIMIT]}", CURE)
    for name, document in documents.items():
        for reference in references(document):
            if target(name, reference) not in documents:
                raise SchemaError(f"{home / name}: refers to {reference!r}, which is not there", CURE)


def _document(path: Path, name: str) -> dict[str, Any]:
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise SchemaError(f"{path}: {error.strerror or error}", CURE) from error
    except orjson.JSONDecodeError as error:
        raise SchemaError(f"{path}: not JSON: {error}", CURE) from error
    if not isinstance(document, dict) or document.get("$id") != BASE + name:
        raise SchemaError(f"{path}: its `$id` is not {BASE + name}", CURE)
    return document


def _compiled(documents: Mapping[str, dict[str, Any]]) -> tuple[dict[str, Judges], jsonschema_rs.Registry]:
    """Compile every schema, the shared objects too: what is broken shows now, not at the first such event."""
    import jsonschema_rs

    judges: dict[str, Judges] = {}
    name = ""
    try:
        registry = jsonschema_rs.Registry([(document["$id"], document) for document in documents.values()])
        for name, document in documents.items():
            _, side, file = name.split("/")
            judges.setdefault(side, {})[file.removesuffix(".json")] = _judge(document, registry)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise SchemaError(f"schemas/{name}: {first[:LIMIT]}", CURE) from error
    return judges, registry


def _judge(
    document: dict[str, Any], registry: jsonschema_rs.Registry | None = None
) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(document, registry=registry, offline=True)


# ---- telling


def misfit(schema: Mapping[str, Any], value: Any) -> str:
    """Return where a value departs from one of our own schemas, and how; empty if it does not."""
    for error in _judge(dict(schema)).iter_errors(value):
        return f"{'.'.join(map(str, error.instance_path)) or 'the whole'}: {error.message[:200]}"
    return ""


def _problems(judge: jsonschema_rs.Draft202012Validator, value: Any) -> tuple[Problem, ...]:
    try:
        if judge.is_valid(value):
            return ()
        return tuple(sorted({_problem(error) for error in judge.iter_errors(value)}))
    except ValueError:  # half a surrogate pair, or nesting beyond what the judge can follow
        return (UNJUDGEABLE,)


def _problem(error: jsonschema_rs.ValidationError) -> Problem:
    kind = error.kind.as_dict()
    steps = list(error.instance_path)
    if error.kind.name == "required":
        return Problem(pointer([*steps, kind["property"]]), "required", "present", "absent")
    return Problem(pointer(steps), error.kind.name, _expected(error, kind), describe(error.instance))


def _expected(error: jsonschema_rs.ValidationError, kind: Mapping[str, Any]) -> str:
    match error.kind.name:
        case "type":
            return " or ".join(sorted(kind["types"]))
        case "enum":
            return _short("one of " + ", ".join(_json(option) for option in kind["options"]))
        case "const":
            return _short(_json(kind["expected_value"]))
        case _:
            return _short(error.message)


def describe(value: Any) -> str:
    """Tell *value* in at most `LIMIT` characters: itself if it is short, else its kind and size."""
    if isinstance(value, (dict, list, str)):
        text = _json(value)
        if len(text) <= LIMIT // 2:
            return text
        size = "characters" if isinstance(value, str) else "entries"
        return f"{JSON_NAMES[type(value)]} of {len(value)} {size}"
    return _short(_json(value))


def pointer(steps: Iterator[str | int] | list[str | int]) -> str:
    """Write the way to a value as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # takes integers of any size, which orjson refuses


def _short(text: str) -> str:
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
