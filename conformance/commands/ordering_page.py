"""Draws the table of `rules/ordering/table.py` for `docs/ordering.md`."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.rules.engine.rule import Keyword
from conformance.rules.ordering.table import BEFORE, EDGES, NESTS


def automaton() -> str:
    """Draw `NESTS` and `EDGES` as a Mermaid flow chart: boxes are spans, arrows say what must come before what."""
    lines = ["flowchart TD"]
    for name, nest in NESTS.items():
        opener = nest.opened_by or f"first {nest.closed_by.removesuffix('.done')}.delta"
        lines.append(f'    subgraph {_node(name)}["{name}"]')
        lines.append(f'        {_node(name)}_open(["{opener}"]) --> {_node(name)}_close(["{nest.closed_by}"])')
        lines.append("    end")
    for name, nest in NESTS.items():
        if nest.inside is not None:
            lines.append(f"    {_node(nest.inside)}_open --> {_node(name)}_open")
            lines.append(f"    {_node(name)}_close --> {_node(nest.inside)}_close")
    nodes = {nest.opened_by: f"{_node(name)}_open" for name, nest in NESTS.items() if nest.opened_by}
    for edge in EDGES:
        if edge.relation is BEFORE:
            arrow = "-->" if edge.keyword is Keyword.MUST else "-.->"
            lines.append(f"    {_place(nodes, edge.event)} {arrow} {_place(nodes, edge.other)}")
    return "\n".join(lines) + "\n"


def _node(name: str) -> str:
    return name.replace(" ", "_")


def _place(nodes: Mapping[str, str], event: str) -> str:
    return nodes.get(event) or f'conversation(["{event}"])'


def page() -> str:
    """Write `docs/ordering.md`."""
    rows = (f"| `{edge.id}` | {edge.keyword} | {edge.sentence} |" for edge in EDGES)
    return "\n".join(
        (
            "# The order of events inside a response",
            "",
            "Generated from `conformance/rules/ordering/table.py`, which says why; do not edit.",
            "Canonical (`ga`) names; a solid arrow is a MUST, a dotted one a SHOULD.",
            "What no arrow joins may come in any order.",
            "",
            "```mermaid",
            automaton().rstrip(),
            "```",
            "",
            "| rule | keyword | requirement |",
            "| --- | --- | --- |",
            *rows,
            "",
        )
    )
