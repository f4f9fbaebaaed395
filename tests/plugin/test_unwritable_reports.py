"""A report that cannot be rendered costs neither the verdict nor any other report."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.plugin.reports import refuse_unwritable_junit
from conformance.report.files import report_files
from conformance.run.outcome import ExitStatus as Status

LATE = "delta-follows-its-response"
#: What renders a report, as a person finds it named -> where the function is used.
RENDERERS = {
    "index.html": "conformance.report.page.page_of",
    "junit.xml": "conformance.report.junit.junit_of",
    "report.json": "conformance.report.json.report_of",
    "history.jsonl": "conformance.report.files.remember",
    "times and sound": "conformance.report.files.evidence_of",
    "the step summary": "conformance.report.github.summary_of",
    "the annotations": "conformance.plugin.reports.annotations_of",
    "the summary": "conformance.report.terminal.summary",
    "Allure's environment and categories": "conformance.report.allure.write_allure_files",
    "Allure's results": "conformance.report.allure.item_of",
}
#: A function that raises, in the place of each of some.
BROKEN = """\
import pytest
from importlib import import_module

def fails(*_arguments, **_named):
    raise LookupError("nobody thought of this")

@pytest.hookimpl(trylast=True)
def pytest_configure():
    for name in {names!r}:
        module, _, function = name.rpartition(".")
        setattr(import_module(module), function, fails)
"""
#: What each report leaves, by its name.
FILES = {
    "index.html": "reports/index.html",
    "junit.xml": "reports/junit.xml",
    "report.json": "reports/report.json",
    "history.jsonl": "reports/history.jsonl",
    "the step summary": "summary.md",
    "Allure's environment and categories": "reports/allure-results/categories.json",
}


@pytest.fixture
def played(folder, monkeypatch):
    """Return `played(*options, without=…) -> (status, words of the terminal)`: those reports cannot be rendered."""

    def make(*options, without):
        folder.talk("talk")
        folder.write("conftest.py", BROKEN.format(names=[RENDERERS[each] for each in without]))
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder.path / "summary.md"))
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        result = folder.pytest(*options, "talk.yaml")
        assert "INTERNALERROR" not in result.stdout + result.stderr
        assert "Traceback" not in result.stdout + result.stderr
        return result.returncode, " ".join(result.stdout.split())

    return make


def test_every_format_of_the_folder_is_among_them():
    assert {each.name for each in report_files()} <= RENDERERS.keys()


@pytest.mark.parametrize("report", RENDERERS)
def test_a_report_that_cannot_be_rendered_costs_no_other_report_and_no_verdict(report, played, folder):
    status, told = played(without=[report])

    assert status == Status.INTERNAL, told
    assert f"Not everything could be written: {report} could not be written: LookupError: nobody thought of" in told
    assert re.search(r"\w+\.py, line \d+; a bug in realtime-conformance, please report it", told)
    assert "incomplete (a selection): nothing broken in what was judged" in told.rpartition(" is valid. ")[2]
    missing = {name for name, path in FILES.items() if not (folder.path / path).exists()}
    assert missing == {report} & FILES.keys()
    if report != "report.json":
        written = json.loads((folder.path / "reports/report.json").read_text())
        # The verdict is the endpoint's; that something is missing only the status tells.
        assert written["outcome"] == "incomplete"
    last = json.loads((folder.path / "reports/verdicts.jsonl").read_text().splitlines()[-1])
    assert last["status"] == Status.INTERNAL


def test_without_any_report_a_broken_requirement_is_still_told(played, endpoint):
    status, told = played(f"--endpoint={endpoint(LATE)}", without=RENDERERS)

    assert status == Status.BROKEN, told
    assert "NOT conformant: 1 MUST requirement broken" in told.rpartition(" is valid. ")[2]
    assert all(name in told for name in RENDERERS)


def test_the_page_that_could_not_be_written_is_not_named_as_the_place_to_read_on(played):
    _, told = played(without=["index.html"])

    assert "read on:" not in told


def test_what_is_told_of_the_status_in_the_report_is_what_the_process_ends_with(played, folder):
    status, _ = played(without=["junit.xml"])

    assert json.loads((folder.path / "reports/report.json").read_text())["exit_status"] == status


def test_the_cause_is_in_the_documentation():
    told = (Path(__file__).parents[2] / "docs/exit-statuses.md").read_text(encoding="utf-8")

    assert "the results could not be written" in told


def test_a_junit_file_that_pytest_could_not_write_is_told_before_anything_is_played(folder):
    folder.talk("talk")
    folder.write("file", "")
    result = folder.pytest("talk.yaml", "--junitxml=file/junit.xml")

    assert result.returncode == Status.MISUSED
    assert "ERROR: --junitxml: file/junit.xml cannot be written: " in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert not (folder.path / "reports").exists()


def test_to_look_whether_it_can_be_written_leaves_no_file_and_keeps_one_that_is_there(tmp_path):
    asked = {"xmlpath": str(tmp_path / "new/junit.xml")}
    refuse_unwritable_junit(SimpleNamespace(getoption=asked.get))
    assert not (tmp_path / "new/junit.xml").exists()

    (tmp_path / "new/junit.xml").write_text("earlier", encoding="utf-8")
    refuse_unwritable_junit(SimpleNamespace(getoption=asked.get))
    assert (tmp_path / "new/junit.xml").read_text(encoding="utf-8") == "earlier"


#: What makes the place of a file a folder, while conversations are played.
TAKEN_AWAY = """\
from pathlib import Path

def pytest_collection_finish():
    Path("junit.xml").mkdir()
"""


def test_a_plugin_that_cannot_write_its_results_at_the_end_costs_neither_the_verdict_nor_any_of_ours(folder):
    folder.talk("talk")
    folder.write("conftest.py", TAKEN_AWAY)
    result = folder.pytest("talk.yaml", "--junitxml=junit.xml")

    told = " ".join(result.stdout.split())
    assert result.returncode == Status.INTERNAL
    assert "junit.xml could not be written: " in told
    assert "The verdict below is valid." in told
    assert "incomplete (a selection): nothing broken in what was judged" in told
    assert "Traceback" not in result.stdout + result.stderr
    assert json.loads((folder.path / "reports/report.json").read_text(encoding="utf-8"))["exit_status"] == 3
