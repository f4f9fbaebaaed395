"""Saved traces, judged: `realtime-conformance check`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from conformance.contract.dialects import DIALECTS
from conformance.errors import TraceError
from conformance.report.text import finding_text
from conformance.rules.engine.judge import Verdict
from conformance.rules.rule_packs import judged_rules, packs
from conformance.run.record import ruling_data
from conformance.run.ruling import Ruling, dialect_of, rule_on, view_of
from conformance.trace import json_text
from conformance.trace.jsonl import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
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

    def of(self, *verdicts: Verdict, vendor: str = "") -> list[Ruling]:
        """Give the rulings with these verdicts, by our rules or by those of a vendor."""
        return [each for each in self.rulings.values() if each.verdict in verdicts and each.rule.vendor == vendor]

    def broken(self, *, strict: bool, vendor: str = "") -> bool:
        """Whether something that counts was found, by our rules or by those of a vendor."""
        counts = (Verdict.FAIL, Verdict.WARNING) if strict else (Verdict.FAIL,)
        return bool(self.of(*counts, vendor=vendor))

    def clean(self, *, strict: bool) -> bool:
        """Whether nobody's rules found something that counts."""
        return not any(self.broken(strict=strict, vendor=vendor) for vendor in ("", *packs()))


def judged(path: Path, dialect: str = "auto") -> Saved:
    """Read and judge one file."""
    try:
        trace = load(path)
    except TraceError as error:
        return Saved(path, trouble=str(error))
    spoken = dialect if dialect in DIALECTS else dialect_of(trace)
    trace = replace(trace, dialect=spoken)
    return Saved(path, spoken, len(trace), rule_on((view_of(trace),), tuple(judged_rules().values()), {}))


def as_text(files: Iterable[Saved], *, strict: bool = False) -> str:
    """Give a verdict line a file, and below it the findings in full."""
    lines = []
    for file in files:
        if file.trouble:
            lines += [f"unreadable  {file.trouble}", ""]
            continue
        about = f"{file.path}  ({file.dialect}, {file.entries} entries)"
        lines += _told(file, "", about, strict=strict)
        for vendor, pack in packs().items():
            lines += _told(file, vendor, f"{pack.heading} in {file.path}", strict=strict)
    return "\n".join(lines).rstrip() + "\n"


def _told(file: Saved, vendor: str, about: str, *, strict: bool) -> Iterator[str]:
    """Give the verdict line of our rules or of a vendor's, and below it their findings."""
    must, should = file.of(Verdict.FAIL, vendor=vendor), file.of(Verdict.WARNING, vendor=vendor)
    proved = len(file.of(Verdict.PASS, vendor=vendor))
    verdict = "broken" if file.broken(strict=strict, vendor=vendor) else "clean"
    yield f"{verdict:<10}  {about}: {len(must)} MUST and {len(should)} SHOULD broken, {proved} rules proved"
    for ruling in (*must, *should):
        yield from ("", finding_text(ruling, file.path.stem), "")


def as_data(files: Iterable[Saved]) -> str:
    """Give the same as JSON."""
    told: list[dict[str, Any]] = [
        {"file": str(file.path), "error": file.trouble}
        if file.trouble
        else {
            "file": str(file.path),
            "dialect": file.dialect,
            "entries": file.entries,
            "rules": _rules_data(file, ""),
            **({"packs": {vendor: _rules_data(file, vendor) for vendor in packs()}} if packs() else {}),
        }
        for file in files
    ]
    return json_text.dumps(told, indent=True).decode()


def _rules_data(file: Saved, vendor: str) -> dict[str, Any]:
    return {name: ruling_data(each) for name, each in file.rulings.items() if each.rule.vendor == vendor}
