"""The whole library against endpoints that keep the protocol in their own way."""

import json
import os
import subprocess
import sys

import pytest

from conformance.contract.dialects import DIALECTS
from tests.legal.endpoints import VARIANTS, Legal, Silent
from tests.legal.vendors import VENDORS

KEY = "sk-legal-0123456789abcdef"
ENDPOINTS = {**VARIANTS, **VENDORS}
#: Plugins that only cost time here.
QUIET = [f"-pno:{name}" for name in ("randomly", "benchmark", "hypothesispytest", "anyio", "cov")]
#: Settings of the run around the test.
FOREIGN = ("PYTEST", "REALTIME", "COV", "TOX", "PYTHONDONTWRITEBYTECODE")


class Run:
    """What a run of the real command came to."""

    def __init__(self, result, reports):
        self.status, self.output = result.returncode, result.stdout + result.stderr
        file = reports / "report.json"
        self.report = json.loads(file.read_text()) if file.exists() else {"conversations": [], "rules": []}

    @property
    def broken(self):
        """Rule id -> conversations that break it, of MUST rules."""
        return {
            each["id"]: each["conversations"]["fail"]
            for each in self.report["rules"]
            if each["conversations"].get("fail")
        }

    @property
    def stopped(self):
        """Conversation -> why it was not played to its end, though it should have been."""
        good = ("played", "not applicable", "inconclusive")
        found = [each for each in self.report["conversations"] if each["outcome"] not in good]
        return {each["conversation"]: f"{each['outcome']}: {each['message']}" for each in found}


@pytest.fixture
def legal(listen, tmp_path):
    """Return `legal(name, dialect, *arguments) -> Run`: the whole library against a legal endpoint."""

    def play(name, dialect, *arguments):
        variant = ENDPOINTS[name] if isinstance(name, str) else name
        hooks = lambda spoken: variant.change(DIALECTS[spoken]).spelled_for(DIALECTS[spoken])  # noqa: E731
        server = variant.server(tokens=(KEY,), models=("gpt-realtime",), hooks=hooks, **variant.settings)
        reports = tmp_path / "reports"
        asked = [
            f"--endpoint={listen(server).url}",
            "--model=gpt-realtime",
            f"--dialect={dialect}",
            f"--reports={reports}",
            "--seed=1",
        ]
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        kept = {key: text for key, text in os.environ.items() if not key.startswith(FOREIGN)}
        command = [sys.executable, "-m", "pytest", *QUIET, "-q", "-c", "pytest.ini", *asked]
        result = subprocess.run(
            [*command, *variant.arguments, *arguments],
            cwd=tmp_path,
            env={**kept, "REALTIME_TOKEN": KEY, "COLUMNS": "120"},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        return Run(result, reports)

    return play


def pytest_generate_tests(metafunc):
    if "variant" in metafunc.fixturenames:
        cases = [
            pytest.param(name, dialect, marks=[] if legal.fast and dialect == "ga" else [pytest.mark.legal])
            for name, legal in ENDPOINTS.items()
            for dialect in legal.dialects
        ]
        metafunc.parametrize(("variant", "dialect"), cases)


@pytest.fixture
def silent():
    """An endpoint that opens sessions, and says nothing more."""
    return Legal(server=Silent)
