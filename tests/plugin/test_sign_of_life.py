"""A run that waits says how far it is: below pytest's lines on a terminal, as lines of its own elsewhere."""

import io
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from _pytest._io import TerminalWriter

from conformance.plugin import sign_of_life
from conformance.plugin.distribution import Distribution
from conformance.plugin.sign_of_life import StatusLine, conversation_of
from conformance.reference.session.pace import Pace
from conformance.run.budget import Limits

#: How far a run is, in its own words.
TOLD = re.compile(r"^\d+/\d+ · .*playing", re.MULTILINE)
IMPATIENT = "import conformance.plugin.sign_of_life as own\nown.OFTEN = own.SELDOM = 0.05\n"


class Screen:
    """A terminal, as far as it is needed here: rows, a cursor, and five ways to move it."""

    ACTS = re.compile(r"\x1b\[(\d*)([KAG])|(\r)|(\n)|(.)", re.DOTALL)

    def __init__(self):
        self.rows, self.row, self.column = [""], 0, 0

    def write(self, text):
        for number, act, start, feed, letter in self.ACTS.findall(text):
            if feed:
                self.row, self.column = self.row + 1, 0
                self.rows += [""] * (self.row + 1 - len(self.rows))
            elif start:
                self.column = 0
            elif act == "K":
                self.rows[self.row] = ""
            elif act == "A":
                self.row -= int(number)
            elif act == "G":
                self.column = int(number) - 1
            else:
                row = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = row[: self.column] + letter + row[self.column + 1 :]
                self.column += 1

    def flush(self):
        pass


class Reporter:
    """As much of pytest's terminal reporter as a line needs."""

    def __init__(self, file, *, isatty):
        self.isatty, self.currentfspath = isatty, "some.yaml"
        self.writer = TerminalWriter(file)
        self.writer.fullwidth = 40
        self.config = SimpleNamespace(get_terminal_writer=lambda: self.writer)


@pytest.fixture
def often(monkeypatch):
    """Look at once, and only so often as the test says."""
    monkeypatch.setattr(sign_of_life, "OFTEN", 1e9)
    monkeypatch.setattr(sign_of_life, "SELDOM", 1e9)


def test_on_a_terminal_the_line_stands_below_what_pytest_writes_and_leaves_nothing(often, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    reporter = Reporter(screen, isatty=True)
    line = StatusLine(reporter, lambda _width: "1/2 · 1 playing")
    line.begin()

    reporter.writer.write("some.yaml ..")
    line.look()
    assert screen.rows == ["some.yaml ..", "1/2 · 1 playing"]

    reporter.writer.write(".")
    assert screen.rows == ["some.yaml ...", ""]

    line.look()
    line.look()
    reporter.writer.write(" [100%]\n")
    line.look()
    line.end()
    reporter.writer.write("done\n")
    assert screen.rows == ["some.yaml ... [100%]", "done", ""]


def test_the_line_stays_in_one_row(often, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    line = StatusLine(Reporter(screen, isatty=True), lambda _width: "x" * 100)
    line.begin()
    line.look()
    line.end()
    assert len(screen.rows) == 1


@pytest.mark.parametrize(("isatty", "term"), [(False, "xterm"), (True, "dumb")])
def test_elsewhere_it_is_a_line_of_its_own_without_control_characters(isatty, term, often, monkeypatch):
    monkeypatch.setenv("TERM", term)
    file = io.StringIO()
    reporter = Reporter(file, isatty=isatty)
    line = StatusLine(reporter, lambda _width: "1/2 · 1 playing")
    line.begin()
    reporter.writer.write("some.yaml ..")
    line.look()
    line.end()

    assert file.getvalue() == "some.yaml ..\n1/2 · 1 playing\n"
    assert reporter.currentfspath is None  # pytest begins its next line with the file


def test_the_thread_ends_with_the_line(often):
    line = StatusLine(Reporter(io.StringIO(), isatty=False), lambda _width: "told")
    line.begin()
    line.end()
    assert all(each.name != line.thread.name for each in threading.enumerate())


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("scenarios/usage/text_only.yaml::plays", "usage/text_only"),
        ("scenarios/connection/accepts_the_key.yaml::bearer::plays", "connection/accepts_the_key@bearer"),
        ("own/talk.yml::keeps-every-other-rule", "own/talk"),
        ("generated/valid::whole", "generated/valid"),
    ],
)
def test_an_item_tells_its_conversation(nodeid, name):
    assert conversation_of(nodeid) == name


