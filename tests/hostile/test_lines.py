"""The verdicts on the reference are the same over every line."""

import json

import pytest

from conformance.reference.server.server import Server
from conformance.reference.session.pace import Pace
from tests.conftest import KEY, Folder, listening

LINES = ["delay=150ms,jitter=50ms", "rate=2m", "slow-reader", "delay=40ms,jitter=20ms,rate=4m,slow-reader"]


def verdicts(path, url, *options):
    path.mkdir(exist_ok=True)
    folder = Folder(path)
    result = folder.pytest(f"--endpoint={url}", "--examples=0", "-q", *options, within=900)
    report = json.loads((path / "reports/report.json").read_text())
    return result.returncode, {each["id"]: each["verdict"] for each in report["rules"]}, report["outcome"]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Return the address of the reference, as slow as a model, and what is said of it where there is no line."""
    with listening(Server(tokens=(KEY,), models=("gpt-realtime",), pace=Pace.REALTIME)) as server:
        url = f"{server.url}?model=gpt-realtime"
        yield url, verdicts(tmp_path_factory.mktemp("usual"), url)


@pytest.mark.lines
@pytest.mark.parametrize("line", LINES)
def test_a_bad_line_changes_no_verdict(tmp_path, reference, line):
    url, (usual_status, usual, usual_outcome) = reference

    status, bad, outcome = verdicts(tmp_path, url, f"--line={line}", "--answer-timeout=60")

    assert {name: (bad[name], each) for name, each in usual.items() if bad[name] != each} == {}
    assert (status, outcome) == (usual_status, usual_outcome)
