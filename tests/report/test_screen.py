"""Where lines are written: somebody else's terminal, and a plain one."""

from conformance.report.screen import PlainTerminal, Screen

HOSTILE, INERT = "red \x1b[31m\x07", "red ␛[31m␇"


class Theirs:
    verbosity = 2

    def __init__(self):
        self.written = []

    def write_line(self, line, **markup):
        self.written.append((line, markup))

    def write_sep(self, sep, title=None, fullwidth=None, **markup):
        self.written.append((sep, title, fullwidth, markup))


def test_what_is_written_to_somebody_elses_terminal_is_inert_and_keeps_its_colour():
    theirs = Theirs()
    screen = Screen(theirs)
    screen.write_line(HOSTILE, red=True)
    screen.write_sep("=", HOSTILE, 40, bold=True)
    screen.write_sep("-")

    assert screen.verbosity == 2
    assert theirs.written == [(INERT, {"red": True}), ("=", INERT, 40, {"bold": True}), ("-", None, None, {})]


def test_a_plain_terminal_writes_each_line_whole_and_inert(capsys):
    terminal = PlainTerminal()
    terminal.write_line("x" * 200, green=True, bold=False)
    terminal.write_line(f"[bold]{HOSTILE}")
    terminal.write_sep("=", "a title")

    long, marked, ruled = capsys.readouterr().out.splitlines()
    assert long == "x" * 200
    assert marked == f"[bold]{INERT}"
    assert " a title " in ruled
    assert set(ruled.replace(" a title ", "")) == {"="}
