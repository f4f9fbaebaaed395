"""What somebody gave on the command line, taken out of whatever read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.options.table import OPTIONS


@dataclass(frozen=True)
class Given:
    """The values of our options, and what of the command around them bears on a run."""

    values: Mapping[str, Any]
    """Flag without dashes -> its value; what was not given is not there."""
    folder: Path = field(default_factory=Path.cwd)
    """What relative files are relative to."""
    home: Path = field(default_factory=Path.cwd)
    """Where `reports/` lies, unless another folder is named."""
    root: Path = field(default_factory=Path.cwd)
    """What the ids of a project's own scenarios are relative to."""
    arguments: tuple[str, ...] = ()
    """The files and conversations that were named."""
    selecting: tuple[str, ...] = ()
    """What on the command line picks conversations: pytest's options, and names that are no files or folders."""
    strict: bool = False
    """Whether SHOULD findings count."""
    several_processes: bool = False
    """Whether the run is shared by processes."""
    handed: Mapping[str, Any] = field(default_factory=dict)
    """What the first process of a shared run tells the others: `key`, `reports`."""

    def value(self, flag: str) -> Any:
        """Return the value of one option, None if it was not given."""
        return self.values.get(flag)

    def refuse_empty(self) -> None:
        """Raise UsageError for an option whose value is empty: a variable that is not set, taken for "the usual"."""
        for option in OPTIONS:
            said = self.value(option.name)
            if any(isinstance(each, str) and not each.strip() for each in (said if isinstance(said, list) else [said])):
                usual = f"Give {option.flag}={option.metavar}, or leave {option.flag} out."
                if option.name == "endpoint":  # nobody should be told to judge another endpoint than the one meant
                    usual = "Without it, the reference is tested."
                raise UsageError(f"{option.flag} is empty", f"Was a variable not set? {usual}")
