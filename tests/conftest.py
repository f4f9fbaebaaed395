"""Tests that need much time or other people's software run where they are asked for by name (`-m`)."""

import pytest

ON_DEMAND = ("package", "matrix", "clients", "slow")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    asked = config.getoption("markexpr") or ""
    left_out = [name for name in ON_DEMAND if name not in asked]
    deselected = [item for item in items if any(item.get_closest_marker(name) for name in left_out)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in set(deselected)]
