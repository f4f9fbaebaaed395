"""The usual names of models, transcribers and voices, where nobody says which an endpoint has: one dated table.

As of 2026-11.  Names whose end was announced stand with its date, and are tried last once it has passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DatedName:
    """A name, and when it ends."""

    name: str
    until: date | None = None
    """The last day, as its vendor announced it; None where no end is known."""


#: Realtime models.
MODELS = (
    DatedName("gpt-realtime", date(2027, 1, 20)),
    DatedName("gpt-realtime-2.1"),
    DatedName("gpt-realtime-mini"),
    DatedName("gpt-4o-realtime-preview"),
)
#: The tool server (MCP) that the reference endpoint knows by heart.
REFERENCE_TOOL_SERVER = "https://tools.reference.invalid/mcp"
#: Models that translate what the user says.
TRANSLATORS = (DatedName("gpt-realtime-translate"),)
#: Models that write down what the user says, those that are billed by duration first.
TRANSCRIBERS = (
    DatedName("whisper-1", date(2027, 2, 26)),
    DatedName("gpt-realtime-whisper"),
    DatedName("gpt-4o-transcribe"),
    DatedName("gpt-live-transcribe"),
)
#: The same, billed by tokens.
TOKEN_TRANSCRIBERS = (
    DatedName("gpt-4o-mini-transcribe", date(2027, 2, 26)),
    DatedName("gpt-4o-transcribe"),
    DatedName("gpt-live-transcribe"),
)
#: Voices, of which a script needs two.
VOICES = (DatedName("alloy"), DatedName("echo"), DatedName("marin"), DatedName("cedar"), DatedName("shimmer"))


def usual(table: Iterable[DatedName], today: date) -> tuple[str, ...]:
    """Return the names of a table in the order in which they are tried on a day."""
    names = list(table)
    return tuple(each.name for each in sorted(names, key=lambda each: each.until is not None and each.until < today))


def chosen_among(offered: Iterable[str], today: date) -> tuple[str, ...]:
    """Return which of the models that an endpoint lists are realtime models, the most usual first."""
    listed = [name for name in offered if "realtime" in name and not name.endswith(("whisper", "translate"))]
    order = usual(MODELS, today)
    return tuple(sorted(listed, key=lambda name: order.index(name) if name in order else len(order)))
