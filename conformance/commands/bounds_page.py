"""The generated page `docs/bounds.md`: what ends what, after how much, and which option moves it."""

from __future__ import annotations

from conformance.play.bounds import TABLE

INTRODUCTION = """\
# Bounds

Every run ends within fifteen minutes, whatever the endpoint does; what one connection may cost is bounded below.
A bound that is reached is told by its name; it is nobody's guilt, and what was said until then is judged.  Where an
option is named, it moves the bound.
"""


def bounds_page(generated: str) -> str:
    """Render `docs/bounds.md`; *generated* is the mark of generated pages."""
    rows = (
        f"| {row.what} | {row.default} | {f'`{row.option}`' if row.option else ''} | {row.reached} |" for row in TABLE
    )
    return "\n".join(
        [INTRODUCTION, generated, "", "| what | bound | option | reached |", "| --- | --- | --- | --- |", *rows, ""]
    )
