"""A full disk, folders that are not ours, a second run, signals: no verdict is lost or wrong."""

import json
import resource
import signal
import subprocess

import pytest

from conformance.errors import UsageError
from conformance.run.folder import claim, forget_the_last_run

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
    assert "Not everything is on disk:" in told
    assert "proved" in told


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
