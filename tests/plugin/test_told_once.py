"""What a run with one fault tells: one finding, with a command that shows it, and pages beside it."""

import json
import re
import shlex
import sys

from conformance.reference.session.pace import Pace

LATE, RULE = "delta-follows-its-response", "ordering.response-done-is-last"
SOME = ("response/text_turn", "response/two_turns", "response/metadata", "usage/text_only")


def test_one_fault_is_one_finding_on_the_terminal_and_the_verdict_is_the_last_line(folder, endpoint):
    done = folder.pytest(*SOME, f"--endpoint={endpoint(LATE)}")

    lines = done.stdout.rstrip().splitlines()
    assert done.returncode == 1
    assert sum(line.startswith("MUST Nothing that belongs to a response follows") for line in lines) == 1
    assert not any(line.startswith(("FAILED", "____")) for line in lines)
    # The shorter one of the two that set out to prove it: on a busy machine that may be either.
    assert re.search(r"in response/(text_turn|two_turns) and 3 more conversations:", done.stdout)
    verdict = lines.index(next(line for line in lines if line.startswith("NOT conformant: ")))
    assert verdict >= len(lines) - 2
    assert lines[verdict - 1] == "read on: reports/index.html"


def test_one_finding_fits_a_screen(folder, endpoint):
    lines = folder.pytest(*SOME, f"--endpoint={endpoint(LATE)}", "-q").stdout.splitlines()

    first = next(place for place, line in enumerate(lines) if line.startswith("MUST Nothing"))
    last = next(place for place, line in enumerate(lines) if line.startswith("  reproduce: "))
    assert last - first < 24
    assert [line for line in lines if len(line) > 80 and not line.startswith(("  reproduce", "  spec"))] == []


def test_what_is_printed_to_reproduce_a_finding_shows_it_and_spares_the_evidence(folder, endpoint):
    done = folder.pytest(*SOME, f"--endpoint={endpoint(LATE)}")
    before = {path: path.read_bytes() for path in (folder.path / "reports").rglob("*") if path.is_file()}
    printed = next(line for line in done.stdout.splitlines() if line.startswith("  reproduce: "))

    again = folder.pytest(*shlex.split(printed.partition(": ")[2])[1:])

    assert again.returncode == 1
    assert "MUST Nothing that belongs to a response follows" in again.stdout
    assert {path: path.read_bytes() for path in before} == before
    assert (folder.path / "reports/again/report.json").exists()


def test_every_run_leaves_a_page_junit_and_a_report(folder, endpoint):
    folder.pytest(*SOME, f"--endpoint={endpoint(LATE)}")

    reports = folder.path / "reports"
    assert f'id="{RULE}"' in (reports / "index.html").read_text()
    assert (reports / "junit.xml").read_text().count('<failure type="fail"') == 1
    told = json.loads((reports / "report.json").read_text())
    assert (told["outcome"], told["exit_status"]) == ("not conformant", 1)
    assert told["tool"]["rules"].startswith("sha256:")


def test_an_interrupted_run_leaves_a_page_too(folder, endpoint):
    url = endpoint(pace=Pace.REALTIME)

    _, told = folder.interrupted("response/text_turn", "audio", f"--endpoint={url}", "-v", when="plays PASSED")

    assert "incomplete" in told
    assert "interrupted" in (folder.path / "reports/index.html").read_text()


def test_at_the_highest_verbosity_pytest_tells_every_item(folder, endpoint):
    done = folder.pytest(*SOME, f"--endpoint={endpoint(LATE)}", "-vv")

    assert "FAILED" in done.stdout


def test_the_run_command_is_pytest_with_the_endpoint(folder, endpoint):
    import subprocess

    program = "from conformance.commands.cli import main; main()"
    command = [sys.executable, "-c", program, "run", endpoint(LATE), "response/text_turn", "-q"]
    how = {"cwd": folder.path, "env": folder.environment("sk-canary-0123456789abcdef")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **how)

    assert done.returncode == 1
    assert "NOT conformant" in done.stdout


def test_on_github_each_broken_rule_is_an_annotation(folder, endpoint, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    told = folder.pytest("response/text_turn", f"--endpoint={endpoint(LATE)}").stdout

    assert told.count("\n::error ") == 1
    assert f"({RULE})" in next(line for line in told.splitlines() if line.startswith("::error "))
