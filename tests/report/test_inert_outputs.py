"""Every output that exists, over a run of which the endpoint controls whatever it can: nothing in it acts."""

import shutil
import zipfile
from dataclasses import replace

import pytest
from click.testing import CliRunner

from conformance.commands.cli import command
from conformance.contract.dialects import DIALECTS
from conformance.generate.explore import Case, Example, Flaw
from conformance.generate.found import FoundCases
from conformance.mutants.rehearsal import rehearse
from conformance.play.preflight import Diagnosis
from conformance.report.allure_files import write_allure_files
from conformance.report.certificate import CertifiedRun, certify
from conformance.report.diagnosis import diagnosed
from conformance.report.files import report_files, write_files
from conformance.report.github import annotations_of, summary_of
from conformance.report.history import flaky_text, rates_of
from conformance.report.matrix import matrix_html, matrix_markdown
from conformance.report.pair_ladder import whole_ladder_html, whole_ladder_svg
from conformance.report.progress_line import progress_line
from conformance.report.saved_report import read_report
from conformance.report.screen import Screen
from conformance.report.terminal import spending, summary, verdict
from conformance.run.baseline import Baseline, BaselineEntry, Review, Seen
from conformance.run.baseline_file import updated
from conformance.run.journal import Journal, about
from conformance.run.outcome import Ending
from conformance.run.policy import Policy
from conformance.run.result import result_of
from conformance.run.watch import WatchedRun
from conformance.trace.trace import Trace
from tests.records import NOW
from tests.report.conftest import run_in
from tests.report.hostile_text import ACTIVE, HOSTILE, active_in, mangled
from tests.report.kept_lines import KeptLines

#: What only a browser would obey.
MARKUP = ("<script", "<img")


def data(name):
    """Return how a file of the reports folder is read."""
    return lambda ran, _folder: (ran.settings.reports / name).read_bytes().decode()


def on_the_terminal(ran, _folder):
    screen = KeptLines()
    for part in (summary, verdict):
        part(Screen(screen), ran)
    Screen(screen).write_line(spending(ran))
    diagnosed(Screen(screen), Diagnosis(Trace(()), trouble=HOSTILE, why=HOSTILE, cure="Look."), ran.settings)
    diagnosed(Screen(screen), Diagnosis(Trace(()), DIALECTS["ga"], refused_style="bearer"), ran.settings)
    return "\n".join(screen.lines)


def told_again(ran, _folder):
    journal = Journal(ran.settings.reports, ran.settings.scrub)
    journal.begin(about(ran.settings))
    for record in ran.conversations.values():
        journal.add(record)
    journal.finish(ran.status, ran)
    return CliRunner().invoke(command, ["report", str(ran.settings.reports)]).output


def certificate(ran, folder):
    certify(folder / "x.zip", [CertifiedRun(ran, ran.settings.reports)] * 3, NOW)
    with zipfile.ZipFile(folder / "x.zip") as archive:
        own = "".join(archive.read(name).decode() for name in ("statement.json", "badge.json", "badge.svg"))
    return own + CliRunner().invoke(command, ["verify", str(folder / "x.zip")]).output


def compared(ran, folder):
    ran.settings.reports.rename(folder / "before")
    write_files(result_of(dict(list(ran.conversations.items())[:1]), ran.settings, ending=ran.ending), NOW)
    return CliRunner().invoke(command, ["compare", str(folder / "before"), str(ran.settings.reports)]).output


def found_case(_ran, folder):
    conversation = rehearse("response/text_turn", "ga")
    example = Example(1, "generate", conversation.scenario, conversation, ())
    case = Case(Flaw("envelope.fits-its-schema", "MUST", HOSTILE, HOSTILE, HOSTILE), example)
    found = FoundCases(folder / "found", "generated/conversations", lambda path: f"pytest {path.name}")
    found.keep(case)
    return "".join(each.read_bytes().decode() for each in (folder / "found").iterdir())


