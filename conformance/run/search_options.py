"""How much is searched among generated examples, and where that is kept.  Light: nothing of Hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from conformance.play.player import Conversation

#: Folder of what is generated, and the file in it that every example is told to.
FOLDER, EXAMPLES = "generated", "examples.jsonl"


class Amount(NamedTuple):
    """How much is played where nobody says."""

    examples: int
    shrink_sessions: int


#: The embedded reference costs nothing; somebody else's endpoint is slow, and paid for.
EMBEDDED, REMOTE = Amount(40, 300), Amount(10, 30)


@dataclass
class SearchOptions:
    """What is asked of the searches of a run, and what they hand to each other."""

    seed: int
    examples: int | None = None
    """None: as many as the endpoint deserves (EMBEDDED, REMOTE)."""
    shrink_sessions: int | None = None
    repeatable: bool = False
    """Nothing from earlier runs is played: the same examples shall come again."""
    played: dict[str, dict[str, Conversation]] = field(default_factory=dict)
    """Kind of examples -> what the search by our rules played, by script, for the searches by vendors' rules."""
