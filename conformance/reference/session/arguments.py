"""Arguments that fit a tool's parameters: the smallest honest object, with hints from what the user prompt."""

from __future__ import annotations

import re
from typing import Any

#: How deep a schema is followed; deeper, the value is null.
DEPTH = 8
FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "email": "user@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_NAMED = re.compile(r"\b(?:in|for|at|to|from|of|about|is)\s+([A-Z]\w*(?:\s[A-Z]\w*)*)")
_NUMBER = re.compile(r"-?\d+")


def fitting(schema: Any, prompt: str) -> dict[str, Any]:
    """Make arguments that satisfy *schema* (a tool's `parameters`); *prompt* is what the user prompt."""
    value = _value(schema, prompt, schema, DEPTH)
    return value if isinstance(value, dict) else {}


def _value(schema: Any, prompt: str, root: Any, depth: int) -> Any:
    schema = _resolved(schema, root)
    if depth == 0 or not schema:
        return None if depth == 0 else {}
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if isinstance(schema.get(key), list) and schema[key]:
            return _mentioned(schema[key], prompt)
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            return _value(schema[key][0], prompt, root, depth - 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    return _of_type(kind, schema, prompt, root, depth)


def _of_type(kind: Any, schema: dict[str, Any], prompt: str, root: Any, depth: int) -> Any:
    if kind == "object":
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        required = schema.get("required")
        wanted = required if isinstance(required, list) and required else list(known)
        return {
            name: _value(known.get(name, {"type": "string"}), prompt, root, depth - 1)
            for name in wanted
            if isinstance(name, str)
        }
    if kind == "array":
        least = schema.get("minItems")
        size = min(least, 16) if isinstance(least, int) and least > 1 else 1
        return [_value(schema.get("items", {"type": "string"}), prompt, root, depth - 1) for _ in range(size)]
    if kind in ("integer", "number"):
        return _number(schema, prompt)
    return {"boolean": True, "null": None}[kind] if kind in ("boolean", "null") else _string(schema, prompt)


def _resolved(schema: Any, root: Any) -> dict[str, Any]:
    for _ in range(DEPTH):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        schema = root
        for step in reference.lstrip("#/").split("/"):
            schema = schema.get(step) if isinstance(schema, dict) else None
    return {}


def _mentioned(values: list[Any], prompt: str) -> Any:
    return next((each for each in values if isinstance(each, str) and each.lower() in prompt.lower()), values[0])


def _number(schema: dict[str, Any], prompt: str) -> int | float:
    low, high = schema.get("minimum"), schema.get("maximum")
    found = _NUMBER.search(prompt)
    value: int | float = int(found.group()) if found and len(found.group()) < 16 else 1
    if isinstance(low, int | float) and value < low:
        value = low
    if isinstance(high, int | float) and value > high:
        value = high
    return value


def _string(schema: dict[str, Any], prompt: str) -> str:
    if (known := FORMATS.get(str(schema.get("format")))) is not None:
        return known
    found = _NAMED.search(prompt)
    value = found.group(1) if found else "something"
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int):
        value = value.ljust(min(least, 1000), "x")
    return value[:most] if isinstance(most, int) and most >= 0 else value
