"""The files that every run leaves, also an interrupted one: those of `report/formats/`, and a line of history."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from conformance.report import formats
from conformance.report.evidence import Evidence, evidence_of
from conformance.report.formats.data import REPORT
from conformance.report.history import NAME as HISTORY
from conformance.report.history import remember
from conformance.report.inert import inert_data, is_inert_json
from conformance.report.report_file import ReportFile
from conformance.trace import json_text
from conformance.trace.whole_file import write_text_whole

if TYPE_CHECKING:
    from conformance.run.folder import Disk
    from conformance.run.result import RunResult


def report_files() -> tuple[ReportFile, ...]:
    """Return the format of every module in `report/formats/`."""
    modules = (import_module(f"{formats.__name__}.{each.name}") for each in iter_modules(formats.__path__))
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, ReportFile))


def write_files(result: RunResult, when: datetime | None = None, disk: Disk | None = None) -> None:
    """Write every file into the reports folder, scrubbed, each whole or not at all.

    *disk* remembers what could not be written, and all else is written; without it, the first trouble is raised.
    """
    when = when or datetime.now(UTC)
    writing = disk.writing if disk is not None else nullcontext
    folder = result.settings.reports
    evidence = Evidence()
    with writing(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
    with writing("times and sound"):
        evidence = evidence_of(result)
    with writing(HISTORY):
        remember(result, when)
    for each in sorted(report_files(), key=lambda file: file.name == REPORT.name):  # it tells the status: last
        if disk is not None:
            result = all_written(result, disk)
        with writing(each.name):
            write_text_whole(folder / each.name, _text(result, each.content(result, evidence, when)))


def all_written(result: RunResult, disk: Disk) -> RunResult:
    """Return the result as it is once something could not be written; the same if everything could."""
    if not disk.trouble or result.ending.unwritten:
        return result
    return replace(result, ending=replace(result.ending, unwritten=True))


def _text(result: RunResult, content: object) -> str:
    scrub = result.settings.scrub
    if isinstance(content, str):
        return scrub(content)
    text = json_text.dumps(content, indent=True).decode()
    if not is_inert_json(text) or scrub(text) != text:
        text = json_text.dumps(inert_data(scrub.data(content)), indent=True).decode()
    return text + "\n"
