"""Templates become text here, and only here: escaped, and every value inert."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from conformance.report.compiled_templates import CompiledTemplates
from conformance.report.inert import inert
from conformance.report.text import with_place

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> Markup:
    """Return *template* filled with *values*: safe to stand in HTML or in SVG."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704 - the environment escapes


def resource(name: str) -> Markup:
    """Return a file of ours beside the templates as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        bytecode_cache=CompiledTemplates(TEMPLATES),
        autoescape=True,
        finalize=_inert,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"seconds": seconds, "amount": amount, "ticked": ticked, "with_place": with_place}
    return environment


def _inert(value: Any) -> Any:
    return inert(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def ticked(text: str) -> Markup:
    """Return a sentence of ours as HTML: what stands between backticks is code."""
    parts = (escape(inert(part)) for part in text.split("`"))
    shown = (Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts))
    return Markup("").join(shown)


def seconds(value: float | None) -> str:
    """Return a time for a reader: 0.4 ms, 12 ms, 1.24 s; a dash for none."""
    if value is None:
        return "–"
    if value < 0.0001:
        return "< 0.1 ms"
    if value < 0.01:
        return f"{value * 1000:.1f} ms"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def amount(value: float) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"
