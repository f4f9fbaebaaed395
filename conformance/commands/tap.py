"""`realtime-conformance tap`: a recording proxy, until it is interrupted."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.play.target import checked_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.tap.proxy import Tap


def address(listen: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; UsageError if it is not that."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen: {listen!r} is no HOST:PORT", "For instance 127.0.0.1:9000; port 0 is any.")
    return host.strip("[]") or "127.0.0.1", int(port)


def upstream_url(url: str) -> str:
    """Return the WebSocket URL of `--to`; UsageError says what is wrong with it."""
    return checked_url(url, "--to")


def tap_forever(tap: Tap, echo: Callable[[str], object]) -> None:
    """Listen, say where, and return when SIGINT or SIGTERM comes."""
    tap.say = echo
    try:
        asyncio.run(_tap(tap, echo))
    except OSError as error:
        if error.filename:
            raise UsageError(
                f"--out: {error.filename}: {error.strerror}", "Give a folder that can be written."
            ) from error
        raise UsageError(f"cannot listen on {tap.host}:{tap.port}: {error.strerror or error}") from error


async def _tap(tap: Tap, echo: Callable[[str], object]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    async with tap:
        echo(f"{tap.url} records into {tap.folder}")
        await stop.wait()
