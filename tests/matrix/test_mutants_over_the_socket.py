"""Every mutant is seen by the real command over a real socket: it exits 1 and names the rule."""

import os
import subprocess
import sys

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.key_roles import ROLES, key_for
from conformance.contract.names import REFERENCE_TOOL_SERVER
from conformance.mutants import MUTANTS
from conformance.mutants.mutant import Fault, Mutant
from conformance.reference.server.server import Server
from conformance.resources import folder
from conformance.rules import RULES

pytestmark = pytest.mark.matrix

KEY = "sk-matrix-0123456789"
#: What its vendor documents, in each revision.
OPENAI = {"ga": "openai", "beta": "openai-beta"}
#: Mutants that do not keep what was documented: without the documents, nobody can see that, or that it is offered.
DOCUMENTED = {
    "the-documented-style-is-not-read": OPENAI,
    "no-secret-is-given": OPENAI,
    "the-intent-is-not-read": OPENAI,
    "translations-are-conversations": OPENAI,
}
TRIALS = [
    pytest.param(each, name, id=f"{each.id}-{name}") for each in MUTANTS.values() for name in sorted(each.dialects)
]


@pytest.fixture
def served(listen):
    """Serve a mutant until the test is over, and give its URL."""

    def hooks_of(mutant):
        return lambda name: mutant.make(DIALECTS[name]).spelled_for(DIALECTS[name])

    return lambda mutant: listen(Server(tokens=(KEY,), dialect="auto", hooks=hooks_of(mutant))).url


def played(url, dialect, mutant, folder_):
    scenario, profile = mutant.during, DOCUMENTED.get(mutant.id, {}).get(dialect)
    command = [sys.executable, "-m", "pytest", str(folder("scenarios") / f"{scenario}.yaml"), f"--endpoint={url}"]
    command += ["--model=gpt-realtime", f"--dialect={dialect}", f"--reports={folder_ / 'reports'}", "-q"]
    command += ["--answer-timeout=1.5", "-p", "no:randomly", "-p", "no:cacheprovider", "--strict-conformance"]
    command += [f"--profile={profile}"] if profile else []
    command += [f"--token-for={role}={key_for(role, KEY)}" for role in ROLES]
    command += [f"--tool-server={REFERENCE_TOOL_SERVER}"]
    environment = {**os.environ, "REALTIME_TOKEN": KEY}
    return subprocess.run(
        command, cwd=folder_, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(("mutant", "dialect"), TRIALS)
def test_a_mutant_makes_the_run_fail_and_its_rule_is_named(mutant, dialect, served, tmp_path):
    run = played(served(mutant), dialect, mutant, tmp_path)

    told = run.stdout + run.stderr
    if RULES[mutant.killed_by].keyword == "MAY":
        assert mutant.killed_by in told, told[-3000:]
        return
    assert run.returncode == 1, told[-3000:]
    assert mutant.killed_by in told, told[-3000:]
    assert (tmp_path / "reports").is_dir()


def test_the_reference_itself_passes_what_the_mutants_fail(served, tmp_path):
    honest = Mutant("none", "", "response/text_turn", "", "", lambda _dialect: Fault())

    run = played(served(honest), "ga", honest, tmp_path)

    assert run.returncode == 0, run.stdout[-3000:]
