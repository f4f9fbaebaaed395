"""A run in a fork is what a run in an interpreter of its own is."""

import os
import subprocess

import pytest

from tests.preloaded import FORKS, run_pytest

pytestmark = pytest.mark.skipif(not FORKS, reason="every run has an interpreter of its own here")

LOOKS = """\
import os, sys

def test_its_own():
    import beside
    assert os.environ["MINE"] == "yes" and "PATH" not in os.environ
    assert sys.path[0] == os.getcwd()
    print("in", os.getcwd(), file=sys.stderr)
    assert sys.argv[1:] == ["-q", "-s"]
"""
QUIET = {"PATH": os.environ["PATH"]}


def test_a_run_has_arguments_environment_folder_path_and_output_of_its_own(folder):
    folder.write("site/beside.py", "")
    folder.write("test_it.py", LOOKS)
    env = {"MINE": "yes", "PYTHONPATH": str(folder.path / "site")}

    result = run_pytest(["-q", "-s"], cwd=folder.path, env=env, within=60)

    assert (result.returncode, result.stderr) == (0, f"in {folder.path}\n"), result.stdout
    assert "1 passed" in result.stdout


def test_a_run_ends_with_its_status(folder):
    assert run_pytest(["--no-such-option"], cwd=folder.path, env=QUIET, within=60).returncode == 4


def test_a_run_that_takes_too_long_is_ended_and_the_next_one_is_well(folder):
    folder.write("test_it.py", "import signal\n\ndef test_for_ever():\n    signal.pause()\n")
    with pytest.raises(subprocess.TimeoutExpired):
        run_pytest(["-q"], cwd=folder.path, env=QUIET, within=2)

    assert run_pytest(["--version"], cwd=folder.path, env=QUIET, within=60).returncode == 0
