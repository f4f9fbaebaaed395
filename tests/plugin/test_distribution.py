"""What workers of pytest-xdist found on the way reaches the run."""

from types import SimpleNamespace

from conformance.plugin.distribution import Distribution
from conformance.run.state import RunState
from tests.records import settings


def test_what_workers_found_is_told_once(tmp_path):
    state = RunState(settings(reports=tmp_path))
    hooks = Distribution(SimpleNamespace(state=state, worker=None), lambda: True)

    for _ in range(2):
        hooks.pytest_testnodedown(SimpleNamespace(workeroutput={"realtime_notes": ["the endpoint limits sessions"]}))
    hooks.pytest_testnodedown(SimpleNamespace())

    assert list(state.notes) == ["the endpoint limits sessions"]
