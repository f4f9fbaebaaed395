"""How `expect:` and `match:` patterns fit an event.

A pattern is plain YAML.  An object fits an object that has at least its keys; an array fits an array of the
same length; anything else fits what is equal.  Operators are objects with one key:

    {$any: true}            present, whatever it is        {$absent: true}     not there
    {$null: true}           null or not there              {$type: string}     of that JSON type
    {$in: [a, b]}           one of these                   {$not: pattern}     does not fit
    {$has: pattern}         an array with such an element  {$empty: false}     array/string/object (not) empty
    {$atleast: 1}           a number, at least             {$starts: text}     a string that begins so

Dots in keys reach into objects: `response.status: completed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

ABSENT = object()

JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "object": (dict,),
    "array": (list,),
    "boolean": (bool,),
    "number": (int, float),
    "null": (type(None),),
}


def _is_type(value: Any, wanted: Any) -> bool:
    kinds = JSON_TYPES.get(str(wanted), ())
    return isinstance(value, kinds) and (wanted == "boolean" or not isinstance(value, bool))


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$any": lambda value, _: value is not ABSENT,
    "$absent": lambda value, _: value is ABSENT,
    "$null": lambda value, _: value is ABSENT or value is None,
    "$type": _is_type,
    "$in": lambda value, wanted: any(not mismatch(each, value) for each in wanted),
    "$not": lambda value, wanted: bool(mismatch(wanted, value)),
    "$has": lambda value, wanted: isinstance(value, list) and any(not mismatch(wanted, each) for each in value),
    "$empty": lambda value, wanted: isinstance(value, str | list | dict) and (not value) is wanted,
    "$atleast": lambda value, wanted: _is_type(value, "number") and value >= wanted,
    "$starts": lambda value, wanted: isinstance(value, str) and value.startswith(wanted),
}


def mismatch(pattern: Any, value: Any, path: str = "") -> str:
    """Say where *value* does not fit *pattern*, as `path: expected …, actual …`; empty if it fits."""
    if isinstance(pattern, dict):
        if len(pattern) == 1 and (name := next(iter(pattern))) in OPERATORS:
            return "" if OPERATORS[name](value, pattern[name]) else _differs(path, f"{name} {pattern[name]!r}", value)
        if not isinstance(value, dict):
            return _differs(path, "an object", value)
        found = (mismatch(each, _reach(value, key), f"{path}.{key}" if path else key) for key, each in pattern.items())
        return next((text for text in found if text), "")
    if isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            return _differs(path, f"an array of {len(pattern)}", value)
        pairs = enumerate(zip(pattern, value, strict=True))
        return next((text for i, (want, each) in pairs if (text := mismatch(want, each, f"{path}[{i}]"))), "")
    same = value == pattern and isinstance(value, bool) == isinstance(pattern, bool)
    return "" if same else _differs(path, repr(pattern), value)


def _reach(value: Any, key: str) -> Any:
    for step in [key] if key in value else key.split("."):
        if not isinstance(value, dict) or step not in value:
            return ABSENT
        value = value[step]
    return value


def _differs(path: str, expected: str, value: Any) -> str:
    actual = "nothing" if value is ABSENT else _short(value)
    return f"{path or 'event'}: expected {expected}, actual {actual}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
