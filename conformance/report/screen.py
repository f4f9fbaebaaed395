"""Where lines are written: pytest's terminal reporter, or a plain terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from conformance.report.inert import inert
from conformance.report.layout import WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping


class Terminal(Protocol):
    """What we need of pytest's terminal reporter."""

    @property
    def verbosity(self) -> int:
        """How much to say: 1 under -v."""

    def write_line(self, line: str, **markup: bool) -> None:
        """Write one line."""

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        """Write a separator."""


class Screen:
    """Somebody else's terminal; nothing that is written here does anything but stand there."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    @property
    def verbosity(self) -> int:
        """How much to say: 1 under -v."""
        return self.terminal.verbosity

    def write_line(self, line: str, **markup: bool) -> None:
        """Write one line."""
        self.terminal.write_line(inert(line), **markup)

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        """Write a separator."""
        self.terminal.write_sep(sep, inert(title) if title is not None else None, fullwidth, **markup)


class PlainTerminal:
    """A terminal without pytest."""

    verbosity = 0

    def __init__(self) -> None:
        from rich.console import Console  # a tenth of what a run of one conversation costs, and pytest's needs none

        self.console = Console(width=WIDTH, highlight=False, markup=False, emoji=False)

    def write_line(self, line: str, **markup: bool) -> None:
        """Write one line, however long."""
        from rich.text import Text

        self.console.print(Text(inert(line)), style=_style(markup), soft_wrap=True)

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        """Write a separator."""
        from rich.rule import Rule
        from rich.text import Text

        rule = Rule(Text(inert(title or "")), characters=sep, style=_style(markup))
        self.console.print(rule, width=fullwidth)


def _style(markup: Mapping[str, bool]) -> str:
    return " ".join(name for name, wanted in markup.items() if wanted)
