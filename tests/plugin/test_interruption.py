"""A run that is ended early: whose end it was, and that everything that was played is told."""

import json
import signal
from types import SimpleNamespace

import pytest

from conformance.plugin.interruption import Interruption

LATE = "delta-follows-its-response"
NUMBER = 5
#: Ctrl-C after the first conversation, when all others have been played, too.
WHEN_ALL_IS_PLAYED = """\
import concurrent.futures

from conformance.plugin.context import RUN

def pytest_runtest_teardown(item, nextitem):
    if nextitem is not None and nextitem.parent is not item.parent:
        concurrent.futures.wait(list(item.config.stash[RUN].runner.pool.playing.values()))
        raise KeyboardInterrupt
"""
#: Ctrl-C at once, and more of them while the summary is written.
IMPATIENT = """\
import signal

def pytest_runtest_teardown():
    raise KeyboardInterrupt

def pytest_terminal_summary():
    for _ in range({times}):
        signal.raise_signal(signal.SIGINT)
"""


@pytest.fixture
def talks(folder):
    for number in range(NUMBER):
        folder.talk(f"talk{number}")
    return folder


def test_what_was_played_ahead_of_ctrl_c_is_judged_and_counted_too(talks, endpoint):
    talks.write("conftest.py", WHEN_ALL_IS_PLAYED)

    ended = talks.pytest(f"--endpoint={endpoint(LATE)}", ".")

    report = json.loads((talks.path / "reports/report.json").read_text(encoding="utf-8"))
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert f"NOT conformant: 1 MUST requirement broken (over {NUMBER} conversations, interrupted)" in ended.stdout
    assert f", {NUMBER + 1} sessions," in " ".join(ended.stdout.split())
    assert len(report["conversations"]) == NUMBER
    junit = (talks.path / "reports/junit.xml").read_text(encoding="utf-8")
    assert f"{NUMBER} conversations got through their script" in junit


def test_a_second_ctrl_c_does_not_cut_the_results_off(talks, endpoint):
    talks.write("conftest.py", IMPATIENT.format(times=1))

    ended = talks.pytest(f"--endpoint={endpoint()}", ".")

    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1].startswith("incomplete (interrupted): nothing broken")


def test_who_insists_ends_even_that_in_a_sentence(talks, endpoint):
    talks.write("conftest.py", IMPATIENT.format(times=2))

    ended = talks.pytest(f"--endpoint={endpoint()}", ".")

    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "interrupted again: not all results were written" in ended.stderr


@pytest.mark.parametrize("how", [("-x", "-n2"), ("--stepwise",), ("-x",)], ids=" ".join)
def test_a_stop_at_a_failure_is_nobodys_ctrl_c(talks, endpoint, how):
    ended = talks.pytest(f"--endpoint={endpoint(LATE)}", ".", *how)

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1].endswith(", ended at a failure)")


def test_a_worker_leaves_its_end_to_the_controller():
    undo = []
    run = SimpleNamespace(worker={}, config=SimpleNamespace(add_cleanup=undo.append))
    hooks = Interruption(run)
    before = signal.getsignal(signal.SIGINT)

    hooks.hold()
    try:
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
    finally:
        for each in undo:
            each()

    assert hooks.insisted == 3
    assert signal.getsignal(signal.SIGINT) == before


def test_an_interrupt_before_the_first_conversation_leaves_a_report_where_an_earlier_run_left_one(folder, endpoint):
    folder.talk("talk")
    folder.pytest(f"--endpoint={endpoint()}", "talk.yaml")
    folder.write("conftest.py", "def pytest_collection_modifyitems():\n    raise KeyboardInterrupt\n")

    ended = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml")

    assert ended.returncode == 2, ended.stdout + ended.stderr
    report = json.loads((folder.path / "reports/report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "nothing judged: interrupted"
    assert "read on: reports/index.html" in ended.stdout
