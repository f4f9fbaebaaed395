"""Comparisons and tables of support as Markdown, for a pull request and for documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.comparison import Changed
from conformance.report.inert import one_line
from conformance.report.sentence import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.report.comparison import Comparison
    from conformance.report.saved_report import SavedReport

#: Rows of one table, and conversations that are named in one.
MOST_ROWS, MOST_NAMED = 40, 3


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
    if found.empty:
        yield "### Nothing can be compared: the second run judged nothing"
    else:
        met = f", {len(found.met)} broken that the first run did not judge" if found.met else ""
        yield f"### {f'{worse} got worse' if worse else 'Nothing got worse'}{met}, {len(found.fixed)} fixed"
    yield f"before: {plain(before.data['verdict'])}  \nafter: {plain(after.data['verdict'])}"
    if found.caveats:
        yield "\n".join(f"- {plain(each)}" for each in found.caveats)
    sections = (
        ("Newly broken", found.broken),
        ("Broken, and not judged before", found.met),
        ("Newly stopped conversations", found.stopped),
        ("Newly unproven", found.unproven),
        ("Fixed", found.fixed),
        ("Not judged this time", _together(found.unjudged)),
        ("Different events or order", _together(found.order)),
        ("Latency", found.latency),
        ("Tokens", found.tokens),
    )
    for title, changes in sections:
        if changes:
            yield f"#### {title}\n\n{_changes(changes)}"


def _together(changes: Sequence[Changed]) -> list[Changed]:
    """Put conversations together that differ in the same way, the commonest way first."""
    alike: dict[tuple[str, str], list[str]] = {}
    for each in changes:
        alike.setdefault((each.before, each.after), []).append(each.name)
    ranked = sorted(alike.items(), key=lambda each: -len(each[1]))
    return [Changed(some(names, MOST_NAMED), before, after) for (before, after), names in ranked]


def _changes(changes: Sequence[Changed]) -> str:
    rows = [[f"`{one_line(each.name, 120)}`", plain(each.before), plain(each.after)] for each in changes[:MOST_ROWS]]
    more = f"\n\nand {len(changes) - MOST_ROWS} more" if len(changes) > MOST_ROWS else ""
    return table(["", "before", "after"], rows) + more
