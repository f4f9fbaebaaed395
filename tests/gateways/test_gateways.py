"""Real gateways between our client and our upstream: what is found in them is what docs/gateways says of them.

`tox -e gateways` installs them; without GATEWAYS_HOME these tests are skipped.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

HOME = Path(os.environ.get("GATEWAYS_HOME", "nowhere"))
HERE = Path(__file__).parent
CLIENT, UPSTREAM = "sk-client-of-the-gateway-0000", "key-of-the-gateway-at-the-upstream"
#: Seconds that a gateway may take to start, and a whole run.
STARTING, RUNNING = 360, 900

pytestmark = [
    pytest.mark.gateways,
    pytest.mark.skipif(not HOME.is_dir(), reason="GATEWAYS_HOME is no folder: run tox -e gateways"),
]

LITELLM = """model_list:
  - model_name: gpt-realtime
    litellm_params: {{model: openai/gpt-realtime, api_base: "http://127.0.0.1:{port}", api_key: {upstream}}}
    model_info: {{mode: realtime}}
general_settings: {{master_key: {client}}}
"""
CADDY = """{{
  admin off
  auto_https off
}}
http://127.0.0.1:{own} {{
  reverse_proxy 127.0.0.1:{port}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextmanager
def running(command, own, **variables):
    """Run a gateway until the block ends; it is there when its port *own* answers."""
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + STARTING
        while True:
            try:
                socket.create_connection(("127.0.0.1", own), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
                assert time.monotonic() < until, f"{command[0]} does not listen"
                time.sleep(0.2)  # nothing tells when a foreign program listens
        yield
    finally:
        process.terminate()
        process.wait(20)


def found(folder, own, port, dialect, *more):
    """Play the library through a gateway; return the rules that found something."""
    folder.pytest(
        f"--relay=ws://127.0.0.1:{own}/v1/realtime",
        f"--upstream-listen=127.0.0.1:{port}",
        "--model=gpt-realtime",
        f"--dialect={dialect}",
        "--examples=0",
        "--answer-timeout=8",
        *more,
        within=RUNNING,
    )
    report = json.loads((folder.path / "reports" / "report.json").read_text())
    return {rule["id"] for rule in report["rules"] if rule["verdict"] in ("fail", "warning")}


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_caddy_changes_nothing(folder, dialect):
    own, port = free_port(), free_port()
    config = folder.path / "Caddyfile"
    config.write_text(CADDY.format(own=own, port=port))
    with running([HOME / "caddy" / "bin" / "caddy", "run", "--config", config, "--adapter", "caddyfile"], own):
        assert found(folder, own, port, dialect, f"--token={UPSTREAM}") == set()


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_litellm_does_what_its_page_says(folder, dialect):
    own, port = free_port(), free_port()
    config = folder.path / "litellm.yaml"
    config.write_text(LITELLM.format(port=port, upstream=UPSTREAM, client=CLIENT))
    command = [HOME / "litellm" / "bin" / "litellm", "--config", config, "--port", str(own), "--host", "127.0.0.1"]
    with running(command, own, LITELLM_LOCAL_MODEL_COST_MAP="True"):
        rules = found(folder, own, port, dialect, f"--token={CLIENT}", f"--upstream-token={UPSTREAM}")

    expected = {
        "relay.no-response-is-asked-for-unasked",
        "relay.upstream-keys-stay-out-of-events",
        "relay.upstream-keys-stay-out-of-close-reasons",
        "relay.frame-kinds-are-kept",
    }
    beside = {"relay.client-events-are-unchanged"} if dialect == "ga" else set()
    assert {rule for rule in rules if rule.startswith("relay.")} == expected | beside


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_portkey_does_what_its_page_says(folder, dialect):
    trustme = pytest.importorskip("trustme")
    own, port = free_port(), free_port()
    authority, pem = trustme.CA(), folder.path / "upstream.pem"
    authority.cert_pem.write_to_path(folder.path / "ca.pem")
    authority.issue_cert("api.openai.com").private_key_and_cert_chain_pem.write_to_path(pem)
    server = HOME / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    variables = {
        "NODE_ENV": "production",
        "NODE_OPTIONS": f"--require {HERE / 'redirect.cjs'}",
        "NODE_EXTRA_CA_CERTS": str(folder.path / "ca.pem"),
        "UPSTREAM_INSTEAD": f"127.0.0.1:{port}",
    }
    with running(["node", server, f"--port={own}", "--headless"], own, **variables):
        more = [f"--token={UPSTREAM}", f"--tls-cert={pem}", "--header=x-portkey-provider: openai"]
        rules = found(folder, own, port, dialect, *more)

    expected = {"relay.upstream-refusals-are-told", "relay.a-lost-upstream-ends-the-session"}
    # It hoards, but on a busy machine it is too slow to show that within the seconds that the client does not read.
    hoards = {"relay.what-a-client-does-not-read-is-not-hoarded"}
    assert {rule for rule in rules if rule.startswith("relay.")} - hoards == expected
