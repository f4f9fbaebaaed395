"""The files that every run leaves, also an interrupted one: report.json, index.html, junit.xml, a line of history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conformance.report.evidence import evidence_of
from conformance.report.history import remember
from conformance.report.inert import inert_data
from conformance.report.json import report_of
from conformance.report.junit import junit_of
from conformance.report.page import page_of
from conformance.run.folder import WRITTEN
from conformance.trace import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.run.result import RunResult

REPORT, PAGE, JUNIT = WRITTEN


def write_files(result: RunResult, when: datetime | None = None) -> None:
    """Write every file into the reports folder, scrubbed, each whole or not at all."""
    when = when or datetime.now(UTC)
    evidence, scrub = evidence_of(result), result.settings.scrub
    texts = {
        REPORT: json_text.dumps(inert_data(scrub.data(report_of(result, evidence, when))), indent=True).decode() + "\n",
        PAGE: scrub(page_of(result, evidence, when)),
        JUNIT: scrub(junit_of(result)),
    }
    folder = result.settings.reports
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        _write(folder / name, text)
    remember(result, when)


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", errors="backslashreplace")
    part.replace(path)
