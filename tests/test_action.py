"""The GitHub Action, its workflow and the container recipe, as far as they can be tried without either."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
#: How GitHub runs a step with `shell: bash`.
BASH = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]
KEY = "sk-canary-0123456789abcdef"
#: Takes the place of Python: notes what pip was asked for, and runs everything else.
PYTHON = """#!/usr/bin/env bash
case "$*" in
  "-m pip"*) echo "$*" >> "$PIP_LOG" ;;
  *) exec {python} "$@" ;;
esac
"""


class Runner:
    """Runs the steps of the action in a folder, as GitHub would."""

    def __init__(self, path):
        self.path = path
        python = path / "python"
        python.write_text(PYTHON.format(python=sys.executable))
        python.chmod(0o755)
        self.outputs = path / "outputs"
        self.summary = path / "summary"

    def run(self, **inputs):
        known = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
        values = {
            f"inputs.{name}": value for name, value in {**known, "python": str(self.path / "python"), **inputs}.items()
        }
        values["github.action_path"] = str(ROOT)
        done = []
        for step in ACTION["runs"]["steps"]:
            given = {name: EXPRESSION.sub(lambda found: values[found[1]], text) for name, text in step["env"].items()}
            done.append(self.step(step["run"], given))
        return done

    def step(self, script, given):
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST", "REALTIME", "COV"))}
        own = {"GITHUB_OUTPUT": self.outputs, "GITHUB_STEP_SUMMARY": self.summary, "PIP_LOG": self.path / "pip.log"}
        file = self.path / "step.sh"
        file.write_text(script)
        return subprocess.run(
            [*BASH, file], cwd=self.path, env=kept | {name: str(value) for name, value in (own | given).items()},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def told(self):
        return dict(line.split("=", 1) for line in self.outputs.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path)


def test_the_action_installs_itself_and_tells_the_verdict(runner):
    installed, run = runner.run(arguments="-m smoke -p no:randomly", token=KEY)
    told = runner.told()

    assert installed.returncode == 0, installed.stderr
    assert (runner.path / "pip.log").read_text().split()[-1] == str(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert told["status"] == "0"
    assert told["verdict"].startswith("incomplete (a selection): nothing broken in what was judged, ")
    assert json.loads((runner.path / told["report"]).read_text(encoding="utf-8"))["outcome"] == "incomplete"
    assert told["verdict"] in runner.summary.read_text(encoding="utf-8")
    assert (runner.path / "reports" / "junit.xml").exists()


def test_junit_tells_of_an_endpoint_that_nobody_reached(runner, deaf_port):
    _, run = runner.run(endpoint=f"ws://127.0.0.1:{deaf_port}/v1/realtime", arguments="-m smoke", token=KEY)

    assert run.returncode == 6
    suites = (runner.path / "reports" / "junit.xml").read_text(encoding="utf-8").partition("<testsuite ")[0]
    assert '<testsuites name="realtime-conformance"' in suites
    assert 'errors="1"' in suites


def test_a_variable_that_is_not_set_is_no_endpoint(runner):
    _, run = runner.run(endpoint="", token=KEY)

    assert run.returncode == 4
    assert "--endpoint is empty" in run.stdout + run.stderr


def test_a_run_without_a_report_says_so_and_keeps_the_status(runner):
    _, run = runner.run(endpoint="nonsense", token=KEY)

    assert run.returncode == 4
    assert runner.told()["verdict"] == "nothing was judged (status 4)"


def test_profile_and_baseline_reach_the_run(runner):
    (runner.path / "known.yaml").write_text("known: [{rule: nothing, issue: 1}]\n")
    _, run = runner.run(profile="openai", baseline="known.yaml")

    assert run.returncode == 4
    assert "there is no rule 'nothing'" in run.stderr


def test_arguments_are_quoted_as_in_a_shell(runner):
    _, run = runner.run(
        arguments="-m 'smoke and (errors or usage)' -p no:randomly", model="gpt-realtime", auth="bearer"
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "auth: bearer, model: gpt-realtime" in run.stdout


def test_a_quotation_mark_without_a_partner_is_told(runner):
    _, run = runner.run(arguments="-m 'smoke")

    assert run.returncode == 4
    assert run.stdout == "::error title=arguments::a quotation mark in the input `arguments` has no partner\n"


def test_the_token_is_on_no_command_line_and_in_no_output(runner):
    _, run = runner.run(endpoint="ws://127.0.0.1:1/v1/realtime", token=KEY)

    assert run.returncode == 6
    assert all(KEY not in step["run"] and "inputs." not in step["run"] for step in ACTION["runs"]["steps"])
    assert "canary" not in run.stdout + run.stderr + runner.outputs.read_text() + runner.summary.read_text()


def test_every_output_is_made_by_a_step():
    made = {found for each in ACTION["outputs"].values() for found in EXPRESSION.findall(each["value"])}
    script = next(step["run"] for step in ACTION["runs"]["steps"] if step.get("id") == "run")

    assert made == {f"steps.run.outputs.{name}" for name in ACTION["outputs"]}
    assert all(f'echo "{name}=' in script for name in ACTION["outputs"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_hands_over_only_what_the_action_takes(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    ours = [step for step in steps if step.get("uses") == "./"]

    assert all(set(step.get("with", {})) <= set(ACTION["inputs"]) for step in ours)
    assert all("${{" not in step.get("run", "") for step in steps)


def test_a_workflow_uses_the_action():
    assert any("uses: ./" in path.read_text(encoding="utf-8") for path in WORKFLOWS)


def test_the_container_is_made_with_pip_alone():
    recipe = (ROOT / "Containerfile").read_text(encoding="utf-8")
    runs = re.findall(r"^RUN (.*)$", recipe, re.MULTILINE)

    assert any(run.startswith("pip install ") for run in runs)
    assert not re.search(r"\b(apt|apt-get|apk|dnf|yum|npm|curl|wget|git)\b", "\n".join(runs))
    assert "ENTRYPOINT" in recipe
    assert re.search(r"^USER (?!root|0)", recipe, re.MULTILINE)


def test_the_container_gets_all_that_the_wheel_is_made_of():
    import tomllib

    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = told["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {path.partition("/")[0] for path in (*wheel["packages"], *wheel["force-include"])} | {"pyproject.toml"}
    needed |= {told["project"]["readme"], *told["project"]["license-files"]}
    taken = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}

    assert needed <= taken
