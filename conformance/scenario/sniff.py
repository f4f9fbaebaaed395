"""Whether a file means to be a scenario: a look at its first bytes, without a YAML parser."""

from __future__ import annotations

from pathlib import Path

#: Bytes that are looked at.
HEAD = 65_536


def looks_like_scenario(path: Path) -> bool:
    """Tell from the first bytes whether a YAML file means to be a scenario; cheap, and never raises."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False
    lines = {line.split(b":")[0] for line in head.splitlines() if b":" in line and not line[:1].isspace()}
    return {b"scenario", b"steps"} <= lines
