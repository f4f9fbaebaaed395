"""A terminal that closes while a run writes to it, as a connection that drops: the results are written all the same."""

import json
import os
import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no such terminals", allow_module_level=True)

import pty

from conformance.plugin.outlet import unless_gone

NUMBER = 4
#: Make the terminal that is standard output that of the session, and become what follows; `nohup` around us is undone.
ATTACHED = """\
import fcntl, os, signal, sys, termios
fcntl.ioctl(1, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
#: Once a conversation is over, who tells it (of several processes the controller) waits for the end of the terminal.
WAITING = """\
import os, signal

begun = set()

def pytest_runtest_logreport(report):
    begun.add(report.nodeid.partition("::")[0])
    if len(begun) > 2 and "PYTEST_XDIST_WORKER" not in os.environ:  # two workers hold two of them
        with open("/dev/tty", "w") as terminal:
            terminal.write("waiting")
        signal.pause()
"""


def read(leader, until=b"\0"):
    """Read what is written to a terminal until something is said, or to its end."""
    told = b""
    try:
        while until not in told and (chunk := os.read(leader, 4096)):
            told += chunk
    except OSError:  # how Linux says that nobody has the other end any more
        pass
    return told


def hung_up(folder, *arguments, when):
    """Run pytest on a terminal of its own, and close that as soon as *when* is written; return the status."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-c", ATTACHED, *folder.command(*arguments)]
    process = subprocess.Popen(
        command, cwd=folder.path, env=folder.environment(token="sk-canary-0123456789abcdef"),
        stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    read(leader, when)
    os.close(leader)
    return process.wait(60)


@pytest.fixture
def talks(folder):
    for number in range(NUMBER):
        folder.talk(f"talk{number}")
    folder.write("conftest.py", WAITING)
    return folder


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_the_results_are_written_when_the_terminal_closes(talks, endpoint, workers):
    status = hung_up(talks, f"--endpoint={endpoint()}", ".", workers, when=b"waiting")
    report = json.loads((talks.path / "reports/report.json").read_text(encoding="utf-8"))

    assert status == report["exit_status"] == 2
    assert report["outcome"] == "incomplete"
    assert len(report["conversations"]) >= 1
    assert (talks.path / "reports/index.html").is_file()


def test_what_nobody_can_read_leads_nowhere_from_then_on():
    leader, follower = pty.openpty()
    stream = open(follower, "w")  # noqa: SIM115, PTH123
    os.close(leader)

    with unless_gone(stream):
        stream.write("a")
        stream.flush()
    stream.write("b")
    stream.close()


def test_every_other_trouble_with_an_output_is_told():
    end, start = os.pipe()
    os.close(end)
    stream = open(start, "w")  # noqa: SIM115, PTH123

    stream.write("a")
    with pytest.raises(BrokenPipeError), unless_gone(stream):
        stream.flush()
    with pytest.raises(BrokenPipeError):
        stream.close()
