"""The reference endpoint as a program: it prints where it listens, keeps a log, and stops on a signal."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import UsageError
from conformance.reference.server.server import Server, log
from conformance.reference.session.core import FEATURES
from conformance.reference.session.hooks import Hooks
from conformance.reference.session.model import answer
from conformance.reference.session.pace import Pace
from conformance.reference.session.quirks import QUIRKS
from conformance.reference.session.script import load_script


@dataclass(frozen=True)
class Serving:
    """What `realtime-conformance serve` was asked for."""

    host: str = "127.0.0.1"
    port: int = 0
    dialect: str = "auto"
    token: str = ""
    """The key that is let in; empty: everybody."""
    pace: str = "fast"
    refusal: str = "http"
    """How a wrong key is refused: `http`, or `close` (accepted, an `error`, a close code)."""
    without: frozenset[str] = frozenset()
    """Features that are refused."""
    quirks: str = ""
    script: Path | None = None
    cert: Path | None = None
    """A certificate chain (PEM): the endpoint then speaks TLS."""
    key: Path | None = None
    """The certificate's private key; None if the same file holds it."""
    delta_ms: int = 50
    mutant: str = ""
    """Name of what is done wrong on purpose, for people; *hooks* do it."""
    hooks: Callable[[str], Hooks] | None = None
    """What each session does wrong on purpose, by the name of its dialect."""


def serve_forever(serving: Serving, echo: Callable[[str], object] = print) -> None:
    """Serve until SIGINT or SIGTERM, then close every session with 1001.  UsageError says what cannot be served."""
    server = _server(serving)
    _log_lines()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(server, serving, echo))


async def _serve(server: Server, serving: Serving, echo: Callable[[str], object]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows; there Ctrl-C is a KeyboardInterrupt
            loop.add_signal_handler(each, stop.set)
    try:
        await server.__aenter__()
    except OSError as error:
        raise UsageError(
            f"cannot listen on {serving.host} port {serving.port}: {error.strerror or error}",
            "Choose another --port (0: the system chooses), or another --host.",
        ) from error
    try:
        for line in greeting(serving, server.url):
            echo(line)
        await stop.wait()
    finally:
        await server.__aexit__(None, None, None)
        echo("stopped")


def greeting(serving: Serving, url: str) -> list[str]:
    """Return the lines that tell a person how to use the endpoint.  The token is theirs: it is shown, never logged."""
    spoken = {"auto": "ga, or beta when the client asks for it"}.get(serving.dialect, serving.dialect)
    extras = [f"quirks of {serving.quirks}"] if serving.quirks else []
    extras += [f"script {serving.script}"] if serving.script else []
    extras += [f"mutant {serving.mutant}"] if serving.mutant else []
    base = url.removesuffix("/realtime")
    token = "REALTIME_TOKEN=… " if serving.token else ""
    return [
        f"listening: {url}",
        f"token:     {serving.token or 'any'}",
        f"dialect:   {', '.join([spoken, *extras])}",
        f"try it:    {token}pytest --endpoint={url} --model=gpt-realtime -m smoke",
        f"or:        openai.AsyncOpenAI(api_key=…, websocket_base_url={base!r}).realtime.connect(model='gpt-realtime')",
    ]


def _server(serving: Serving) -> Server:
    if serving.quirks and serving.quirks not in QUIRKS:
        raise UsageError(f"there are no quirks {serving.quirks!r}", f"Known: {', '.join(QUIRKS)}.")
    return Server(
        serving.host,
        serving.port,
        dialect=serving.dialect,
        tokens=(serving.token,) if serving.token else (),
        pace=Pace[serving.pace.upper()],
        refusal="openai" if serving.refusal == "close" else serving.refusal,
        features=FEATURES - serving.without,
        scripted_model=load_script(serving.script) if serving.script else answer,
        quirks=serving.quirks,
        delta_ms=serving.delta_ms,
        hooks=serving.hooks,
        ssl=_tls(serving.cert, serving.key),
    )


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        if key is not None:
            raise UsageError("a private key without a certificate", "Give both: --cert and --key.")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"the certificate {cert}{f' with the key {key}' if key else ''} cannot be used: {why}"
        ) from error
    return context


def _log_lines() -> None:
    """Write the log of the sessions to stderr, one line each."""
    lines = logging.StreamHandler()
    lines.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log.addHandler(lines)
    log.setLevel(logging.INFO)
    log.propagate = False
