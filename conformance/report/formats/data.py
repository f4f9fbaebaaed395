"""`report.json`, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.report.report_file import ReportFile

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.report.evidence import Evidence
    from conformance.run.result import RunResult


def _content(result: RunResult, evidence: Evidence, when: datetime) -> dict[str, Any]:
    from conformance.report.json import report_of  # when a run is over, not when it begins

    return report_of(result, evidence, when)


REPORT = ReportFile("report.json", _content)
