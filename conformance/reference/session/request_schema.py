"""Shapes: what a value that a client sends must look like.

A shape is a function of a value and its dotted path; it returns nothing, or raises the `Refusal` that a
real endpoint would answer with.  Shapes are put together from others, so that the session object, the items
and the client's events are tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.reference.session.refusals import EventRefused, invalid_value

Shape = Callable[[Any, str], None]

#: How the JSON types are called in messages.
NAMES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    dict: "an object",
    list: "an array",
}


def wrong_type(value: Any, path: str, expected: str) -> EventRefused:
    """Refuse *value* for its JSON type."""
    got = "null" if value is None else NAMES.get(type(value), type(value).__name__)
    return EventRefused("invalid_type", param=path, facts={"expected": expected, "got": got})


def anything(value: Any, path: str) -> None:
    """Take any JSON value."""


def text(value: Any, path: str) -> None:
    """Take a string."""
    if not isinstance(value, str):
        raise wrong_type(value, path, "a string")


def short(length: int) -> Shape:
    """Take a string of at most *length* characters."""

    def shape(value: Any, path: str) -> None:
        text(value, path)
        if len(value) > length:
            raise EventRefused("string_above_max_length", param=path, facts={"bound": length})

    return shape


def boolean(value: Any, path: str) -> None:
    """Take true or false."""
    if not isinstance(value, bool):
        raise wrong_type(value, path, "a boolean")


def whole(low: int, high: int | None = None) -> Shape:
    """Take an integer between two bounds, both included."""

    def shape(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(value, path, "an integer")
        _bounded(value, path, low, high, "integer")

    return shape


def decimal(low: float, high: float) -> Shape:
    """Take a number between two bounds, both included."""

    def shape(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(value, path, "a decimal")
        _bounded(value, path, low, high, "decimal")

    return shape


def _bounded(value: float, path: str, low: float, high: float | None, kind: str) -> None:
    if value < low:
        raise EventRefused(f"{kind}_below_min_value", param=path, facts={"bound": low, "value": value})
    if high is not None and value > high:
        raise EventRefused(f"{kind}_above_max_value", param=path, facts={"bound": high, "value": value})


def choice(*supported: str) -> Shape:
    """Take one of the strings given."""

    def shape(value: Any, path: str) -> None:
        text(value, path)
        if value not in supported:
            raise invalid_value(path, value, supported)

    return shape


def maybe(inner: Shape) -> Shape:
    """Take null as well."""

    def shape(value: Any, path: str) -> None:
        if value is not None:
            inner(value, path)

    return shape


def either(string: Shape, other: Shape) -> Shape:
    """Take a string of one shape, or anything else of the other."""

    def shape(value: Any, path: str) -> None:
        (string if isinstance(value, str) else other)(value, path)

    return shape


def listed(inner: Shape) -> Shape:
    """Take an array whose elements have the shape *inner*."""

    def shape(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise wrong_type(value, path, "an array")
        for index, each in enumerate(value):
            inner(each, f"{path}[{index}]")

    return shape


def record(fields: Mapping[str, Shape], *required: str, open_ended: bool = False) -> Shape:
    """Take an object with these *fields*; others are refused unless it is *open_ended*."""

    def shape(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(value, path, "an object")
        for name in required:
            if name not in value:
                raise EventRefused("missing_required_parameter", param=_join(path, name))
        for name, each in value.items():
            if name in fields:
                fields[name](each, _join(path, name))
            elif not open_ended:
                raise EventRefused("unknown_parameter", param=_join(path, name))

    return shape


def tagged(variants: Mapping[str, Shape], tag: str = "type") -> Shape:
    """Take an object whose field *tag* chooses its shape."""

    def shape(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(value, path, "an object")
        if tag not in value:
            raise EventRefused("missing_required_parameter", param=_join(path, tag))
        choice(*variants)(value[tag], _join(path, tag))
        variants[value[tag]](value, path)

    return shape


def mapping(pairs: int, key: int, value_length: int) -> Shape:
    """Take an object of at most *pairs* strings, each key and value of limited length."""

    def shape(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(value, path, "an object")
        if len(value) > pairs:
            raise EventRefused("object_above_max_properties", f"Invalid '{path}': too many properties.", path)
        for name, each in value.items():
            short(key)(name, _join(path, name))
            short(value_length)(each, _join(path, name))

    return shape


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
