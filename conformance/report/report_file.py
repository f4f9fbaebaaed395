"""What a format of reports is: the name of its file, and how a run becomes its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.report.evidence import Evidence
    from conformance.run.result import RunResult


@dataclass(frozen=True)
class ReportFile:
    """One file in the reports folder; secrets are replaced by whoever writes it."""

    name: str
    content: Callable[[RunResult, Evidence, datetime], str | Mapping[str, Any]]
    """Text, or an object that is written as JSON."""
