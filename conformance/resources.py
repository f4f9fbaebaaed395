"""Where the data folders are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from conformance.errors import SchemaError

PACKAGE = Path(__file__).resolve().parent


@cache
def folder(name: str) -> Path:
    """Return the data folder called *name* (`schemas`, `scenarios`, `fixtures`)."""
    for home in (PACKAGE / "data" / name, PACKAGE.parent / name):
        if home.is_dir():
            return home
    raise SchemaError(
        f"the data folder {name!r} is neither in {PACKAGE / 'data'} nor in {PACKAGE.parent}",
        "Reinstall: pip install --force-reinstall realtime-conformance",
    )


@cache
def harness_schema(name: str) -> Mapping[str, Any]:
    """Return the JSON Schema of one of our own files, e.g. `scenario` or `profile`."""
    schema: Mapping[str, Any] = orjson.loads((folder("schemas") / "harness" / f"{name}.json").read_bytes())
    return schema
