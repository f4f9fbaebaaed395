"""`pytest --certify`: nothing softens it, and what it hands out is what `verify` accepts."""

import json

import pytest
from click.testing import CliRunner

from conformance.commands.cli import command


@pytest.mark.parametrize(
    "softer",
    ["--baseline=known.yaml", "--allow-unproven", "--no-discovery", "--max-time=5", "-k turn", "-m smoke", "-n 2"],
)
def test_what_would_soften_it_is_refused(folder, softer):
    done = folder.pytest("--certify=x.zip", *softer.split())

    assert done.returncode == 4
    assert f"--certify cannot be combined with {softer.split('=')[0].split()[0]}" in done.stderr
    assert not (folder.path / "x.zip").exists()


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
