"""What GitHub shows of a run: the step summary as a table of rules, and an annotation for each broken rule.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.report.failures import Failure, failures_of, reasons_of, reproduce, stops_of
from conformance.report.inert import one_line
from conformance.report.markdown import plain
from conformance.report.sentence import sentence_of
from conformance.rules.engine.judge import Verdict
from conformance.run.outcome import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.run.result import RunResult

#: Where GitHub reads the summary of a step from.
SUMMARY = "GITHUB_STEP_SUMMARY"
SIGNS = {Verdict.FAIL: "❌", Verdict.WARNING: "⚠️", Verdict.UNPROVEN: "❔", Verdict.ERROR: "💥", Verdict.KNOWN: "📌"}
#: Why a rule is unproven, where nobody says it.
NOBODY = "no conversation exercised it"
#: Rows of the table.
MOST_ROWS = 100


def write_summary(result: RunResult, environment: Mapping[str, str] = os.environ) -> bool:
    """Append the summary to the step's, if this is a step of GitHub's; tell whether it is."""
    path = environment.get(SUMMARY)
    if not path:
        return False
    text = result.settings.scrub(summary_of(result)) + "\n"
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)
    return True


def summary_of(result: RunResult) -> str:
    """Return the verdict and a table of the rules that are not simply right, as Markdown."""
    settings = result.settings
    name = "the embedded reference endpoint" if settings.embedded else settings.target.url
    revision = "" if result.ending.unreachable else f", revision {settings.target.dialect.name}"
    told = [f"### {plain(sentence_of(result))}", "", f"{plain(name)}{revision}", ""]
    told += [f"- {plain(why)}" for why in reasons_of(result)]
    rows = list(_rows(result))
    if rows:
        told += ["", "| | requirement | what happened | conversations |", "|---|---|---|---:|", *rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        told.append(f"\n{len(rows) - MOST_ROWS} more in report.json")
    failures = failures_of(result)
    if failures:
        told += ["", "Reproduce the first one:", "", "```", reproduce(result, failures[0].record.conversation), "```"]
    return "\n".join(told)


def _rows(result: RunResult) -> Iterator[str]:
    for failure in failures_of(result):
        rule = failure.line.rule
        named = f"[{plain(rule.sentence)}]({rule.spec})<br>`{rule.id}`"
        first = plain(failure.finding.message)
        yield f"| {SIGNS[failure.line.verdict]} {rule.keyword} | {named} | {first} | {len(failure.conversations)} |"
    for stop in stops_of(result):
        what = f"`{stop.record.conversation}` did not get through its script | {plain(stop.record.message)}"
        yield f"| ❌ | {what} | {len(stop.conversations)} |"
    for line in result.rules.unmet:
        rule = line.rule
        named = f"[{plain(rule.sentence)}]({rule.spec})<br>`{rule.id}`"
        what = f"{named} | unproven: {plain(line.first or NOBODY)}"
        yield f"| {SIGNS[Verdict.UNPROVEN]} {rule.keyword} | {what} | {len(line.told)} |"


def annotations_of(result: RunResult, scenarios: Path) -> Iterator[str]:
    """Return a workflow command for each broken rule, at its scenario where that lies in the repository.

    Where nothing is broken, and the step fails all the same, one says why.

    *scenarios* is the folder of scenario files, relative to the repository or not there at all.
    """
    red = "warning" if result.baseline.written else "error"
    told = []
    for failure in failures_of(result):
        kind = red if failure.line.verdict is Verdict.FAIL or result.settings.strict else "warning"
        told.append(kind)
        yield _command(result, kind, f"{failure.line.rule.demand} ({failure.line.rule.id})", _words(failure),
                       scenarios / f"{failure.record.conversation.partition('@')[0]}.yaml")  # fmt: skip
    for stop in stops_of(result):
        path = scenarios / f"{stop.record.conversation.partition('@')[0]}.yaml"
        title = f"{stop.record.conversation} did not get through its script"
        told.append(red)
        yield _command(result, red, title, stop.record.message, path)
    for line in (each for tally in result.tallies for each in tally.unmet):
        told.append(red)
        path = scenarios / f"{next(iter(sorted(line.promised)), '').partition('@')[0]}.yaml"
        yield _command(result, red, f"{line.rule.demand} ({line.rule.id})", f"unproven: {line.first or NOBODY}", path)
    if result.status is not ExitStatus.CLEAN and "error" not in told:
        sentence = sentence_of(result)
        yield _command(result, "error", sentence, "; ".join(reasons_of(result)) or sentence, Path())


def _words(failure: Failure) -> str:
    finding, number = failure.finding, len(failure.conversations)
    told = {"expected": finding.expected, "actual": finding.actual, "hint:": finding.hint}
    parts = [finding.message, *(f"{name} {text}" for name, text in told.items() if text)]
    return f"{'; '.join(parts)} (in {number} conversation{'s' if number > 1 else ''})"


def _command(result: RunResult, kind: str, title: str, message: str, path: Path) -> str:
    scrub = result.settings.scrub
    place = f"file={_property(path.as_posix())},line=1," if path.is_file() and not path.is_absolute() else ""
    return f"::{kind} {place}title={_property(scrub(one_line(title)))}::{_data(scrub(one_line(message, 1000)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
