"""The recipes of docs/ci: their shell steps are run as they stand, against the reference endpoint."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import FOREIGN, KEY

RECIPES = Path(__file__).parents[1] / "docs" / "ci"
ACTION = yaml.safe_load((RECIPES.parents[1] / "action.yml").read_text(encoding="utf-8"))
#: What stands in the place of pip and pytest: the first notes what it was asked for, the second is the one here.
PIP = '#!/bin/sh\necho "$@" >> "$PIP_LOG"\n'
PYTEST = f'#!/bin/sh\nexec {sys.executable} -m pytest -p no:randomly "$@"\n'


def block(name, language):
    """Return the recipe of a page: its one block in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", (RECIPES / name).read_text(encoding="utf-8"), re.DOTALL)
    return found


def gitlab():
    return yaml.safe_load(block("gitlab.md", "yaml"))["realtime-conformance"]


def jenkins():
    return block("jenkins.md", "groovy")


#: Page -> its shell steps, and how that system runs them.
STEPS = {
    "gitlab.md": (lambda: "\n".join(gitlab()["script"]), ["bash", "-eo", "pipefail"]),
    "jenkins.md": (lambda: re.search(r"sh '''(.*?)'''", jenkins(), re.DOTALL)[1], ["sh", "-xe"]),
    "plain.md": (lambda: block("plain.md", "sh"), ["sh"]),
}


def run(page, path, url):
    script, shell = STEPS[page][0](), STEPS[page][1]
    (path / "bin").mkdir()
    for name, text in (("pip", PIP), ("pytest", PYTEST)):
        (path / "bin" / name).write_text(text)
        (path / "bin" / name).chmod(0o755)
    (path / "step.sh").write_text(script)
    kept = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
    own = {"SUITE": "./suite.whl", "REALTIME_ENDPOINT": url, "REALTIME_TOKEN": KEY, "PIP_LOG": str(path / "pip.log")}
    return subprocess.run(
        [*shell, "step.sh"], cwd=path, env={**kept, **own, "PATH": f"{path / 'bin'}:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("page", STEPS)
def test_the_steps_of_a_recipe_run_as_they_stand(page, tmp_path, endpoint):
    done = run(page, tmp_path, endpoint())

    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "pip.log").read_text() == "install --quiet ./suite.whl\n"
    assert {"index.html", "junit.xml", "report.json"} <= {each.name for each in (tmp_path / "reports").iterdir()}
    assert "incomplete (a selection): nothing broken in what was judged" in done.stdout
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(("page", "status"), [("gitlab.md", 6), ("plain.md", 0)])
def test_an_endpoint_that_cannot_be_reached_is_no_verdict(page, status, tmp_path, deaf_port):
    done = run(page, tmp_path, f"ws://127.0.0.1:{deaf_port}/v1/realtime")

    assert done.returncode == status
    assert status == 0 or status in gitlab()["allow_failure"]["exit_codes"]


def test_what_a_recipe_keeps_is_what_a_run_writes():
    assert gitlab()["artifacts"]["reports"]["junit"] == "reports/junit.xml"
    assert gitlab()["artifacts"]["paths"] == ["reports/"]
    assert "junit 'reports/junit.xml'" in jenkins()


def test_the_recipe_for_github_hands_over_only_what_the_action_takes():
    steps = yaml.safe_load(block("github.md", "yaml"))["jobs"]["conformance"]["steps"]
    (ours,) = [step for step in steps if step.get("uses", "").startswith("OWNER/")]

    assert set(ours["with"]) <= set(ACTION["inputs"])
    text = (RECIPES / "github.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text or f"{name}:" in text for name in (*ACTION["inputs"], *ACTION["outputs"]))


def test_every_recipe_is_listed():
    listed = (RECIPES / "README.md").read_text(encoding="utf-8")
    assert all(f"({page.name})" in listed for page in RECIPES.glob("*.md") if page.name != "README.md")
