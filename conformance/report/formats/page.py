"""`index.html`, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.report_file import ReportFile

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.report.evidence import Evidence
    from conformance.run.result import RunResult


def _content(result: RunResult, evidence: Evidence, when: datetime) -> str:
    from conformance.report.page import page_of  # when a run is over, not when it begins

    return page_of(result, evidence, when)


PAGE = ReportFile("index.html", _content)
