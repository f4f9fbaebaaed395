"""Folders that are read-only or somebody else's, by the system's own permissions: one sentence, no verdict lost."""

import ctypes
import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="permissions as Linux has them")

#: What lets root pass over permissions (linux/capability.h), and the call that takes it away for good (linux/prctl.h).
OVERRIDES = {"CAP_DAC_OVERRIDE": 1, "CAP_DAC_READ_SEARCH": 2, "CAP_FOWNER": 3}
PR_CAPBSET_DROP = 24
NOBODY = 65534


def without_overrides():
    """Let the process that begins be bound by permissions, though it is root's."""
    for name, number in OVERRIDES.items():
        if ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, number, 0, 0, 0):
            raise OSError(ctypes.get_errno(), name)


@pytest.fixture
def bound():
    """Return what is called in a new process so that permissions hold for it."""
    if os.geteuid():
        return None
    try:
        subprocess.run([sys.executable, "-c", ""], preexec_fn=without_overrides, check=True)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("root may write everywhere, and cannot be kept from it here")
    return without_overrides


@pytest.fixture
def run(folder, endpoint, bound):
    """Return `run() -> (status, output)` of a run of one conversation."""
    folder.talk("talk")

    def ran(*options):
        result = subprocess.run(
            folder.command(f"--endpoint={endpoint()}", "talk.yaml", "-p", "no:cacheprovider", *options),
            cwd=folder.path, env=folder.environment("sk-canary-0123456789abcdef"), capture_output=True, text=True,
            timeout=60, check=False, preexec_fn=bound,
        )  # fmt: skip
        return result.returncode, " ".join((result.stdout + result.stderr).split())

    return ran


def test_a_read_only_folder_is_one_sentence(folder, run):
    reports = folder.path / "reports"
    reports.mkdir(mode=0o555)

    status, told = run()

    assert status == 4, told
    assert "--reports: " in told
    assert "Permission denied" in told
    assert "Traceback" not in told
    assert "INTERNALERROR" not in told
    assert list(reports.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(folder, run):
    (folder.path / "locked").mkdir(mode=0o555)

    status, told = run("--reports=locked/reports")

    assert status == 4, told
    assert "--reports: " in told
    assert "Traceback" not in told
    assert "INTERNALERROR" not in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_one_sentence(folder, run):
    run()
    reports = folder.path / "reports"
    before = (reports / "report.json").read_bytes()
    for path in (reports, *reports.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(0o755 if path.is_dir() else 0o644)

    status, told = run()

    assert status == 4, told
    assert "--reports: " in told
    assert "Traceback" not in told
    assert "INTERNALERROR" not in told
    assert (reports / "report.json").read_bytes() == before


def test_a_part_of_the_folder_that_is_read_only_ends_no_run(folder, run):
    part = folder.path / "reports" / "traces"
    part.mkdir(parents=True)
    part.chmod(0o555)

    status, told = run()

    assert status == 3, told
    assert "Not everything could be written:" in told
    assert "INTERNALERROR" not in told
    assert "Traceback" not in told
    assert "proved" in told
    assert json.loads((folder.path / "reports/report.json").read_text())["conversations"]
