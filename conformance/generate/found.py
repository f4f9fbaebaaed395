"""What a search leaves on disk: every example in one file, and each case as a script that runs by itself."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.errors import ScenarioError
from conformance.generate.explore import Case, Example
from conformance.generate.script import written
from conformance.scenario.load import load
from conformance.scenario.model import Scenario
from conformance.trace.whole_file import write_text_whole

WIDTH = 110
#: First line of a case, with the kind of examples that it is one of.
FOUND_BY = "# Found by "


@dataclass
class FoundCases:
    """The folder of the cases: `<rule>-<hash>.yaml`, the smallest one of each rule in a search."""

    folder: Path
    kind: str
    """The kind of examples, e.g. `generated/conversations`."""
    again: Callable[[Path], str]
    """The command that plays a file again."""
    scrub: Callable[[str], str] = str
    files: dict[str, Path] = field(default_factory=dict)
    """By rule: what this search has written."""

    def keep(self, case: Case) -> None:
        """Write a case, whole or not at all, and remove the larger one that it replaces."""
        path = self.folder / f"{case.flaw.rule.replace('/', '_')}-{_digest(case.scenario)}.yaml"
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text_whole(path, self.scrub(self._comment(case, path) + written(case.scenario)))
        larger = self.files.get(case.flaw.rule)
        if larger is not None and larger != path:
            larger.unlink(missing_ok=True)
        self.files[case.flaw.rule] = path

    def _comment(self, case: Case, path: Path) -> str:
        flaw = case.flaw
        told = [f"{flaw.keyword} {flaw.rule}: {flaw.message}"]
        told += [f"{name} {text}" for name, text in (("Expected", flaw.expected), ("Came", flaw.actual)) if text]
        lines = "".join(f"# {line}\n" for text in told for line in _wrapped(text))
        return f"{FOUND_BY}{self.kind}\n{lines}# Again: {self.again(path)}\n"

    def earlier(self, dialect: str) -> Iterator[Scenario]:
        """Return the cases that earlier searches of this kind and dialect have left."""
        for path in sorted(self.folder.glob("*.yaml")):
            if path.read_text(encoding="utf-8").startswith(f"{FOUND_BY}{self.kind}\n"):
                try:
                    scenario = load(path)
                except ScenarioError:
                    continue  # Somebody edits it; pytest says what is wrong with it when it is played by name.
                if scenario.dialects == {dialect}:
                    yield replace(scenario, id=self.kind)


def _digest(scenario: Scenario) -> str:
    return hashlib.sha256(written(scenario).encode()).hexdigest()[:8]


def _wrapped(text: str) -> list[str]:
    """Wrap what an endpoint may have said; a comment of YAML holds only what can be printed."""
    plain = "".join(each if each.isprintable() else "\ufffd" for each in " ".join(text.split()))
    return textwrap.wrap(plain, WIDTH, break_long_words=False)


def told(example: Example, kind: str) -> dict[str, Any]:
    """Return an example as plain data, a line of `examples.jsonl`."""
    return {
        "kind": kind,
        "number": example.number,
        "during": example.during,
        "outcome": str(example.conversation.outcome),
        "seconds": round(example.conversation.seconds, 6),
        "flaws": [{"rule": flaw.rule, "keyword": flaw.keyword, "message": flaw.message} for flaw in example.flaws],
        "script": written(example.scenario),
    }
