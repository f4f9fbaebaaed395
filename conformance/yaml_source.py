"""YAML files as plain data that knows its place: what people write by hand, and must be told exactly where it is wrong.

The files come from anybody, so this reads events instead of composing: no tag constructs anything, no nesting is
deeper than `DEEPEST` (the C composer recurses until it crashes), no alias unfolds into more than `LARGEST` values.
Plain scalars follow the JSON-like core schema of YAML 1.2: `on`, `yes` and dates are text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Protocol

import orjson
import yaml

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST = 40
#: Values in one file, those of unfolded aliases included.
LARGEST = 20_000
#: Bytes of one file.
LONGEST = 2_000_000

CORE = "tag:yaml.org,2002:"
ALLOWED_TAGS = frozenset({None, "!", *(CORE + each for each in ("str", "int", "float", "bool", "null", "map", "seq"))})
WORDS: Mapping[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
NUMBER = re.compile(r"(?=.*[.eE])[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,2})?")


class Wrong(Protocol):
    """The error to raise: `ScenarioError`, `ProfileError`."""

    def __call__(self, message: str, cure: str = "", *, where: str = "") -> Exception:
        """Make it."""


class Marked(dict[str, Any]):
    """An object that remembers where it and its keys stand in the file (1-based line, column)."""

    where: tuple[int, int] = (1, 1)
    keys_at: dict[str, tuple[int, int]]


class MarkedList(list[Any]):
    """An array that remembers where its elements stand."""

    items_at: list[tuple[int, int]]


def read(path: Path, wrong: Wrong) -> Marked:
    """Read a file that holds one object."""
    if path.is_fifo():
        raise wrong("is a pipe, not a file", where=str(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    if len(data) > LONGEST:
        raise wrong(f"is larger than {LONGEST:,} bytes", where=str(path))
    try:
        return parsed(data.decode("utf-8"), path, wrong)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise wrong("is not UTF-8", "Save it as UTF-8.", where=f"{path}:{line}") from error


def parsed(text: str, path: Path, wrong: Wrong) -> Marked:
    """Read an object from its text; *path* is for the messages."""
    try:
        data = _Builder(yaml.parse(text, Loader=Loader), path, wrong).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise wrong(f"not YAML: {error.problem}", where=at) from error
    except yaml.YAMLError as error:
        raise wrong(f"not YAML: {str(error).splitlines()[0]}", where=str(path)) from error
    if not isinstance(data, Marked):
        raise wrong("the file holds no object (`key: value`)", where=f"{path}:1:1")
    return data


class _Builder:
    """Turns the parser's events into values."""

    def __init__(self, events: Iterator[Any], path: Path, wrong: Wrong) -> None:
        self.events, self.path, self.wrong = events, path, wrong
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.size = 0

    def document(self) -> Any:
        """Build the one document of the stream."""
        built, documents = None, 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.fail("a second document begins here", event)
            elif isinstance(event, yaml.NodeEvent):
                built = self.value(event, 0)
        return built

    def value(self, event: Any, depth: int) -> Any:
        """Build the value that begins with *event*."""
        if depth > DEEPEST:
            self.fail("is nested too deeply", event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                self.fail(f"nothing before this is called &{event.anchor}", event)
            built, size = self.anchors[event.anchor]
            self.count(size, event)
            return built
        if event.tag not in ALLOWED_TAGS:
            self.fail(f"the tag {event.tag} is not allowed: this file is plain data", event)
        before = self.size
        self.count(1, event)
        built = self.collection(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = built, self.size - before
        return built

    def collection(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(depth)
        return _scalar(event)

    def sequence(self, depth: int) -> MarkedList:
        built = MarkedList()
        built.items_at = []
        for event in self.until(yaml.SequenceEndEvent):
            built.items_at.append(_place(event))
            built.append(self.value(event, depth + 1))
        return built

    def mapping(self, start: Any, depth: int) -> Marked:
        built = Marked()
        built.where, built.keys_at = _place(start), {}
        for key_event in self.until(yaml.MappingEndEvent):
            if not isinstance(key_event, yaml.ScalarEvent):
                self.fail("a key is text", key_event)
            key = key_event.value
            if key in built:
                self.fail(f"{key!r} appears twice", key_event)
            built.keys_at[key] = _place(key_event)
            built[key] = self.value(next(self.events), depth + 1)
        return built

    def until(self, end: type) -> Iterator[Any]:
        """Yield the events of a collection; whoever takes one builds its value before the next."""
        while not isinstance(event := next(self.events), end):
            yield event

    def count(self, more: int, event: Any) -> None:
        self.size += more
        if self.size > LARGEST:
            self.fail(f"holds more than {LARGEST:,} values", event)

    def fail(self, message: str, event: Any) -> NoReturn:
        line, column = _place(event)
        raise self.wrong(message, where=f"{self.path}:{line}:{column}")


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _scalar(event: Any) -> Any:
    text = event.value
    if event.tag in ("!", CORE + "str") or not event.implicit[0]:
        return text
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else text


def plain(value: Any) -> Any:
    """Return the data without its places."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def known_keys(data: Marked, known: Iterable[str], path: Path, wrong: Wrong) -> None:
    """Refuse the first key that nobody knows, with the nearest one that is known."""
    for key in data:
        if key not in known:
            line, column = data.keys_at[key]
            raise wrong(f"unknown key {key!r}", nearest(key, known), where=f"{path}:{line}:{column}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or which there are."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."


def fits(data: Marked, schema: Mapping[str, Any], path: Path, wrong: Wrong) -> None:
    """Check the data against a JSON Schema; the error that stands first in the file is told."""
    errors = _validator(orjson.dumps(schema)).iter_errors(plain(data))
    found = min(((place_of(data, each.instance_path), each) for each in errors), key=_first, default=None)
    if found is not None:
        (line, column), error = found
        pointer = ".".join(map(str, error.instance_path)) or "the file"
        raise wrong(f"{pointer}: {error.message[:200]}", where=f"{path}:{line}:{column}")


@cache
def _validator(schema: bytes) -> Any:
    """Return the compiled schema: compiling costs more than reading a file, and a run reads two hundred of a kind."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(orjson.loads(schema))


def _first(found: tuple[tuple[int, int], Any]) -> tuple[tuple[int, int], int]:
    return found[0], -len(found[1].instance_path)


def place_of(data: Any, path: Iterable[Any]) -> tuple[int, int]:
    """Return line and column of what lies at *path*, or of the nearest thing around it that has a place."""
    place: tuple[int, int] = getattr(data, "where", (1, 1))
    for step in path:
        try:
            if isinstance(data, Marked):
                place = data.keys_at[step]
            elif isinstance(data, MarkedList):
                place = data.items_at[step]
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
    return place
