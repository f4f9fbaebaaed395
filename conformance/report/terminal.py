"""What the terminal shows beside pytest's own lines: the header, a diagnosis, and the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click

from conformance.play.target import Patience
from conformance.report.inert import inert
from conformance.report.text import wrapped
from conformance.report.timeline import WIDTH
from conformance.rules.engine.judge import Verdict
from conformance.run.documented_facts import documents_of
from conformance.run.event_coverage import coverage_of
from conformance.run.record import NOT_THAT_FAR
from conformance.run.result import sum_of
from conformance.run.tally import RuleTally, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.play.preflight import Diagnosis
    from conformance.run.documented_facts import FactCoverage
    from conformance.run.record import Record
    from conformance.run.settings import Settings

#: Verdicts whose rules are listed one by one, and in which colour.
LISTED: Mapping[Verdict, Mapping[str, bool]] = {
    Verdict.FAIL: {"red": True},
    Verdict.ERROR: {"red": True},
    Verdict.UNPROVEN: {"yellow": True},
    Verdict.WARNING: {"yellow": True},
    Verdict.KNOWN: {"yellow": True},
    Verdict.NOTE: {"cyan": True},
}
#: Listed too under -v.
VERBOSE: Mapping[Verdict, Mapping[str, bool]] = {Verdict.PASS: {"green": True}, Verdict.NOT_APPLICABLE: {}}


class Terminal(Protocol):
    """What we need of pytest's terminal reporter."""

    @property
    def verbosity(self) -> int:
        """How much to say: 1 under -v."""

    def write_line(self, line: str, **markup: bool) -> None:
        """Write one line."""

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        """Write a separator."""


class Plain:
    """A terminal without pytest."""

    verbosity = 0

    def write_line(self, line: str, **markup: bool) -> None:
        """Write one line."""
        colour = next((name for name in ("red", "green", "yellow", "cyan") if markup.get(name)), None)
        click.secho(inert(line), fg=colour, bold=markup.get("bold"))

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        """Write a separator."""
        self.write_line(f" {title} ".center(fullwidth or WIDTH, sep) if title else sep * (fullwidth or WIDTH), **markup)


def header(setup: Settings) -> list[str]:
    """Say what is played against, for the head of the report."""
    target = setup.target
    endpoint = "the embedded reference endpoint" if setup.embedded else setup.scrub(target.url)
    profile = setup.profile.name if setup.profile is not None else "none"
    if setup.waivers != (setup.profile.waivers if setup.profile is not None else {}):
        profile += " without its waivers"
    told = {
        "dialect": setup.dialect,
        "profile": profile,
        "auth": setup.auth or target.auth,
        "model": target.model or "not named",
        "sessions": str(setup.sessions),
    }
    return [f"endpoint: {endpoint}", ", ".join(f"{name}: {text}" for name, text in told.items())]


def diagnosed(terminal: Terminal, diagnosis: Diagnosis, setup: Settings) -> None:
    """Say what the first connection showed."""
    if diagnosis.ready:
        spoken = setup.target.dialect
        found = diagnosis.dialect
        if setup.dialect == "auto" and not setup.embedded:
            how = "recognised" if found is not None else "assumed: the first events do not tell"
            terminal.write_line(f"dialect: {spoken.name} ({how})")
        elif found is not None and found != spoken:
            terminal.write_line(
                f"dialect: {spoken.name} as asked, though the first events look like {found.name}",
                yellow=True,
            )
        if diagnosis.refused_style:
            told = f"auth: {diagnosis.refused_style} is documented and was refused; {setup.target.auth} opens sessions"
            for line in wrapped(told, "", "  "):
                terminal.write_line(line, yellow=True)
        for feature, refusal in setup.lacking.items():
            for line in wrapped(f"not offered: {feature} ({refusal})", ""):
                terminal.write_line(line)
        if setup.unclaimed:
            told = f"offered, though the profile does not claim it: {', '.join(setup.unclaimed)}"
            for line in wrapped(told, "", "  "):
                terminal.write_line(line, yellow=True)
        patience = setup.target.patience
        if not patience.chosen and patience.answer > Patience().answer:
            told = f"slow: the first event took {diagnosis.latency:.1f} s; an answer may take {patience.answer:.0f} s"
            terminal.write_line(told)
        return
    place = "the embedded reference" if setup.embedded else setup.scrub(setup.target.url)
    terminal.write_line("")
    terminal.write_sep("=", "the endpoint is not ready", red=True)
    terminal.write_line(place)
    for line in (*wrapped(setup.scrub(diagnosis.trouble), "  "), *wrapped(diagnosis.cure, "  ")):
        terminal.write_line(line, red=True)
    terminal.write_line("Nothing was judged.")


