"""Where the data folders are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

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


def dialect_names() -> list[str]:
    """Return the names of the dialects, which are those of their folders of schemas."""
    return sorted(path.parent.name for path in folder("schemas").glob("*/server"))
