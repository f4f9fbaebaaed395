"""Many reports as one table, endpoints by chapters: a page, and a table of support in Markdown."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conformance.report.markdown import plain, table
from conformance.report.provenance import rules_digest, tool_version
from conformance.report.rendering import render, resource
from conformance.report.sentence import many
from conformance.rules.engine.judge import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from conformance.report.saved_report import SavedReport

#: What a cell shows, the gravest first.
ORDER = (Verdict.FAIL, Verdict.ERROR, Verdict.WARNING, Verdict.UNPROVEN, Verdict.KNOWN, Verdict.PASS)
SIGNS: Mapping[str, str] = {
    Verdict.FAIL: "❌",
    Verdict.ERROR: "💥",
    Verdict.WARNING: "⚠️",
    Verdict.UNPROVEN: "❔",
    Verdict.KNOWN: "📌",
    Verdict.PASS: "✅",
    "": "–",
}
#: What the signs mean.
WORDS: Mapping[str, str] = {
    Verdict.FAIL: "a MUST is broken",
    Verdict.ERROR: "an internal error",
    Verdict.WARNING: "a SHOULD is not kept",
    Verdict.UNPROVEN: "evidence is missing",
    Verdict.KNOWN: "a known failure",
    Verdict.PASS: "all proved",
    "": "nothing was judged",
}
#: The same signs in a page: signs that every font has.
LETTERS: Mapping[str, str] = {
    Verdict.FAIL: "✗",
    Verdict.ERROR: "!",
    Verdict.WARNING: "△",
    Verdict.UNPROVEN: "?",
    Verdict.KNOWN: "•",
    Verdict.PASS: "✓",
    "": "–",
}


@dataclass(frozen=True)
class Cell:
    """One chapter of one endpoint."""

    counts: Mapping[str, int]
    """Verdict -> number of rules."""

    @property
    def verdict(self) -> str:
        """The gravest; empty where nothing was judged."""
        return next((str(each) for each in ORDER if self.counts.get(each)), "")

    @property
    def words(self) -> str:
        """What it says in numbers."""
        told = sum(self.counts.get(each, 0) for each in ORDER)
        return f"{self.counts.get(Verdict.PASS, 0)}/{told}" if told else "–"


@dataclass(frozen=True)
class MatrixRow:
    """One endpoint."""

    report: SavedReport
    cells: Mapping[str, Cell]
    link: str
    """Address of its page, relative to the table; empty where there is none."""
    age: str
    """By what it was judged: this version, or another one; and when."""


def matrix_of(
    reports: Sequence[SavedReport], home: Path, now: datetime | None = None
) -> tuple[list[str], list[MatrixRow]]:
    """Return the chapters and a row for each report; links are relative to the folder *home*."""
    chapters = list(dict.fromkeys(_chapter(each["id"]) for report in reports for each in report.data["rules"]))
    return chapters, [_row(report, chapters, home, now or datetime.now(UTC)) for report in reports]


def _row(report: SavedReport, chapters: Sequence[str], home: Path, now: datetime) -> MatrixRow:
    counts: dict[str, Counter[str]] = {chapter: Counter() for chapter in chapters}
    for rule, verdict in report.verdicts.items():
        counts[_chapter(rule)][verdict] += 1
    link = os.path.relpath(report.page, home) if report.page is not None else ""
    return MatrixRow(report, {name: Cell(each) for name, each in counts.items()}, link, _age(report, now))


def _age(report: SavedReport, now: datetime) -> str:
    tool = report.data["tool"]
    days = (now - datetime.fromisoformat(report.data["date"])).days
    old = f", {many(days, 'day')} ago" if days > 0 else ""
    if tool["rules"] == rules_digest():
        return f"this version{old}"
    same = tool["version"] == tool_version()
    return ("other rules of this version" if same else f"version {tool['version']}") + old


def _chapter(rule_id: str) -> str:
    return rule_id.partition(".")[0]


def matrix_html(reports: Sequence[SavedReport], home: Path) -> str:
    """Return the table as a page that needs nothing else."""
    chapters, rows = matrix_of(reports, home)
    return str(
        render("matrix.html.j2", css=resource("page.css"), chapters=chapters, rows=rows, signs=LETTERS, words=WORDS)
    )


def _cell(cell: Cell) -> str:
    return f"{SIGNS[cell.verdict]} {cell.words}" if cell.words != SIGNS[""] else SIGNS[cell.verdict]


def matrix_markdown(reports: Sequence[SavedReport], home: Path) -> str:
    """Return the table as Markdown: what each endpoint supports, for documents."""
    chapters, rows = matrix_of(reports, home)
    lines = []
    for row in rows:
        name = f"[{plain(row.report.name)}]({row.link})" if row.link else plain(row.report.name)
        cells = [_cell(row.cells[each]) for each in chapters]
        lines.append([name, plain(row.report.data["outcome"]), *cells, row.age])
    return table(["endpoint", "outcome", *chapters, "judged by"], lines) + f"\n\n{_legend(rows)}\n"


def _legend(rows: Sequence[MatrixRow]) -> str:
    """Say what the signs and the numbers are."""
    shown = {cell.verdict for row in rows for cell in row.cells.values()}
    signs = [f"{SIGNS[verdict]} {word}" for verdict, word in WORDS.items() if verdict in shown]
    return f"Proved rules out of those with a verdict, by chapter; the sign is of the gravest: {', '.join(signs)}."
