"""Where lines are written: pytest's terminal reporter, or a plain terminal."""

from __future__ import annotations

from typing import Protocol

import click

from conformance.report.inert import inert
from conformance.report.timeline import WIDTH


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


class Plain:
    """A terminal without pytest."""

    verbosity = 0

    def write_line(self, line: str, **markup: bool) -> None:
        """Write one line."""
        colour = next((name for name in ("red", "green", "yellow", "cyan") if markup.get(name)), None)
        click.secho(inert(line), fg=colour, bold=markup.get("bold"))

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        """Write a separator."""
        self.write_line(f" {title} ".center(fullwidth or WIDTH, sep) if title else sep * (fullwidth or WIDTH), **markup)
