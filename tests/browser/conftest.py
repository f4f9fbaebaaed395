"""A run with one fault, and a browser to read what it left."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.browser import tab

FAULT, RULE = "delta-follows-its-response", "ordering.response-done-is-last"
PLAYED = ("response/text_turn", "audio/manual_turn")
#: Where `install.py` put what node needs.
HOME = Path(os.environ.get("BROWSER_HOME", "")).resolve()


@pytest.fixture
def page(tmp_path):
    """An empty tab."""
    with tab(tmp_path / "browser") as opened:
        yield opened


@pytest.fixture
def reports(folder, endpoint):
    """What a run against a faulty endpoint left."""
    done = folder.pytest(*PLAYED, f"--endpoint={endpoint(FAULT)}")
    assert done.returncode == 1, done.stdout + done.stderr
    return folder.path / "reports"


@pytest.fixture
def allure(reports):
    """The report that Allure makes of it, as one file."""
    command = HOME / "node_modules/.bin/allure"
    if not command.exists():
        pytest.skip("Allure is not installed: tox -e browser installs it")
    out = reports.parent / "allure-report"
    made = subprocess.run(
        [command, "generate", "--config", reports / "allurerc.json", "--output", out, reports / "allure-results"],
        cwd=reports.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    (index,) = out.rglob("index.html")
    return index


@pytest.fixture
def offending(reports):
    """The frame that breaks the rule, as it stands in the trace."""
    told = json.loads((reports / "report.json").read_text())
    record = next(each for each in told["conversations"] if each["conversation"] == PLAYED[0])
    entry = record["rules"][RULE]["findings"][0]["entry"]
    return json.loads((reports / record["traces"][0]).read_text().splitlines()[entry + 1])["event"]
