"""Comparisons and tables of support as Markdown, for a pull request and for documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.inert import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.report.comparison import Changed, Comparison
    from conformance.report.saved_report import SavedReport

#: Rows of one table.
MOST_ROWS = 40


def plain(text: str) -> str:
    """Return text that neither Markdown nor HTML makes anything of, in one line."""
    line = one_line(text, 300).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{each}" if each in "\\|`*_[]#!~" else each for each in line)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; what is in the cells is Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def comparison_markdown(before: SavedReport, after: SavedReport, found: Comparison) -> str:
    """Return what changed, the worst first."""
    return "\n\n".join(_parts(before, after, found)) + "\n"


def _parts(before: SavedReport, after: SavedReport, found: Comparison) -> Iterator[str]:
    worse = len(found.broken) + len(found.unproven) + len(found.stopped)
    yield f"### {f'{worse} got worse' if worse else 'Nothing got worse'}, {len(found.fixed)} fixed"
    yield f"before: {plain(before.data['verdict'])}  \nafter: {plain(after.data['verdict'])}"
    if found.caveats:
        yield "\n".join(f"- {plain(each)}" for each in found.caveats)
    sections = (
        ("Newly broken", found.broken),
        ("Newly stopped conversations", found.stopped),
        ("Newly unproven", found.unproven),
        ("Fixed", found.fixed),
        ("Different events or order", found.order),
        ("Latency", found.latency),
        ("Tokens", found.tokens),
    )
    for title, changes in sections:
        if changes:
            yield f"#### {title}\n\n{_changes(changes)}"


def _changes(changes: Sequence[Changed]) -> str:
    rows = [[f"`{one_line(each.name, 120)}`", plain(each.before), plain(each.after)] for each in changes[:MOST_ROWS]]
    more = f"\n\nand {len(changes) - MOST_ROWS} more" if len(changes) > MOST_ROWS else ""
    return table(["", "before", "after"], rows) + more
