"""Ids in the form that OpenAI gives them, the same ones for the same seed."""

from __future__ import annotations

import random
import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
#: A letter for each byte: the first eight come a little more often, which does no harm.
LETTERS = (BASE62 * 5)[:256].encode()
#: Characters after the prefix, where it is not 21 (observation 29).
LENGTHS = {"call": 16}


class Ids:
    """An endless supply of ids that never repeat in practice: 21 characters of base 62."""

    def __init__(self, seed: int | str = 0) -> None:
        self._random = random.Random(seed)

    def new(self, kind: str) -> str:
        """Return a new id of *kind*: `event`, `item`, `resp`, `sess`, `conv`, `call`."""
        drawn = self._random.randbytes(LENGTHS.get(kind, 21)).translate(LETTERS)
        return f"{kind}_{drawn.decode()}"
