"""history.jsonl: what each run of a reports folder came to, one line a run, so that what comes and goes is seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from conformance.play.player import Outcome
from conformance.report.inert import inert_data
from conformance.report.provenance import rules_digest, tool_version
from conformance.report.sentence import many
from conformance.trace import json_text
from conformance.trace.whole_file import write_text_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from conformance.run.result import RunResult

NAME = "history.jsonl"
#: Runs that are kept.
MOST_RUNS = 200
#: So many runs can be compared.
FEWEST = 2
#: What is told of a conversation that did not get through its script.
PLAYS = "plays"


def remember(result: RunResult, when: datetime) -> None:
    """Append this run to the history of its reports folder; the oldest ones are forgotten."""
    path = result.settings.reports / NAME
    line = json_text.dumps(inert_data(result.settings.scrub.data(_line(result, when)))).decode()
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    write_text_whole(path, "\n".join([*lines[1 - MOST_RUNS :], line]) + "\n")


def _line(result: RunResult, when: datetime) -> dict[str, Any]:
    settings = result.settings
    return {
        "date": when.isoformat(timespec="seconds"),
        "endpoint": "embedded" if settings.embedded else settings.target.url,
        "dialect": settings.target.dialect.name,
        "profile": settings.profile.name if settings.profile is not None else None,
        "model": settings.target.model,
        "version": tool_version(),
        "rules": rules_digest(),
        "outcome": str(result.outcome),
        "conversations": {name: _broken(record) for name, record in result.conversations.items() if record.played},
    }


def _broken(record: Any) -> list[str]:
    """Name what failed in a conversation: rules with findings, and `plays`."""
    stopped = [PLAYS] if record.outcome is not Outcome.PLAYED else []
    attempts = [name for each in record.attempts for name in each.broken]
    return sorted({*stopped, *attempts, *(name for name, told in record.rules.items() if told.findings)})


@dataclass(frozen=True)
class Rate:
    """How often something failed in a conversation."""

    conversation: str
    name: str
    """The rule, or `plays`."""
    failed: int
    runs: int
    """In which the conversation was held."""

    @property
    def flaky(self) -> bool:
        """Whether it fails in some runs and not in others."""
        return 0 < self.failed < self.runs


def comparable(reports: Path) -> list[dict[str, Any]]:
    """Return what is remembered of the runs like the last one (`SAME`): others cannot be compared with it."""
    lines = list(_read(reports / NAME))
    return [each for each in lines if all(each.get(name) == lines[-1].get(name) for name in SAME)]


def rates_of(reports: Path) -> list[Rate]:
    """Return the rates over the runs like the last one; nothing without a history."""
    same = comparable(reports)
    held = Counter(name for each in same for name in each["conversations"])
    failed = Counter((name, what) for each in same for name, broken in each["conversations"].items() for what in broken)
    rates = [Rate(name, what, number, held[name]) for (name, what), number in failed.items()]
    return sorted(rates, key=lambda each: (-each.failed / each.runs, each.conversation, each.name))


SAME = ("endpoint", "dialect", "profile", "model", "rules")


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            told = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(told, dict) and isinstance(told.get("conversations"), dict):
            yield told


def flaky_text(rates: Iterable[Rate], runs: int, *, every: bool = False) -> str:
    """Return what fails in some runs and not in others, line by line; *runs* were compared."""
    if runs < FEWEST:
        return f"{many(runs, 'run')} in the history: what is flaky shows from the second one of the same endpoint.\n"
    shown = [each for each in rates if each.flaky or every]
    lines = [
        f"{each.failed / each.runs:>6.0%}  {each.failed}/{each.runs}  {each.conversation}: {each.name}"
        for each in shown
    ]
    return "\n".join(lines or [f"Nothing is flaky in {runs} runs."]) + "\n"
