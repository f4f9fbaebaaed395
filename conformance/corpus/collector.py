"""The collector of cyclic garbage, kept from walking through a conversation again and again while it is judged."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause it, where it runs at all; it runs again whatever happens, and still counts what is to be collected.

    Whoever finds it paused leaves it so: of several threads the one that paused it lets it run again.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
