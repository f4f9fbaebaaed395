"""What workers of pytest-xdist found on the way reaches the run."""

import json
from contextlib import nullcontext
from types import SimpleNamespace

from conformance.plugin.distribution import Distribution
from conformance.run.state import RunState
from tests.records import settings


def test_what_workers_found_is_told_once(tmp_path):
    state = RunState(settings(reports=tmp_path))
    hooks = Distribution(SimpleNamespace(state=state, worker=None), lambda: True, nullcontext)

    for _ in range(2):
        hooks.pytest_testnodedown(SimpleNamespace(workeroutput={"realtime_notes": ["the endpoint limits sessions"]}))
    hooks.pytest_testnodedown(SimpleNamespace())

    assert list(state.notes) == ["the endpoint limits sessions"]


def test_a_selection_is_one_also_where_workers_made_it(folder):
    folder.talk("one", tags="chat")
    folder.talk("two", tags="other")
    done = folder.pytest(".", "-m", "chat", "-n2", "--examples=0")

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((folder.path / "reports/report.json").read_text())
    assert (told["outcome"], told["conformant"]) == ("incomplete", False)
    assert done.stdout.splitlines()[-1].startswith("incomplete (a selection)")
