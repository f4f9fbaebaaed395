"""A full disk, folders that are not ours, a second run, signals: no verdict is lost or wrong."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.commands.cli import main
from conformance.contract.profile import load_profile
from conformance.errors import ProfileError, UsageError
from conformance.run.folder import claim, forget_the_last_run

#: A worker that dies as soon as it has reported something.
KILLS = """\
import os, signal
def pytest_runtest_logfinish(nodeid):
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        os.kill(os.getpid(), signal.SIGKILL)
"""
#: The time of day goes an hour forward, and back, at every look.
JUMPS = """\
import itertools, time
real, jumps = time.time, itertools.cycle([3600, -3600, 0])
time.time = lambda: real() + next(jumps)
"""
#: Bytes that a file may have where the disk is "full": system calls fail in the same way.
SMALL_DISK = 3000


def test_files_of_others_are_kept_where_no_run_of_ours_was(folder, endpoint):
    folder.talk("talk")
    foreign = [folder.write(name, "mine") for name in ("traces/other.jsonl", "allure-results/mine.json", "report.txt")]
    result = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml", "--reports=.")

    assert result.returncode == 0, result.stdout
    assert [file.read_text() for file in foreign] == ["mine"] * 3


def test_an_earlier_run_is_forgotten_but_nothing_behind_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    kept = tmp_path / "elsewhere" / "a.jsonl"
    kept.write_text("mine")
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "verdicts.jsonl").write_text(
        '{"format": "realtime-conformance/verdicts", "files": ["report.json", "../mine"]}\n'
    )
    (reports / "traces").symlink_to(tmp_path / "elsewhere")
    (reports / "report.json").write_text("{}")
    beside = tmp_path / "mine"
    beside.write_text("mine")
    forget_the_last_run(reports)

    assert kept.read_text() == beside.read_text() == "mine"
    assert not (reports / "report.json").exists()


def test_an_endpoint_that_is_not_there_costs_no_earlier_results(folder, endpoint, deaf_port):
    folder.talk("talk")
    first = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml")
    before = (folder.path / "reports/verdicts.jsonl").read_bytes()
    second = folder.pytest(f"--endpoint=ws://127.0.0.1:{deaf_port}", "talk.yaml")

    assert (first.returncode, second.returncode) == (0, 6)
    assert (folder.path / "reports/traces/talk.jsonl").is_file()
    assert (folder.path / "reports/verdicts.jsonl").read_bytes() == before


def test_a_second_run_says_so_and_takes_a_folder_of_its_own(folder, endpoint):
    folder.talk("talk")
    held = claim(folder.path / "reports")
    result = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml")
    held.release()

    assert result.returncode == 0, result.stdout
    assert "another run writes into" in result.stdout
    assert (folder.path / "reports-2/report.json").is_file()
    assert not (folder.path / "reports/report.json").exists()


def test_a_folder_is_free_again_when_its_run_is_over(tmp_path):
    claim(tmp_path / "reports").release()

    assert claim(tmp_path / "reports").instead_of == ""


def test_a_file_in_the_place_of_the_folder_is_one_sentence(folder, endpoint):
    folder.talk("talk")
    folder.write("taken", "a file")
    result = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml", "--reports=taken")

    assert result.returncode == 4
    assert "--reports:" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def refuses(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuses)
    with pytest.raises(UsageError, match="Permission denied"):
        claim(tmp_path / "reports")


def test_a_full_disk_ends_no_run(folder, endpoint):
    folder.talk("talk")
    command = folder.command(f"--endpoint={endpoint()}", "talk.yaml", "-p", "no:cacheprovider")
    result = subprocess.run(
        command, cwd=folder.path, env=folder.environment("sk-canary-0123456789abcdef"), capture_output=True, text=True,
        timeout=60, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_DISK, SMALL_DISK)),
    )  # fmt: skip
    told = " ".join(result.stdout.split())

    assert result.returncode == 3, result.stdout
    assert "INTERNALERROR" not in result.stdout + result.stderr
    assert "Not everything could be written:" in told
    assert "proved" in told


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.4])
def test_two_ctrl_c_stop_a_run_and_never_call_it_conformant(folder, endpoint, pause):
    for number in range(30):
        folder.talk(f"talk{number}")
    told, sent = [], False
    with subprocess.Popen(
        folder.command(f"--endpoint={endpoint()}", ".", "-v", "--sessions=1"), cwd=folder.path, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=folder.environment("sk-canary-0123456789abcdef"),
    ) as process:  # fmt: skip
        for line in process.stdout:
            told.append(line)
            if "PASSED" in line and not sent:
                sent = True
                process.send_signal(signal.SIGINT)
                time.sleep(pause)
                process.send_signal(signal.SIGINT)
        status = process.wait(60)
    path = folder.path / "reports/report.json"
    outcome = json.loads(path.read_text())["outcome"] if path.is_file() else ""

    assert status not in (0, 3), "".join(told)
    assert outcome != "conformant"
    lines = (folder.path / "reports/verdicts.jsonl").read_text().splitlines()
    assert all(json.loads(line).get("status") != 0 for line in lines)
    report = subprocess.run(
        [Path(sys.executable).with_name("realtime-conformance"), "report", "reports"], cwd=folder.path, text=True,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert report.returncode != 0, report.stdout


def test_a_trace_that_cannot_be_read_is_named_by_report(folder, endpoint):
    folder.talk("talk")
    folder.pytest(f"--endpoint={endpoint()}", "talk.yaml")
    trace = folder.path / "reports/traces/talk.jsonl"
    trace.write_bytes(trace.read_bytes()[:-20])
    report = subprocess.run(
        [Path(sys.executable).with_name("realtime-conformance"), "report", "reports"], cwd=folder.path, text=True,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip

    assert "Not read:" in report.stdout
    assert "talk.jsonl" in report.stdout
    assert "Traceback" not in report.stdout + report.stderr


def test_sigterm_ends_a_run_as_one_ctrl_c_does(folder, endpoint):
    for number in range(30):
        folder.talk(f"talk{number}")
    told, sent = [], False
    with subprocess.Popen(
        folder.command(f"--endpoint={endpoint()}", ".", "-v", "--sessions=1"), cwd=folder.path, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=folder.environment("sk-canary-0123456789abcdef"),
    ) as process:  # fmt: skip
        for line in process.stdout:
            told.append(line)
            if "PASSED" in line and not sent:
                sent = True
                process.send_signal(signal.SIGTERM)
        status = process.wait(60)
    report = json.loads((folder.path / "reports/report.json").read_text())

    assert status == 2, "".join(told)
    assert report["outcome"] != "conformant"
    assert 0 < len(report["conversations"]) < 30


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path, capsys):
    os.mkfifo(tmp_path / "trace.jsonl")
    with pytest.raises(SystemExit) as ended:
        main(["check", str(tmp_path / "trace.jsonl")])

    assert ended.value.code == 4
    assert "is a pipe" in capsys.readouterr().out


def test_a_named_pipe_is_no_profile(tmp_path):
    os.mkfifo(tmp_path / "profile.yaml")
    with pytest.raises(ProfileError, match="is a pipe"):
        load_profile(str(tmp_path / "profile.yaml"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of one process")
def test_a_line_of_200_megabytes_is_refused_in_bounds(tmp_path):
    trace = tmp_path / "trace.jsonl"
    with trace.open("wb") as file:
        file.write(b'{"direction": "server", "event": {"type": "x", "a": "')
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b'"}}\n')
    program = (
        "import re, sys; from pathlib import Path; from conformance.commands.cli import main\n"
        "try: main(['check', sys.argv[1]])\n"  # ru_maxrss would count what the test's own process holds
        "finally: print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, trace], capture_output=True, text=True, timeout=60, check=False
    )

    assert result.returncode == 4
    assert "longer than 64 MiB" in result.stdout
    assert int(result.stdout.split()[-1]) < 300 * 1024


def test_a_killed_worker_makes_no_conformant_run(folder, endpoint):
    for number in range(12):
        folder.talk(f"talk{number}")
    folder.write("conftest.py", KILLS)
    result = folder.pytest(f"--endpoint={endpoint()}", ".", "-n2")
    report = json.loads((folder.path / "reports/report.json").read_text())

    assert result.returncode == 2, result.stdout
    assert report["outcome"] != "conformant"
    assert "INTERNALERROR" not in result.stdout


def test_a_clock_that_jumps_changes_no_verdict(folder, endpoint):
    folder.talk("talk")
    folder.write("conftest.py", JUMPS)
    result = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml")

    assert result.returncode == 0, result.stdout
