"""What a search leaves on disk: every example in one file, and each case as a script that runs by itself."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from conformance.errors import ScenarioError
from conformance.generate.explore import Case, Example
from conformance.generate.script import written
from conformance.scenario.load import load
from conformance.scenario.model import Scenario

WIDTH = 110


@dataclass
class Shelf:
    """The folder of found cases: `<rule>-<hash>.yaml`, the smallest one of each rule in a search."""

    folder: Path
    again: Callable[[Path], str]
    """The command that plays a file again."""
    scrub: Callable[[str], str] = str
    files: dict[str, Path] = field(default_factory=dict)
    """By rule: what this search has written."""

    def keep(self, case: Case) -> None:
        """Write a case, and remove the larger one that it replaces."""
        script = written(case.scenario)
        name = f"{case.flaw.rule}-{hashlib.sha256(script.encode()).hexdigest()[:8]}.yaml"
        path = self.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".part")
        fresh.write_text(self.scrub(self._comment(case, path)) + script, encoding="utf-8")
        fresh.replace(path)
        if (larger := self.files.get(case.flaw.rule)) not in (None, path):
            larger.unlink(missing_ok=True)
        self.files[case.flaw.rule] = path

    def drop(self, rules: set[str]) -> None:
        """Remove what this search has written for rules whose case another case contains."""
        for rule in rules & self.files.keys():
            self.files.pop(rule).unlink(missing_ok=True)

    def _comment(self, case: Case, path: Path) -> str:
        flaw = case.flaw
        told = [f"Found by generated examples: {flaw.keyword} {flaw.rule}", flaw.message]
        told += [f"{name} {text}" for name, text in (("expected", flaw.expected), ("came", flaw.came)) if text]
        return "".join(f"# {line}\n" for text in told for line in _lines(text)) + f"# Again: {self.again(path)}\n"

    def earlier(self, scenario_id: str, dialect: str) -> Iterator[Scenario]:
        """Give the cases of earlier runs that were found by the same kind of examples."""
        for path in sorted(self.folder.glob("*.yaml")):
            try:
                scenario = load(path)
            except ScenarioError:
                continue  # Somebody's own edit; pytest says what is wrong with it when the file is played.
            if scenario.dialects == {dialect} and scenario_id in scenario.tags | {scenario_id}:
                yield scenario


def _lines(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), WIDTH, break_long_words=False) or [""]


def line_of(example: Example, kind: str) -> bytes:
    """Give an example as one line of `examples.jsonl`, without the line's end."""
    told = {
        "kind": kind,
        "number": example.number,
        "during": example.during,
        "outcome": str(example.conversation.outcome),
        "seconds": round(example.conversation.seconds, 6),
        "flaws": [{"rule": flaw.rule, "keyword": flaw.keyword, "message": flaw.message} for flaw in example.flaws],
        "script": written(example.scenario),
    }
    return orjson.dumps(told)
