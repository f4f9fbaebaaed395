"""Whatever kills a run: what is over lies on disk, and `realtime-conformance report` makes a report of it."""

import json
import subprocess
import sys

import pytest

from conformance.trace.jsonl import load

REPORT = [
    sys.executable,
    "-c",
    "import sys; from conformance.commands.cli import main; main(sys.argv[1:])",
    "report",
    "reports",
]
NUMBER = 6


def killed(folder, *arguments, when):
    """Run pytest and send SIGKILL as soon as a line of its output holds *when*."""
    process = subprocess.Popen(
        folder.command(*arguments), cwd=folder.path, env=folder.environment(token="sk-canary-0123456789abcdef"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    for line in process.stdout:
        if when in line:
            process.kill()
            break
    process.stdout.close()
    return process.wait(60)


def reported(folder):
    return subprocess.run(REPORT, cwd=folder.path, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def talks(folder):
    for number in range(NUMBER):
        folder.talk(f"talk{number}")
    return folder


@pytest.mark.parametrize("number", [0, 2, NUMBER - 1])
def test_a_run_that_is_killed_leaves_what_was_over(talks, endpoint, number):
    status = killed(talks, f"--endpoint={endpoint()}", ".", "-v", when=f"talk{number}.yaml::plays PASSED")
    lines = (talks.path / "reports/verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    names = [json.loads(line)["record"]["conversation"] for line in lines[1:] if "record" in line]
    traces = sorted((talks.path / "reports/traces").glob("*.jsonl"))
    result = reported(talks)
    report = json.loads((talks.path / "reports/report.json").read_text(encoding="utf-8"))

    assert status == -9
    assert names[: number + 1] == [f"talk{each}" for each in range(number + 1)]
    assert all(load(path).end is not None for path in traces)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "The run did not come to its end" in result.stdout
    assert {each["conversation"] for each in report["conversations"]} >= {path.stem for path in traces}
    assert report["partial"] is True


def test_what_failed_before_the_kill_is_told(talks, endpoint):
    url = endpoint("delta-follows-its-response")
    killed(talks, f"--endpoint={url}", ".", "-v", when="talk1.yaml::plays PASSED")
    result = reported(talks)

    report = json.loads((talks.path / "reports/report.json").read_text(encoding="utf-8"))
    assert result.returncode == report["exit_status"] == 2
    assert "NOT conformant: 1 MUST requirement broken" in result.stdout


def test_a_line_that_was_cut_in_the_middle_is_passed_over(talks, endpoint):
    talks.pytest(f"--endpoint={endpoint()}", ".")
    journal = talks.path / "reports/verdicts.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:3]) + lines[3][:100])
    result = reported(talks)

    assert result.returncode == 2
    assert f"{NUMBER} conversations are on disk, {NUMBER - 2} of them judged just now" in result.stdout


def test_the_report_of_a_run_that_ended_is_the_runs_own(talks, endpoint):
    run = talks.pytest(f"--endpoint={endpoint()}", ".")
    before = (talks.path / "reports/report.json").read_bytes()
    result = reported(talks)

    assert result.returncode == run.returncode == 0
    assert result.stdout.splitlines()[-1] in run.stdout
    assert (talks.path / "reports/report.json").read_bytes() == before


def test_without_a_run_there_is_no_report(folder):
    result = reported(folder)

    assert result.returncode == 4
    assert "No such file" in result.stderr
    assert list(folder.path.iterdir()) == []
