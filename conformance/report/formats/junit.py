"""`junit.xml`, for CI servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.report_file import ReportFile

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.report.evidence import Evidence
    from conformance.run.result import RunResult


def _content(result: RunResult, _evidence: Evidence, _when: datetime) -> str:
    from conformance.report.junit import junit_of  # when a run is over, not when it begins

    return junit_of(result)


JUNIT = ReportFile("junit.xml", _content)
