"""Commands for runs: the suite without knowing pytest, and what is made of reports that are there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.report.inert import inert
from conformance.run.outcome import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(short_help="Recompute every verdict of a certificate.")
@click.argument("file", type=click.Path(path_type=Path))
def verify(file: Path) -> None:
    """Recompute a certificate (`pytest --certify=FILE.zip`): every verdict from its traces, without a network.

    Exit status: 0 valid, 1 not valid, 4 it cannot be read, or was made by another version.
    """
    from conformance.commands.verify import as_text, verified

    found = verified(file)
    click.echo(as_text(found), nl=False)
    sys.exit(ExitStatus.CLEAN if found.valid else ExitStatus.BROKEN)


@click.command(short_help="Print the summary of a finished or killed run.")
@click.argument("folder", default="reports", type=click.Path(path_type=Path, file_okay=False))
@click.option("--flaky", is_flag=True, help="List what failed in some runs of FOLDER/history.jsonl, but not in others.")
def report(folder: Path, flaky: bool) -> None:
    """Print the summary of the run in FOLDER (reports/ by default), even if the run was killed.

    Exit status: that of the run; 2 if the run was killed.
    """
    from conformance.commands.report import gathered
    from conformance.report.history import comparable, flaky_text, rates_of
    from conformance.report.screen import PlainTerminal
    from conformance.report.terminal import summary, verdict

    if flaky:
        click.echo(flaky_text(rates_of(folder), len(comparable(folder))), nl=False)
        return
    found = gathered(folder)
    terminal = PlainTerminal()
    if found.status is None:
        terminal.write_line(
            f"The run did not come to its end: {len(found.result.conversations)} conversations are on disk, "
            f"{found.unreported} of them judged just now.",
            yellow=True,
        )
    for why in found.unread:
        terminal.write_line(f"Not read: {inert(why)}", yellow=True)
    summary(terminal, found.result)
    verdict(terminal, found.result)
    sys.exit(ExitStatus.INTERRUPTED if found.status is None else found.status)


@click.command(short_help="Print what changed between two runs.")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
def compare(before: Path, after: Path) -> None:
    """Print as Markdown what changed between two runs (reports folders, report.json or certificates).

    Exit status: 0 nothing got worse, 1 something did, 4 a report cannot be read.
    """
    from conformance.report.comparison import compare as compared
    from conformance.report.markdown import comparison_markdown
    from conformance.report.saved_report import read_report

    was, now = read_report(before), read_report(after)
    found = compared(was, now)
    click.echo(comparison_markdown(was, now, found), nl=False)
    sys.exit(ExitStatus.BROKEN if found.regression else ExitStatus.CLEAN)


@click.command(short_help="Put many runs into one table.")
@click.argument("reports", metavar="REPORT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write an HTML page (default: print Markdown).")
def matrix(reports: Sequence[Path], output: Path | None) -> None:
    """Put many runs into one table: endpoints by chapters, with links to the evidence."""
    from conformance.report.matrix import matrix_html, matrix_markdown
    from conformance.report.saved_report import read_report

    found = [read_report(path) for path in reports]
    if output is None:
        click.echo(matrix_markdown(found, Path.cwd()), nl=False)
        return
    output.write_text(matrix_html(found, output.resolve().parent), encoding="utf-8")
    click.echo(f"written: {output}")


@click.command(context_settings={"ignore_unknown_options": True}, short_help="Play the suite against an endpoint.")
@click.argument("url")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(url: str, arguments: Sequence[str]) -> None:
    """Play the suite against URL: what `pytest --endpoint=URL` does, with the same options and statuses.

    The key is read from REALTIME_TOKEN. All options: realtime-conformance run URL --help

    Only the reports are left behind: for options that need pytest's cache (--lf, --stepwise), call pytest.
    """
    import pytest

    # pytest would have read our modules first; we are the command that calls it.
    quiet = "ignore:Module already imported so cannot be rewritten; conformance:pytest.PytestAssertRewriteWarning"
    sys.exit(pytest.main([f"--endpoint={url}", "-p", "no:cacheprovider", "-W", quiet, *arguments]))


@click.command(short_help="Be a Locust worker that judges conversations.")
@click.argument("url")
@click.option("--master", required=True, metavar="HOST[:PORT]", help="Where `locust --master` listens (port 5557).")
@click.option("--model", default=None, help="Value of ?model=")
@click.option("--token", default="", envvar="REALTIME_TOKEN", help="The key.")
@click.option("--auth", default="bearer", show_default=True, help="The auth style.")
@click.option("--reports", default="reports", show_default=True, type=click.Path(path_type=Path, file_okay=False))
def load(url: str, master: str, model: str | None, token: str, auth: str, reports: Path) -> None:
    """Be a Locust worker that plays and judges conversations with URL (docs/load.md).

    Exit status: 0 no difference under load, 1 a verdict differs or sessions are mixed, 4 the master does not answer,
    6 the endpoint opens no session.
    """
    from conformance.commands.load import load as loaded

    tally, lines = loaded(url, master, token, model, auth, reports)
    for line in lines:
        click.echo(line)
    sys.exit(ExitStatus.CLEAN if tally.kept_apart else ExitStatus.BROKEN)


COMMANDS = (run, report, verify, compare, matrix, load)
