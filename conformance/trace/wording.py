"""Event types in our own sentences: rules and scripts think in canonical names, who reads them knows the wire's."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Protocol

#: Something that may be the type of an event, in the middle of a sentence.
TYPE = re.compile(r"(?<![\w.:'\"])[a-z_]+(?:\.[a-z_]+)+")


class Speller(Protocol):
    """What is needed of a dialect."""

    def wire_name(self, canonical: str) -> str:
        """Spell a canonical event type."""


def as_spoken(text: str, dialect: Speller, heard: Container[str] = ()) -> str:
    """Spell the event types in a sentence of ours as the wire does; what stands in quotes is somebody else's.

    Names that were *heard* on the wire just so mean what was heard.
    """
    return TYPE.sub(lambda found: found[0] if found[0] in heard else dialect.wire_name(found[0]), text)