def summary(terminal: Terminal, records: Mapping[str, Record], setup: Settings, *, partial: bool) -> None:
    """Sum up: what is not simply right line by line, the rest in numbers, the verdict last."""
    run = sum_of(records, setup, partial=partial)
    terminal.write_sep("=", "conformance")
    for record in run.stopped:
        for line in wrapped(f"{_NAMES[record['outcome']]} {record['conversation']}: {record['message']}", "", "  "):
            terminal.write_line(line, red=True)
    _list(terminal, run)
    _count(terminal, run, "rules")
    for pack in run.packs:
        _count(terminal, pack, pack.pack.heading)
        _list(terminal, pack)
    if not partial:
        for line in coverage_of(records.values(), setup.target.dialect).lines():
            terminal.write_line(line)
    _facts(terminal, documents_of(records, setup, partial=partial))
    terminal.write_line(f"traces and report.json: {setup.reports}")
    markup = {"red": not run.conformant, "green": run.clean, "yellow": run.conformant and not run.clean}
    terminal.write_line(run.sentence, bold=True, **markup)


_NAMES = {"unmet": "stopped", "model": "unproven", "environment": "not judged", "error": "not judged"}


def _list(terminal: Terminal, tally: Tally) -> None:
    """List the rules that are not simply right."""
    listed = {**LISTED, **(VERBOSE if terminal.verbosity > 0 else {})}
    for verdict, markup in listed.items():
        for each in tally.lines:
            if each.verdict is verdict and each.first != NOT_THAT_FAR:
                _show(terminal, each, markup)


def _show(terminal: Terminal, line: RuleTally, markup: Mapping[str, bool]) -> None:
    number, of = line.count(line.verdict), sum(map(len, line.conversations.values()))
    amount = f"{number}/{of}" if number != of else str(number)
    head = f"{line.rule.keyword:<6} {line.verdict:<9} {line.rule.id}"
    terminal.write_line(f"{head:<{WIDTH - 9}} {amount:>8}", **markup)
    if line.first and line.verdict is not Verdict.PASS:
        where = line.conversations[line.verdict][0]
        for text in wrapped(f"{where}: {line.first}", " " * 7):
            terminal.write_line(text)


def _count(terminal: Terminal, tally: Tally, heading: str) -> None:
    """Give the numbers of rules, one verdict after the other."""
    named = (*Verdict,)
    counts = [(each, tally.counted(each)) for each in named]
    told = ", ".join(f"{number} {_WORDS.get(each, each)}" for each, number in counts if number)
    for line in wrapped(f"{heading}: {told}", "", "  "):
        terminal.write_line(line)


_WORDS = {
    Verdict.PASS: "proved",
    Verdict.FAIL: "broken",
    Verdict.NOT_RUN: "not exercised",
    Verdict.WARNING: "not kept (SHOULD)",
}


def _facts(terminal: Terminal, documents: FactCoverage) -> None:
    """Say how much of what the vendor documents was shown, and what was not."""
    if not documents.proofs:
        return
    missing, number = len(documents.missing), len(documents.proofs)
    told = f"documented facts proved: {number - missing}/{number}"
    terminal.write_line(told, green=not missing, yellow=bool(missing))
    for text in documents.lines():
        for line in wrapped(text, "  ", "    "):
            terminal.write_line(line, red=bool(documents.unproven))
