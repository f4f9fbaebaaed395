import asyncio
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve

from conformance.contract.revisions.ga import GA
from conformance.play.target import Patience, Target


@pytest.fixture
def patience():
    return Patience(connect=2, first_event=0.3, answer=0.3, conversation=10)


@pytest.fixture
def served(patience):
    """Serve one coroutine over a socket on a free port and give the target that reaches it."""

    @asynccontextmanager
    async def serve_one(talk, **options):
        async with serve(talk, "127.0.0.1", 0, close_timeout=0.2, **options) as server:
            port = server.sockets[0].getsockname()[1]
            yield Target(f"ws://127.0.0.1:{port}/v1/realtime", GA, "sk-secret-key", "m", patience=patience)

    return serve_one


@pytest.fixture
def run():
    return asyncio.run
