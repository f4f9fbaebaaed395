"""The layer below the schemas: fields that no source requires, but that real clients need.

The reference calls most of a response optional, and the official wire sends all of it.
Clients are written against the wire: a server that leaves `status_details` out passes the reference
and silences a whole bot framework.
`schemas/wanted.json` lists such fields as data; what is absent is a finding of a SHOULD.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from conformance.errors import SchemaError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class NeededField:
    """A field that clients need."""

    path: str
    """JSON pointer; `*` is every element of an array.  In an answer of `absences`: the place itself."""
    breaks: str
    """Which client breaks, and how."""
    source: str
    """Where that is known from."""
    when: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Values (or lists of values) that the object around the field must have."""
    filled: bool = False
    """Whether null is as bad as absent."""


def load_wanted(path: Path, dialect_name: str) -> dict[str, tuple[NeededField, ...]]:
    """Read the list: event type as spoken in the dialect -> what is wanted of it; SchemaError if broken."""
    wanted: dict[str, list[NeededField]] = {}
    try:
        entries = orjson.loads(path.read_bytes())
        for entry in entries if isinstance(entries, list) else [entries]:
            each = NeededField(
                path=entry["path"],
                breaks=entry["breaks"],
                source=entry["source"],
                when=entry.get("when", {}),
                filled=entry.get("filled", False),
            )
            for event_type in entry["events"].get(dialect_name, ()):
                wanted.setdefault(event_type, []).append(each)
    except OSError as error:
        raise SchemaError(f"{path}: {error.strerror or error}") from error
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        raise SchemaError(f"{path}: not a list of wanted fields: {type(error).__name__}: {error}") from error
    return {event_type: tuple(fields) for event_type, fields in wanted.items()}


def absences(wanted: Sequence[NeededField], event: Mapping[str, Any]) -> tuple[NeededField, ...]:
    """Say which of the *wanted* fields *event* lacks, each with the place where it should be."""
    return tuple(replace(each, path=place) for each in wanted for place in _places(each, event))


def schema_of(wanted: Iterable[NeededField]) -> dict[str, Any]:
    """Return the JSON schema of an event that lacks none of the *wanted* fields: a compiled one tells it of most."""
    together: dict[tuple[Sequence[str], str], list[NeededField]] = {}
    for each in wanted:
        together.setdefault((steps_of(each.path)[:-1], str(each.when)), []).append(each)
    return {"allOf": [_nested(way, fields) for (way, _), fields in together.items()]}


def _nested(way: Sequence[str], wanted: Sequence[NeededField]) -> dict[str, Any]:
    """Return the schema of an event that has these fields of one object, which all are wanted when the same holds."""
    names = {steps_of(each.path)[-1]: each.filled for each in wanted}
    schema: dict[str, Any] = {"required": list(names)}
    schema["properties"] = {name: {"not": {"type": "null"}} for name, filled in names.items() if filled}
    if when := wanted[0].when:
        options = {key: value if isinstance(value, list) else [value] for key, value in when.items()}
        named = {"properties": {key: {"enum": values} for key, values in options.items()}}
        schema = {"if": named | {"required": [key for key in options if None not in options[key]]}, "then": schema}
    for step in reversed(way):
        schema = {"items": schema} if step == "*" else {"properties": {step: schema}}
    return schema


def _places(wanted: NeededField, event: Mapping[str, Any]) -> Iterable[str]:
    """Return the places where a wanted field is absent; where no array lies on the way there is one at most."""
    steps = steps_of(wanted.path)
    if "*" in steps:
        return _lacking(wanted, event)
    around: Any = event
    for step in steps[:-1]:
        around = around.get(step) if isinstance(around, dict) else None
    if not isinstance(around, dict) or (wanted.when and not _applies(wanted.when, around)):
        return ()
    last = steps[-1]
    return (wanted.path,) if last not in around or (wanted.filled and around[last] is None) else ()


@cache
def steps_of(path: str) -> tuple[str, ...]:
    """Return the steps of a JSON pointer."""
    return tuple(path.split("/")[1:])


def _lacking(wanted: NeededField, event: Mapping[str, Any]) -> Iterator[str]:
    *way, last = steps_of(wanted.path)
    for place, around in _reached("", event, way):
        if not isinstance(around, dict) or not _applies(wanted.when, around):
            continue
        if last not in around or (wanted.filled and around[last] is None):
            yield f"{place}/{last}"


def _reached(place: str, value: Any, way: Sequence[str]) -> Iterator[tuple[str, Any]]:
    if not way:
        yield place, value
    elif way[0] == "*":
        for index, element in enumerate(value if isinstance(value, list) else ()):
            yield from _reached(f"{place}/{index}", element, way[1:])
    elif isinstance(value, dict) and way[0] in value:
        yield from _reached(f"{place}/{way[0]}", value[way[0]], way[1:])


def _applies(when: Mapping[str, Any], around: Mapping[str, Any]) -> bool:
    return all(around.get(key) in (value if isinstance(value, list) else [value]) for key, value in when.items())
