"""Reading a tenant's balance: from a URL that answers in JSON, or from a command that prints a number."""

from __future__ import annotations

import asyncio
import json
import shlex
import subprocess
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from conformance.errors import UsageError

#: Seconds for one reading.
PATIENCE = 10.0


class Balance(Protocol):
    """Something that knows what a tenant has used, or has left."""

    async def read(self) -> float:
        """Return the number as it is now; UsageError if it cannot be read."""


@dataclass(frozen=True)
class BalanceUrl:
    """A balance behind a URL."""

    url: str
    path: tuple[str, ...] = ()
    """Keys and indices that lead to the number in the JSON answer."""
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)

    async def read(self) -> float:
        """Return the number as it is now."""
        return number_in(await asyncio.to_thread(self._get), self.path, self.url)

    def _get(self) -> bytes:
        request = urllib.request.Request(self.url, headers=dict(self.headers))  # noqa: S310 - the user's own URL
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                body: bytes = answer.read()
        except OSError as error:
            raise UsageError(f"--balance-url: {self.url}: {error}", "It must answer 200 with JSON.") from error
        return body


@dataclass(frozen=True)
class BalanceCommand:
    """A balance that a command prints: a number, or JSON with a path to it."""

    command: str
    path: tuple[str, ...] = ()

    async def read(self) -> float:
        """Return the number as it is now."""
        return number_in(await asyncio.to_thread(self._run), self.path, self.command)

    def _run(self) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command
                shlex.split(self.command), capture_output=True, timeout=PATIENCE, check=True
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            cure = "It must print a number within 10 s and exit with 0."
            raise UsageError(f"--balance-command: {self.command}: {error}", cure) from error
        return done.stdout


def number_in(body: bytes, path: Sequence[str], where: str) -> float:
    """Find the number at *path* in a JSON text; UsageError names the step that leads nowhere."""
    try:
        value: Any = json.loads(body)
    except ValueError as error:
        cure = "The balance is a JSON number, or a number inside an object."
        raise UsageError(f"{where}: no JSON: {body[:60]!r}", cure) from error
    for step in path:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise UsageError(f"{where}: there is no {step!r} in {str(value)[:100]}", "Check --balance-path.") from error
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{where}: {str(value)[:60]!r} is no number", "Give --balance-path=a.b.c") from error
