"""Endpoints that listen, for every room; tests that need much time or others' software run where they are asked for."""

from contextlib import ExitStack, contextmanager

import pytest

from conformance.play.pool import LoopThread

ON_DEMAND = ("package", "matrix", "clients", "slow", "legal")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    asked = config.getoption("markexpr") or ""
    left_out = [name for name in ON_DEMAND if name not in asked]
    deselected = [item for item in items if any(item.get_closest_marker(name) for name in left_out)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in set(deselected)]


@contextmanager
def listening(server):
    """Run anything that has `async with` in a thread of its own."""
    loop_thread = LoopThread()
    try:
        opened = loop_thread.run(server.__aenter__(), 10)
        yield opened
        loop_thread.run(server.__aexit__(None, None, None), 10)
    finally:
        loop_thread.close()


@pytest.fixture
def listen():
    """Give `listen(server) -> what its block gives`: it listens until the test ends."""
    with ExitStack() as stack:
        yield lambda server: stack.enter_context(listening(server))
