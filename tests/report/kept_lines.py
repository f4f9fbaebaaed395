"""A terminal that keeps what is written to it."""


class KeptLines:
    """The lines, and the colours of each."""

    def __init__(self, verbosity=0):
        self.lines, self.markup, self.verbosity = [], [], verbosity

    def write_line(self, line, **markup):
        self.lines.append(line)
        self.markup.append(tuple(markup))

    def write_sep(self, sep, title=None, _fullwidth=None, **markup):
        self.write_line(title or sep, **markup)
