"""What is printed into a pipe whose reader has left, as `head` does."""

import json
import os
import subprocess
import sys

import pytest

from conformance.commands.closed_output import READER_LEFT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pipe without a reader is told otherwise there")

COMMAND = [sys.executable, "-c", "from conformance.commands.cli import main; main()"]
SESSION = {"type": "session.created", "event_id": "event_1", "session": {"object": "realtime.session"}}


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "trace.jsonl"
    path.write_text(json.dumps(SESSION) + "\n", encoding="utf-8")
    return path


def unread(*arguments, stderr_too=False):
    """Run the command with an output that nobody reads any more; return the finished process."""
    end, start = os.pipe()
    os.close(end)
    try:
        told = start if stderr_too else subprocess.PIPE
        return subprocess.run(
            [*COMMAND, *map(str, arguments)], check=False, stdout=start, stderr=told, text=True, timeout=60
        )
    finally:
        os.close(start)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "--json"],
        ["check", "--json-lines"],
        ["check", "-j", "2", "--json-lines"],
        ["convert", "{}", "-"],
        ["rules"],
        ["--help"],
        ["check", "--help"],
        ["run", "ws://127.0.0.1:1", "--help"],
    ],
    ids=" ".join,
)
def test_a_reader_who_leaves_ends_a_command_without_a_word(recording, arguments):
    named = [recording, recording] if arguments[0] == "check" and "--help" not in arguments else []

    done = unread(*(each.format(recording) for each in arguments), *named)

    assert done.stderr == ""
    assert done.returncode == READER_LEFT


@pytest.mark.parametrize("arguments", [["chek"], ["rules", "no.such-rule"], ["convert", "missing.har", "out.jsonl"]])
def test_nor_is_there_a_traceback_where_an_error_is_left_unread(arguments):
    assert unread(*arguments, stderr_too=True).returncode == READER_LEFT


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_an_output_that_was_closed_before_is_no_bug(recording, closed):
    script = f'exec "$@" {closed}'
    done = subprocess.run(["sh", "-c", script, "sh", *COMMAND, "check", recording, recording], check=False, timeout=60)

    assert done.returncode == 1  # what is recorded is broken
