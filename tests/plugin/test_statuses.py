"""The exit statuses over the real command: one line of the table each."""

import re
from pathlib import Path

import pytest

from conformance.run.outcome import ExitStatus as Status

DOCUMENT = Path(__file__).parents[2] / "docs" / "exit-statuses.md"
LATE = "delta-follows-its-response"
CRASH = """\
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    raise ZeroDivisionError("our own mistake")
"""


def clean(folder, endpoint, deaf_port):
    return [f"--endpoint={endpoint()}", "talk.yaml"]


def broken(folder, endpoint, deaf_port):
    return [f"--endpoint={endpoint(LATE)}", "talk.yaml"]


def interrupted(folder, endpoint, deaf_port):
    folder.write("conftest.py", "def pytest_runtest_call(item):\n    raise KeyboardInterrupt\n")
    return [f"--endpoint={endpoint()}", "talk.yaml"]


def internal(folder, endpoint, deaf_port):
    folder.write("conftest.py", CRASH)
    return [f"--endpoint={endpoint()}", "talk.yaml"]


def misused(folder, endpoint, deaf_port):
    folder.write("known.yaml", "known:\n  - rule: nothing\n    issue: 1\n")
    return ["--baseline=known.yaml", "talk.yaml"]


def nothing(folder, endpoint, deaf_port):
    return [f"--endpoint={endpoint()}", "talk.yaml", "-k", "nothing-is-called-so"]


def unreachable(folder, endpoint, deaf_port):
    return [f"--endpoint=ws://127.0.0.1:{deaf_port}/v1/realtime", "talk.yaml"]


def budget(folder, endpoint, deaf_port):
    return [f"--endpoint={endpoint()}", "talk.yaml", "--max-tokens=10"]


CASES = {
    Status.CLEAN: clean,
    Status.BROKEN: broken,
    Status.INTERRUPTED: interrupted,
    Status.INTERNAL: internal,
    Status.MISUSED: misused,
    Status.NOTHING: nothing,
    Status.UNREACHABLE: unreachable,
    Status.BUDGET: budget,
}


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name.lower())
def test_each_status_comes_from_the_real_command(status, folder, endpoint, deaf_port):
    folder.talk("talk")
    result = folder.pytest(*CASES[status](folder, endpoint, deaf_port))

    assert result.returncode == status, result.stdout + result.stderr


def test_the_document_lists_every_status():
    rows = re.findall(r"^\| ([0-9]) \| ([a-z ]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(Status)


def test_only_what_does_not_apply_is_nothing_to_run(folder):
    folder.write("old.yaml", "scenario: Old times.\ndialects: [beta]\nsteps: [connect]\n")

    assert folder.pytest("old.yaml", "--dialect=ga").returncode == Status.NOTHING


@pytest.mark.parametrize(
    "wrong",
    ["--max-tokens=-1", "--retries=-1", "--update-baseline", "--prices=nothing.yaml", "--baseline=nothing.yaml",
     "--token-env=NO_SUCH_VARIABLE", "--token-file=nothing", "--max-usd=1 --model=somebody-elses"],
)  # fmt: skip
def test_a_wrong_option_of_the_gate_is_status_4(folder, wrong):
    folder.talk("talk")
    result = folder.pytest(*wrong.split(), "talk.yaml")

    assert result.returncode == Status.MISUSED
    assert wrong.partition("=")[0].partition(" ")[0] in result.stderr or "nothing.yaml" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_crash_of_ours_beside_good_verdicts_is_never_called_conformant(folder, endpoint):
    folder.talk("talk")
    folder.write(
        "conftest.py", CRASH.replace("(item):\n", "(item):\n    if item.name != 'keeps-every-other-rule': return\n")
    )

    result = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml")

    assert result.returncode == Status.INTERNAL
    assert "not proved: 1 internal error told on the terminal" in result.stdout
