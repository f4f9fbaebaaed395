"""Saved traces, judged: `realtime-conformance check`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from conformance.contract.dialects import DIALECTS
from conformance.errors import TraceError
from conformance.report.assessment import Ruling, dialect_of, rule_on, view_of
from conformance.report.records import ruling_data
from conformance.report.text import finding_text
from conformance.rules import RULES
from conformance.rules.judge import Verdict
from conformance.trace.lines import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Saved:
    """One file and what the rules say of it."""

    path: Path
    dialect: str = ""
    entries: int = 0
    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    trouble: str = ""
    """Why it cannot be read."""

    def of(self, *verdicts: Verdict) -> list[Ruling]:
        """Give the rulings with these verdicts."""
        return [each for each in self.rulings.values() if each.verdict in verdicts]

    def broken(self, *, strict: bool) -> bool:
        """Whether something that counts was found."""
        return bool(self.of(Verdict.FAIL, Verdict.WARNING) if strict else self.of(Verdict.FAIL))


def judged(path: Path, dialect: str = "auto") -> Saved:
    """Read and judge one file."""
    try:
        trace = load(path)
    except TraceError as error:
        return Saved(path, trouble=str(error))
    spoken = dialect if dialect in DIALECTS else dialect_of(trace)
    trace = replace(trace, dialect=spoken)
    return Saved(path, spoken, len(trace), rule_on((view_of(trace),), tuple(RULES.values()), {}))


def as_text(files: Iterable[Saved], *, strict: bool = False) -> str:
    """Give a verdict line a file, and below it the findings in full."""
    lines = []
    for file in files:
        if file.trouble:
            lines += [f"unreadable  {file.trouble}", ""]
            continue
        must, should = file.of(Verdict.FAIL), file.of(Verdict.WARNING)
        verdict = "broken" if file.broken(strict=strict) else "clean"
        numbers = f"{len(must)} MUST and {len(should)} SHOULD broken, {len(file.of(Verdict.PASS))} rules proved"
        lines.append(f"{verdict:<10}  {file.path}  ({file.dialect}, {file.entries} entries): {numbers}")
        for ruling in (*must, *should):
            lines += ["", finding_text(ruling, file.path.stem), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_data(files: Iterable[Saved]) -> str:
    """Give the same as JSON."""
    told: list[dict[str, Any]] = [
        {"file": str(file.path), "error": file.trouble}
        if file.trouble
        else {
            "file": str(file.path),
            "dialect": file.dialect,
            "entries": file.entries,
            "rules": {rule_id: ruling_data(each) for rule_id, each in file.rulings.items()},
        }
        for file in files
    ]
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
