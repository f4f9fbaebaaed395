"""The JSON Schemas of our own files: scenarios, profiles, baselines, scripts, prices, reports."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.resources import folder

#: Definition in a schema -> what it may be: what has a table in the code is not repeated in the files.
VOCABULARY = {"dialect": DIALECTS, "auth_style": STYLES}


@cache
def harness_schema(name: str) -> Mapping[str, Any]:
    """Return the schema of one kind of file, e.g. `scenario` or `profile`."""
    schema: dict[str, Any] = orjson.loads((folder("schemas") / "harness" / f"{name}.json").read_bytes())
    definitions = schema.get("$defs", {})
    for word, table in VOCABULARY.items():
        if word in definitions:
            definitions[word] = {"enum": list(table)}
    if "feature" in definitions and name != "scenario":
        definitions["feature"] = harness_schema("scenario")["$defs"]["feature"]
    return schema
