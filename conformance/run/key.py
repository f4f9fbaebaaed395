"""Where the key comes from: a variable, a file, a command's output; on the command line only for those who must."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from conformance.errors import UsageError

#: The variable that is looked at when nothing else is said.
VARIABLE = "REALTIME_TOKEN"
#: Seconds that a command may take; a password manager may ask its owner first.
PATIENCE = 60


def from_variable(name: str) -> str:
    """Read the key from the environment variable *name*; UsageError if it is not set, or to nothing."""
    if key := os.environ.get(name, "").strip():
        return key
    missing = "empty" if name in os.environ else "not set"
    raise UsageError(f"--token-env: the variable {name} is {missing}", f"export {name}=…")


def from_file(path: Path) -> str:
    """Read the key from the first line of a file; UsageError if there is none."""
    try:
        lines = path.read_text(encoding="utf-8").strip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UsageError(f"--token-file: {path}: {reason}") from error
    return _only("--token-file", lines)


def from_command(command: str) -> str:
    """Take the first line that *command* prints; UsageError if it fails.  No shell is involved."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"--token-command: it cannot be run: {_why(error)}") from None
    if done.returncode:
        # What it printed may hold the key.
        raise UsageError(f"--token-command: it ended with status {done.returncode}", "Run it by hand to see why.")
    return _only("--token-command", done.stdout.strip().splitlines())


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "the system refuses"
    return "it takes too long" if isinstance(error, subprocess.TimeoutExpired) else "it is not a command"


def _only(option: str, lines: list[str]) -> str:
    if not lines or not lines[0].strip():
        raise UsageError(f"{option}: it contains no key")
    return lines[0].strip()
