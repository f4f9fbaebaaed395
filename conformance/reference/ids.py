"""Ids in the form that OpenAI gives them, the same ones for the same seed."""

from __future__ import annotations

import random
import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
#: Characters after the prefix, where it is not 21 (observation 29).
LENGTHS = {"call": 16}


class Ids:
    """An endless supply of ids that never repeat in practice: 21 characters of base 62."""

    def __init__(self, seed: int | str = 0) -> None:
        self._random = random.Random(seed)

    def new(self, kind: str) -> str:
        """Give a new id of *kind*: `event`, `item`, `resp`, `sess`, `conv`, `call`."""
        return f"{kind}_{''.join(self._random.choices(BASE62, k=LENGTHS.get(kind, 21)))}"
