"""`realtime-conformance serve --upstream SCENARIO`: the scripted upstream alone, for gateways and clients of others."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.relay.dial import Keys
from conformance.relay.upstream import Upstream
from conformance.relay.upstream_script import upstream_scripts
from conformance.resources import folder
from conformance.scenario.load import load
from conformance.trace.jsonl import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.relay.dial import Dial
    from conformance.relay.upstream_script import UpstreamScript


def scripts_of(scenario: str) -> Sequence[UpstreamScript]:
    """Return what the `upstream:` section of a bundled scenario, or of a file, says; UsageError if it has none."""
    path = Path(scenario)
    bundled = folder("scenarios") / f"{scenario}.yaml"
    if not path.is_file() and not bundled.is_file():
        cure = "Name a file, or a bundled scenario: relay/closed_by_the_upstream."
        raise UsageError(f"--upstream: there is no scenario {scenario!r}", cure)
    section = load(path if path.is_file() else bundled).upstream
    if section is None:
        raise UsageError(f"--upstream: {scenario} has no section `upstream`", "docs/gateways describes it.")
    return upstream_scripts(section)


def serve_upstream(
    scenario: str, host: str, port: int, token: str, traces: Path | None, say: Callable[[str], object]
) -> None:
    """Listen, say where, and return when SIGINT or SIGTERM comes; every session's trace is written to *traces*."""
    scripts = scripts_of(scenario)

    def ended(dial: Dial) -> None:
        came = f"session {dial.number}: {dial.handshake.auth or 'no key'}, {dial.asked.model or 'no model'}"
        say(f"{came}, {len(dial.recorder.entries)} frames")
        if traces is not None:
            dump(dial.keys.scrub.trace(dial.trace), traces / f"session-{dial.number}.upstream.jsonl")

    upstream = Upstream(host, port, keys=Keys(token), ended=ended)
    upstream.follow(scripts)
    try:
        asyncio.run(_serve(upstream, scenario, say))
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror or error}", "Choose another --port."
        ) from error


async def _serve(upstream: Upstream, scenario: str, say: Callable[[str], object]) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with upstream:
        say(f"listening: {upstream.url}")
        say(f"follows:   {scenario}")
        await stop.wait()
    say("stopped")
