"""Where the data folders are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from conformance.errors import SchemaError

PACKAGE = Path(__file__).resolve().parent
#: Folders that a checkout does not keep at its top: the samples of the rules lie with the tests that use them.
DEEPER = {"samples": PACKAGE.parent / "tests" / "rules" / "samples"}


@cache
def folder(name: str) -> Path:
    """Return the data folder called *name* (`schemas`, `scenarios`, `fixtures`, `samples`)."""
    for home in (PACKAGE / "data" / name, DEEPER.get(name, PACKAGE.parent / name)):
        if home.is_dir():
            return home
    raise SchemaError(
        f"the data folder {name!r} is neither in {PACKAGE / 'data'} nor in {PACKAGE.parent}",
        "Reinstall: pip install --force-reinstall realtime-conformance",
    )
