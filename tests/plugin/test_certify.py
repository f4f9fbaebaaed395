"""`pytest --certify`: nothing softens it, and what it hands out is what `verify` accepts."""

import json
import signal
import subprocess

import pytest
from click.testing import CliRunner

from conformance.commands.cli import command
from conformance.plugin.certify import _ended


@pytest.mark.parametrize(
    "softer",
    ["--baseline=known.yaml", "--allow-unproven", "--no-discovery", "--max-time=5", "-k turn", "-m smoke", "-n 2"],
)
def test_what_would_soften_it_is_refused(folder, softer):
    done = folder.pytest("--certify=x.zip", *softer.split())

    assert done.returncode == 4
    assert f"--certify cannot be combined with {softer.split('=')[0].split()[0]}" in done.stderr
    assert not (folder.path / "x.zip").exists()


def test_waivers_of_its_own_are_refused_before_anything_is_played(folder):
    waivers = "waivers: {ordering.response-done-is-last: {reason: They say so., source: them}}\n"
    folder.write("own.yaml", f"title: Own\nsources: [them]\ndialect: ga\npath: /v1/realtime\nauth: [bearer]\n{waivers}")
    done = folder.pytest("--certify=x.zip", "--profile=own.yaml")

    assert done.returncode == 4, done.stdout + done.stderr
    assert "has waivers of its own: ordering.response-done-is-last" in done.stderr
    assert "repetition 1" not in done.stdout


def test_a_repetition_that_does_not_come_to_its_end_says_which_and_why(folder, deaf_port):
    folder.discovers = True
    done = folder.pytest("--certify=x.zip", f"--endpoint=ws://127.0.0.1:{deaf_port}/v1/realtime")

    assert done.returncode == 6
    told = "no certificate: repetition 1 was not judged to its end (status 6, unreachable), see above"
    assert told in done.stdout


@pytest.mark.parametrize(
    ("target", "why"), [("", "--certify is empty"), (".", "is a folder"), ("no/x.zip", "its folder does not exist")]
)
def test_a_certificate_that_could_not_be_written_is_refused_before_anything_is_played(folder, target, why):
    done = folder.pytest(f"--certify={target}")

    assert done.returncode == 4
    assert why in done.stderr
    assert "repetition 1" not in done.stdout


class Interrupted:
    """A repetition during which Ctrl-C comes, and which ends by itself, or only when it is terminated."""

    def __init__(self, *, by_itself):
        self.by_itself, self.did = by_itself, []

    def wait(self, timeout=None):
        self.did.append("wait")
        if len(self.did) == 1:
            raise KeyboardInterrupt
        if timeout is not None and not self.by_itself:
            raise subprocess.TimeoutExpired("pytest", timeout)
        return 0

    def terminate(self):
        self.did.append("terminate")


@pytest.mark.parametrize(
    ("by_itself", "did"), [(True, ["wait", "wait"]), (False, ["wait", "wait", "terminate", "wait"])]
)
def test_an_interrupted_repetition_writes_what_it_has_before_the_certification_ends(by_itself, did):
    process = Interrupted(by_itself=by_itself)
    before = signal.getsignal(signal.SIGINT)

    assert _ended(process) == 2
    assert process.did == did
    assert signal.getsignal(signal.SIGINT) == before


def verified(folder):
    """Return the exit status and the last line of `realtime-conformance verify`."""
    done = CliRunner().invoke(command, ["verify", str(folder.path / "x.zip")])
    return done.exit_code, done.output.splitlines()[-1]


@pytest.mark.slow
def test_the_reference_is_certified_and_the_certificate_holds(folder):
    done = folder.pytest("--certify=x.zip", "--profile=openai", within=900)

    assert done.returncode == 0, done.stdout
    told = [line.split(maxsplit=1) for line in done.stdout.splitlines()[-6:-1]]
    assert dict(told) == dict.fromkeys(["core", "audio", "turns", "tools", "transcription"], "conformant")
    assert verified(folder) == (0, "verified: every verdict follows from the traces")


@pytest.mark.slow
def test_a_faulty_endpoint_gets_a_certificate_that_says_so(folder, endpoint):
    folder.discovers = True
    done = folder.pytest(
        "--certify=x.zip", f"--endpoint={endpoint('delta-follows-its-response')}", "--profile=openai", within=900
    )

    assert done.returncode == 1, done.stdout
    assert "core           not conformant" in done.stdout
    assert verified(folder)[0] == 0
    assert json.loads((folder.path / "reports/certify/1/report.json").read_text())["conformant"] is False
