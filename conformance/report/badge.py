"""A badge: a picture, and the data from which shields.io draws one (https://shields.io/badges/endpoint-badge)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.report.levels import LevelStatus
from conformance.report.rendering import render

if TYPE_CHECKING:
    from collections.abc import Mapping

LABEL = "OpenAI Realtime"
#: Pixels of a character, on average, in the badge's font.
CHARACTER = 6.6


def badge_data(levels: Mapping[str, str]) -> dict[str, Any]:
    """Return what shields.io reads."""
    message, colour = _told(levels)
    return {"schemaVersion": 1, "label": LABEL, "message": message, "color": colour}


def badge_svg(levels: Mapping[str, str]) -> str:
    """Return the badge as a picture."""
    message, colour = _told(levels)
    left, right = (round(len(text) * CHARACTER) + 12 for text in (LABEL, message))
    return str(render("badge.svg.j2", label=LABEL, message=message, colour=colour, left=left, right=right))


def _told(levels: Mapping[str, str]) -> tuple[str, str]:
    """Return the words and the colour: the levels that are proved, red where a claimed one is broken."""
    proved = [name for name, status in levels.items() if status == LevelStatus.CONFORMANT]
    if LevelStatus.NOT_CONFORMANT in levels.values():
        return "not conformant", "#b3001b"
    if not proved:
        return "not proved", "#7d4e00"
    return f"conformant: {', '.join(proved)}", "#116329"
