"""The usual names of models, transcribers and voices, where nobody says which an endpoint has: one dated table.

As of 2026-11.  Names whose end was announced stand with its date, and are tried last once it has passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Name:
    """A name, and when it ends."""

    name: str
    until: date | None = None
    """The last day, as its vendor announced it; None where no end is known."""


#: Realtime models.
MODELS = (
    Name("gpt-realtime", date(2027, 1, 20)),
    Name("gpt-realtime-2.1"),
    Name("gpt-realtime-mini"),
    Name("gpt-4o-realtime-preview"),
)
#: Models that write down what the user says, those that are billed by duration first.
TRANSCRIBERS = (
    Name("whisper-1", date(2027, 2, 26)),
    Name("gpt-realtime-whisper"),
    Name("gpt-4o-transcribe"),
    Name("gpt-live-transcribe"),
)
#: The same, billed by tokens.
TOKEN_TRANSCRIBERS = (
    Name("gpt-4o-mini-transcribe", date(2027, 2, 26)),
    Name("gpt-4o-transcribe"),
    Name("gpt-live-transcribe"),
)
#: Voices, of which a script needs two.
VOICES = (Name("alloy"), Name("echo"), Name("marin"), Name("cedar"), Name("shimmer"))


def usual(table: Iterable[Name], today: date) -> tuple[str, ...]:
    """Return the names of a table in the order in which they are tried on a day."""
    names = list(table)
    return tuple(each.name for each in sorted(names, key=lambda each: each.until is not None and each.until < today))


def chosen_among(offered: Iterable[str], today: date) -> tuple[str, ...]:
    """Return which of the models that an endpoint lists are realtime models, the most usual first."""
    listed = [name for name in offered if "realtime" in name and not name.endswith(("whisper", "translate"))]
    order = usual(MODELS, today)
    return tuple(sorted(listed, key=lambda name: order.index(name) if name in order else len(order)))
