"""Lines of a terminal: wrapped, cut and folded by the width of letters, which rich knows; inert, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.cells import cell_len, chop_cells, set_cell_size

from conformance.report.inert import inert

#: Columns.
WIDTH = 80


def wrapped(text: str, first: str = "", further: str | None = None) -> list[str]:
    """Wrap to the width of the page; a long word (an id, an address) stays whole, in a line of its own."""
    # What an endpoint said never begins a line: it could pass for one of ours.
    indent = (first or "  ") if further is None else further
    room = WIDTH - max(len(first), len(indent))
    lines: list[str] = []
    for whole, group in groupby(inert(text).split(), key=lambda word: cell_len(word) > room):
        words = list(group)
        lines += words if whole else _filled(words, room)
    return [f"{indent if number else first}{line.rstrip()}" for number, line in enumerate(lines)]


def cut(text: str, width: int) -> str:
    """Return *text* inert, in one line of at most *width* columns; an ellipsis stands for what is left out."""
    line = inert(text)
    return line if cell_len(line) <= width else set_cell_size(line, width - 1) + "…"


def folded(text: str, width: int) -> list[str]:
    """Return *text* inert, in lines of at most *width* columns, broken anywhere."""
    return chop_cells(inert(text), width)


def _filled(words: Iterable[str], room: int) -> Iterator[str]:
    """Yield lines of as many words as fit into *room* columns; no word is wider."""
    line, used = "", room
    for word in words:
        wide = cell_len(word)
        if used + 1 + wide > room:
            if line:
                yield line
            line, used = word, wide
        else:
            line, used = f"{line} {word}", used + 1 + wide
    if line:
        yield line