def test_a_run_that_is_piped_tells_how_far_it_is(folder, endpoint):
    folder.write("conftest.py", IMPATIENT)
    done = folder.pytest("response/text_turn", f"--endpoint={endpoint(pace=Pace.REALTIME)}")

    assert done.returncode == 0
    assert TOLD.search(done.stdout), done.stdout
    assert "\x1b" not in done.stdout


def test_quiet_is_quiet(folder, endpoint):
    folder.write("conftest.py", IMPATIENT)
    done = folder.pytest("response/text_turn", f"--endpoint={endpoint(pace=Pace.REALTIME)}", "-q")

    assert done.returncode == 0
    assert " · " not in done.stdout


def test_without_a_terminal_reporter_a_run_is_silent_and_fine(folder, endpoint):
    folder.write("conftest.py", IMPATIENT)
    done = folder.pytest("response/text_turn", f"--endpoint={endpoint()}", "-pno:terminal")

    assert (done.returncode, done.stdout) == (0, "")


def test_several_processes_are_counted_as_one_run(folder, endpoint):
    folder.write("conftest.py", IMPATIENT)
    url = endpoint(pace=Pace.REALTIME)
    done = folder.pytest("response/text_turn", "response/two_turns", f"--endpoint={url}", "-n2")

    assert done.returncode == 0
    assert re.search(r"^\d/2 · 2 workers", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_on_a_terminal_nothing_of_it_is_left_at_the_end(folder, endpoint):
    import pty

    folder.write("conftest.py", IMPATIENT)
    ours, theirs = pty.openpty()
    command = folder.command("response/text_turn", f"--endpoint={endpoint(pace=Pace.REALTIME)}", "--color=no")
    environment = folder.environment("sk-canary-0123456789abcdef") | {"TERM": "xterm"}
    with subprocess.Popen(command, cwd=folder.path, env=environment, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        written = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    screen = Screen()
    screen.write(written.decode())

    assert process.returncode == 0
    assert TOLD.search(written.decode().replace("\r", ""))
    assert not TOLD.search("\n".join(screen.rows))


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other side is gone
        return b""


def test_the_first_look_has_a_sign_of_life_under_xdist_too():
    seen = []

    @contextmanager
    def shown():
        seen.append("shown")
        yield
        seen.append("gone")

    limits = SimpleNamespace(share=lambda _number: Limits(0, 0, 0, 0))
    runner = SimpleNamespace(diagnosis=None, found=None)
    settings = SimpleNamespace(target=SimpleNamespace(key=""), reports="reports")
    run = SimpleNamespace(runner=runner, settings=settings, policy=SimpleNamespace(limits=limits))

    def prepare():
        seen.append("looked")
        runner.diagnosis = "ready"

    distribution = Distribution(run, prepare, shown)
    for _ in range(2):
        distribution.pytest_configure_node(SimpleNamespace(workerinput={"workercount": 2}))
    assert seen == ["shown", "looked", "gone", "looked"]


def test_a_line_that_was_interrupted_while_it_began_ends_all_the_same():
    line = StatusLine(
        SimpleNamespace(
            config=SimpleNamespace(get_terminal_writer=lambda: TerminalWriter(io.StringIO())), isatty=False
        ),
        str,
    )

    line.end()  # its thread was never started

    assert not line.thread.is_alive()
