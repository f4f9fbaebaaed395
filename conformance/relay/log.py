"""The log of a gateway: what was written since somebody last looked, and whose keys stand in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from conformance.errors import UsageError
from conformance.relay.dial import Keys
from conformance.secrets import Scrubber, hides


class Log(Protocol):
    """Something that a gateway writes to."""

    async def read(self) -> str:
        """Return what was written since the last time."""


@dataclass
class LogFile:
    """A file that grows; what it held before is nobody's business here."""

    path: Path
    _read: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Skip what is there already; UsageError if there is no such file."""
        try:
            self._read = self.path.stat().st_size
        except OSError as error:
            cure = "Name a file that the gateway writes to, and that can be read here."
            raise UsageError(f"--gateway-log: {self.path}: {error.strerror or error}", cure) from error

    async def read(self) -> str:
        """Return what was written since the last time; nothing where the file is gone."""
        return await asyncio.to_thread(self._more)

    def _more(self) -> str:
        try:
            with self.path.open("rb") as file:
                if file.seek(0, 2) < self._read:  # it was begun anew
                    self._read = 0
                file.seek(self._read)
                more = file.read()
        except OSError:
            return ""
        self._read += len(more)
        return more.decode("utf-8", "replace")


@dataclass(frozen=True)
class Logged:
    """What a look at the log showed."""

    characters: int = 0
    keys: tuple[str, ...] = ()
    """Whose keys stand in it: `client`, `upstream`."""


def looked_at(text: str, keys: Keys) -> Logged:
    """Return whose keys stand in *text*."""
    known = {"client": keys.clients, "upstream": (keys.upstream,) if keys.upstream else ()}
    found = tuple(whose for whose, theirs in known.items() if hides(text, Scrubber(theirs)(text)))
    return Logged(len(text), found)
