"""What stock clients need: a server of their own in another thread, certificates, and a home for node's packages."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
import subprocess
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.reference.server.server import Server

HERE = Path(__file__).parent
KEY = "sk-reference-key"
HOME = "CLIENTS_HOME"


@contextmanager
def serving(**options):
    """Serve from a thread of its own until the block ends; gives the URL."""
    ready: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve():
        async with Server(**{"tokens": (KEY,), **options}) as server:
            ready.set_result(server.url)
            await stop.wait()

    def run():
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            try:
                runner.run(serve())
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ready.result(10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@pytest.fixture
def serve():
    """Return `serving`, so that a test says how its server is."""
    return serving


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed certificate for loopback: its file holds the key too, and it is its own authority."""
    trustme = pytest.importorskip("trustme", reason="needs trustme: run tox -e clients")
    home = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(home / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context, home / "authority.pem"


@pytest.fixture(scope="session")
def home():
    """Where `install.py` put node's packages."""
    if HOME not in os.environ:
        pytest.skip(f"{HOME} names no folder of installed clients: run tox -e clients")
    return Path(os.environ[HOME])


@pytest.fixture
def node(home):
    """Run one of the scripts beside this file with node; what it prints is JSON."""

    def run(script, *arguments, **environment):
        for each in HERE.glob("*.mjs"):
            shutil.copy(each, home / each.name)
        ran = subprocess.run(
            ["node", home / script, *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
        return json.loads(ran.stdout.splitlines()[-1])

    return run
