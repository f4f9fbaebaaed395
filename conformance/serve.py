"""`realtime-conformance serve`: the reference endpoint, or a mutant of it, until it is interrupted."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, NamedTuple

from conformance.contract.dialects import DIALECTS
from conformance.errors import UsageError
from conformance.reference.pace import Pace
from conformance.reference.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.hooks import Hooks


class Wanted(NamedTuple):
    """What to serve."""

    host: str = "127.0.0.1"
    port: int = 0
    dialect: str = "auto"
    token: str = ""
    mutant: str = ""
    pace: str = "realtime"
    refusal: str = "http"


def serve_forever(wanted: Wanted, say: Callable[[str], None]) -> None:
    """Listen, say where, and return when SIGINT or SIGTERM comes."""
    server = Server(
        wanted.host,
        wanted.port,
        dialect=wanted.dialect,
        tokens=(wanted.token,) if wanted.token else (),
        pace=Pace[wanted.pace.upper()],
        refusal=wanted.refusal,
        hooks=hooks_of(wanted.mutant) if wanted.mutant else None,
    )
    try:
        asyncio.run(_serve(server, wanted, say))
    except OSError as error:
        raise UsageError(
            f"cannot listen on {wanted.host} port {wanted.port}: {error.strerror or error}",
            "Choose another --port, or 0 to let the system choose.",
        ) from error


async def _serve(server: Server, wanted: Wanted, say: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server:
        say(f"listening: {server.url}")
        say(f"token:     {wanted.token or 'any'}")
        if wanted.mutant:
            say(f"mutant:    {wanted.mutant}")
        key = "REALTIME_TOKEN=… " if wanted.token else ""
        say(f"try it:    {key}pytest --endpoint={server.url} --model=gpt-realtime -m smoke")
        await stop.wait()
    say("stopped")


def hooks_of(name: str) -> Callable[[str], Hooks]:
    """Give the hooks of the mutant called *name*, one object for each session."""
    from conformance.mutants import MUTANTS

    mutant = MUTANTS.get(name)
    if mutant is None:
        import difflib

        near = difflib.get_close_matches(name, MUTANTS, n=1)
        cure = (
            f"Did you mean {near[0]!r}?" if near else "`realtime-conformance selftest --json` names them all."
        )
        raise UsageError(f"there is no mutant {name!r}", cure)

    def hooks(dialect: str) -> Hooks:
        return mutant.make(DIALECTS[dialect]).spoken(DIALECTS[dialect])

    return hooks