def baseline(_ran, folder):
    seen = Seen("envelope.fits-its-schema", "a/b", "fail", (HOSTILE,))
    return updated("", folder / "known.yaml", Review(unlisted=(seen,)))


#: Output -> what it holds, given the run and a folder.
OUTPUTS = {
    **{each.name: data(each.name) for each in report_files()},
    "history.jsonl": data("history.jsonl"),
    "environment.properties": lambda _ran, folder: (folder / "allure/environment.properties").read_bytes().decode(),
    "the step summary": lambda ran, _folder: summary_of(ran),
    "the annotations": lambda ran, folder: "".join(annotations_of(ran, folder)),
    "the terminal": on_the_terminal,
    "the progress line": lambda _ran, _folder: progress_line(
        WatchedRun(over=1, of=2, slowest=(HOSTILE, 9.0), search=HOSTILE, ending=HOSTILE), 80
    ),
    "report": told_again,
    "report --flaky": lambda ran, _folder: flaky_text(rates_of(ran.settings.reports), 2, every=True),
    "verify": certificate,
    "compare": compared,
    "matrix": lambda ran, folder: matrix_markdown([read_report(ran.settings.reports)], folder),
    "matrix -o": lambda ran, folder: matrix_html([read_report(ran.settings.reports)], folder),
    "ladder in a page": lambda _ran, _folder: whole_ladder_html(mangled(TURN), mangled(TURN), {3, -1, len(TURN)}),
    "ladder as a picture": lambda _ran, _folder: whole_ladder_svg(mangled(TURN), mangled(TURN), {3, -1, len(TURN)}),
    "a found case": found_case,
    "a baseline": baseline,
}
#: Outputs that a browser, or a page of GitHub's, shows.
SHOWN_AS_MARKUP = ("index.html", "junit.xml", "the step summary", "compare", "matrix", "matrix -o")
SHOWN_AS_MARKUP += ("ladder in a page", "ladder as a picture")
TURN = rehearse("response/text_turn", "ga").traces[0]


@pytest.fixture(scope="module", params=["played", "not ready"])
def written(request, tmp_path_factory):
    """A run of which half of what the endpoint said is hostile, and the folder with everything made of it."""
    home = tmp_path_factory.mktemp("hostile")
    ran = run_in(home)(mangle=mangled, message=HOSTILE)
    settings = replace(ran.settings, lacking={"tools": HOSTILE}, unclaimed=(HOSTILE,))
    ran = replace(ran, settings=settings, notes=(HOSTILE,))
    entry = BaselineEntry("envelope.fits-its-schema", HOSTILE, message=HOSTILE, where="known.yaml:1")
    ran = replace(
        ran,
        policy=Policy(file=home / "known.yaml", baseline=Baseline((entry,))),
        review=Review(unlisted=(Seen("plays", "a/b", "fail", (HOSTILE,)),), other=((entry, HOSTILE),)),
    )
    if request.param == "not ready":
        ran = replace(result_of({}, settings, ending=Ending(unreachable=HOSTILE)), notes=(HOSTILE,))
    write_files(ran, NOW)
    write_allure_files(home / "allure", ran)
    return home, ran


@pytest.fixture
def hostile(written, tmp_path):
    """The same run with a copy of its folder: some outputs move it or write into it."""
    home, ran = written
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    return replace(ran, settings=replace(ran.settings, reports=tmp_path / "reports"))


@pytest.mark.parametrize("output", OUTPUTS)
def test_nothing_that_an_endpoint_says_acts_in(output, hostile, tmp_path):
    text = OUTPUTS[output](hostile, tmp_path)

    obeyed = ACTIVE if output in SHOWN_AS_MARKUP else [each for each in ACTIVE if each not in MARKUP]
    assert text
    assert [each for each in obeyed if each in text] == []


def test_what_was_looked_at_was_hostile(hostile):
    assert active_in(str(hostile.notes)) or active_in(hostile.ending.unreachable)
    assert "gnp.exe" in (hostile.settings.reports / "index.html").read_text(encoding="utf-8")
