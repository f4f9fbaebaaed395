"""Lines of a terminal: wrapped, cut and folded by rich, which knows how wide a letter is; inert, whoever wrote them."""

from __future__ import annotations

from functools import cache
from itertools import groupby

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from conformance.report.inert import inert

#: Columns.
WIDTH = 80


def wrapped(text: str, first: str = "", further: str | None = None) -> list[str]:
    """Wrap to the width of the page; a long word (an id, an address) stays whole, in a line of its own."""
    # What an endpoint said never begins a line: it could pass for one of ours.
    indent = (first or "  ") if further is None else further
    room = WIDTH - max(len(first), len(indent))
    lines: list[str] = []
    for whole, words in groupby(inert(text).split(), key=lambda word: cell_len(word) > room):
        lines += list(words) if whole else [line.plain for line in Text(" ".join(words)).wrap(_page(), room)]
    return [f"{indent if number else first}{line.rstrip()}" for number, line in enumerate(lines)]


def cut(text: str, width: int) -> str:
    """Return *text* inert, in one line of at most *width* columns; an ellipsis stands for what is left out."""
    line = Text(inert(text), end="")
    line.truncate(width, overflow="ellipsis")
    return line.plain


def folded(text: str, width: int) -> list[str]:
    """Return *text* inert, in lines of at most *width* columns, broken anywhere."""
    return chop_cells(inert(text), width)


@cache
def _page() -> Console:
    return Console(width=WIDTH, color_system=None, legacy_windows=False)
