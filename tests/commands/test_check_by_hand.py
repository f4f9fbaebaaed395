"""`check` as people run it, in a process of its own: a bar on a terminal, and Ctrl-C while a file keeps it waiting."""

import json
import os
import signal
import subprocess
import sys

import pytest

from conformance.run.outcome import ExitStatus

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes and pseudo terminals")

CHECK = [sys.executable, "-c", "from conformance.commands.cli import main; main()", "check"]
SESSION = {"type": "session.created", "event_id": "event_1", "session": {"id": "s", "object": "realtime.session"}}
WITHIN = 60


@pytest.fixture
def recorded(tmp_path):
    """Return five short recordings."""
    paths = [tmp_path / f"{number}.jsonl" for number in range(5)]
    for path in paths:
        path.write_text(json.dumps(SESSION) + "\n", encoding="utf-8")
    return paths


@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_keeps_what_was_judged_though_a_file_never_ends(recorded, processes):
    process = subprocess.Popen(
        [*CHECK, "-j", processes, "--json-lines", *recorded, "-"],
        stdin=subprocess.PIPE,  # nobody ever writes into it
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    judged = [process.stdout.readline() for _ in recorded]
    process.send_signal(signal.SIGINT)
    rest, told = process.communicate(timeout=WITHIN)

    assert [json.loads(line)["entries"] for line in judged] == [1] * 5
    assert rest == ""
    assert "interrupted: 5 conversations were judged" in told
    assert "Traceback" not in told
    assert process.returncode == ExitStatus.INTERRUPTED


def test_a_terminal_shows_how_far_it_is(recorded):
    import pty

    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(
        [*CHECK, *recorded], stdout=subprocess.DEVNULL, stderr=follower, env=environment, close_fds=True
    )
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 4096):
            shown += chunk
    except OSError:  # how Linux tells that the other end is closed
        pass
    finally:
        os.close(leader)
        process.wait(timeout=WITHIN)

    assert b"5/5" in shown
    assert b" files, " in shown
    assert b"conversations a second" in shown
