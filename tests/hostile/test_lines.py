"""The verdicts on the reference are the same over every line."""

import json

import pytest

LINES = ["delay=150ms,jitter=50ms", "rate=2m", "slow-reader", "delay=40ms,jitter=20ms,rate=4m,slow-reader"]


def verdicts(folder, url, *options):
    result = folder.pytest(f"--endpoint={url}", "--examples=0", "-q", *options, within=900)
    report = json.loads((folder.path / "reports/report.json").read_text())
    return result.returncode, {each["id"]: each["verdict"] for each in report["rules"]}, report["outcome"]


@pytest.mark.lines
@pytest.mark.parametrize("line", LINES)
def test_a_bad_line_changes_no_verdict(folder, endpoint, line):
    url = endpoint()

    status, bad, outcome = verdicts(folder, url, f"--line={line}", "--answer-timeout=60")
    usual = verdicts(folder, url)

    assert {name: (bad[name], each) for name, each in usual[1].items() if bad[name] != each} == {}
    assert (status, outcome) == (usual[0], usual[2])
