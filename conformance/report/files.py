"""The files that every run leaves, also an interrupted one: those of `report/formats/`, and a line of history."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from conformance.report import formats
from conformance.report.evidence import evidence_of
from conformance.report.history import remember
from conformance.report.inert import inert_data
from conformance.report.report_file import ReportFile
from conformance.trace import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.run.result import RunResult


def report_files() -> tuple[ReportFile, ...]:
    """Return the format of every module in `report/formats/`."""
    modules = (import_module(f"{formats.__name__}.{each.name}") for each in iter_modules(formats.__path__))
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, ReportFile))


def write_files(result: RunResult, when: datetime | None = None) -> None:
    """Write every file into the reports folder, scrubbed, each whole or not at all."""
    when = when or datetime.now(UTC)
    evidence = evidence_of(result)
    contents = {each.name: each.content(result, evidence, when) for each in report_files()}
    folder = result.settings.reports
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        _write(folder / name, _text(result, content))
    remember(result, when)


def _text(result: RunResult, content: object) -> str:
    scrub = result.settings.scrub
    if isinstance(content, str):
        return scrub(content)
    return json_text.dumps(inert_data(scrub.data(content)), indent=True).decode() + "\n"


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", errors="backslashreplace")
    part.replace(path)
