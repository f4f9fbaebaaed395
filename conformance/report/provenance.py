"""By what a verdict was reached: the tool, its rules, the profile.  Two reports compare only where these agree."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.resources import PACKAGE, folder

if TYPE_CHECKING:
    from conformance.contract.profile import Profile

DISTRIBUTION = "realtime-conformance"
#: What decides a verdict on a trace: the lenses, the contract, the rules and the schemas.
JUDGING = (PACKAGE / "trace", PACKAGE / "contract", PACKAGE / "rules")


@cache
def tool_version() -> str:
    """Return the version of the installed tool."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:  # run from a folder that nobody installed
        return "unknown"


@cache
def rules_digest() -> str:
    """Return a digest of everything that decides a verdict on a trace: `sha256:…`."""
    files = [path for room in JUDGING for path in room.rglob("*.py")]
    schemas = folder("schemas")
    files += [path for dialect in ("ga", "beta") for path in (schemas / dialect).rglob("*.json")]
    return _digest({_name(path): path for path in files})


@cache
def scenarios_digest() -> str:
    """Return a digest of every bundled scenario: `sha256:…`."""
    home = folder("scenarios")
    return _digest({path.relative_to(home).as_posix(): path for path in home.rglob("*.yaml")})


def profile_digest(profile: Profile | None) -> str | None:
    """Return a digest of the profile's file; None without a profile, or where its file is gone."""
    if profile is None or profile.file is None or not profile.file.is_file():
        return None
    return f"sha256:{hashlib.sha256(profile.file.read_bytes()).hexdigest()}"


def _name(path: Path) -> str:
    """Name a file alike in a checkout and in an installed package."""
    root = folder("schemas").parent if path.suffix == ".json" else PACKAGE.parent
    return path.relative_to(root).as_posix()


def _digest(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        # Line endings differ between checkouts; what a file says does not.
        digest.update(f"{name}\0".encode() + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return f"sha256:{digest.hexdigest()}"
