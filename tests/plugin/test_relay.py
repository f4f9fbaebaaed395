"""`pytest --relay=URL`: a gateway under test, with us on both of its sides."""

import asyncio
import json
import socket
import ssl
import threading
from contextlib import contextmanager

import pytest

from conformance.mutants.frame_edits import is_of, repeating
from conformance.mutants.relay_behaviour import Behaviour
from conformance.mutants.toy_relay import ToyRelay
from conformance.options.relay import BESIDE
from conformance.plugin.options import OPTIONS

CLIENT, UPSTREAM = "client-key-of-the-tests", "upstream-key-of-the-tests"
PROFILE = """title: The toy relay
dialect: ga
path: /v1/realtime
auth: [bearer]
sources: [its own tests]
features: {without: [client_secrets]}
relay:
  alias: {gpt-realtime: gpt-realtime-2025-08-28}
  tariff: {cached_input: 0.5, output: 2, counts_up: true}
"""


@contextmanager
def relayed(behave=Behaviour, scheme="ws", trusts=None):
    """Run a toy relay in a thread of its own; yield it, and the address where our upstream has to listen."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []

    async def serve():
        relay = ToyRelay(
            f"{scheme}://127.0.0.1:{port}/v1/realtime",
            client_key=CLIENT,
            upstream_key=UPSTREAM,
            models={"gpt-realtime": "gpt-realtime-2025-08-28"},
            behave=behave,
            trusts=trusts,
        )
        async with relay:
            stop = asyncio.Event()
            found.extend((relay, stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait(10)
    try:
        yield found[0], f"127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(found[1].set)
        thread.join(10)
        loop.close()


def options(relay, listen):
    return [
        f"--relay={relay.url}",
        f"--upstream-listen={listen}",
        f"--upstream-token={UPSTREAM}",
        f"--token={CLIENT}",
        "--model=gpt-realtime",
        f"--balance-url={relay.balance_url}",
        "--balance-path=data.used",
        "--examples=0",
        "--profile=toy.yaml",
    ]


def test_a_transparent_relay_is_conformant_and_both_sides_are_kept(folder):
    (folder.path / "toy.yaml").write_text(PROFILE)
    with relayed() as (relay, listen):
        result = folder.pytest(*options(relay, listen), "-k", "text_turn or wrong_key or lost_upstream")

    assert result.returncode == 0, result.stdout
    report = json.loads((folder.path / "reports" / "report.json").read_text())
    assert "relay.deltas-are-not-batched" in {rule["id"] for rule in report["rules"]}
    assert (folder.path / "reports" / "traces" / "relay" / "text_turn.upstream.jsonl").is_file()
    written = "".join(path.read_text() for path in (folder.path / "reports").rglob("*.json*"))
    assert CLIENT not in written
    assert UPSTREAM not in written


def test_a_relay_that_charges_twice_is_found_by_name(folder):
    (folder.path / "toy.yaml").write_text(PROFILE)

    def twice(usage, _status, _prices):
        return 2.0 * (usage["input_tokens"] + 2 * usage["output_tokens"])

    with relayed(lambda: Behaviour(charges=twice)) as (relay, listen):
        result = folder.pytest(*options(relay, listen), "scenarios/relay/text_turn.yaml")

    assert result.returncode == 1, result.stdout
    assert "relay.usage-is-charged-once" in result.stdout
    assert "--relay=" in result.stdout
    told = json.loads((folder.path / "reports" / "report.json").read_text())["conversations"][0]
    assert told["traces"] == ["traces/relay/text_turn.jsonl"]
    assert told["upstream_traces"] == ["traces/relay/text_turn.upstream.jsonl"]
    assert '<div class="ladder both">' in (folder.path / "reports" / "index.html").read_text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--upstream-listen=127.0.0.1:9100"], "--upstream-listen needs a gateway to test"),
        (["--balance-header=Name: value"], "--balance-header needs a gateway to test"),
        (["--relay=ws://127.0.0.1:1", "--balance-header=Name: value"], "--balance-header needs --balance-url"),
        (["--relay=ws://127.0.0.1:1", "--balance-path=data.used"], "Give --balance-url or --balance-command"),
        (["--relay=ws://127.0.0.1:1", "--endpoint=ws://127.0.0.1:1"], "exclude each other"),
        (["--relay=ws://127.0.0.1:1", "--upstream-listen=here"], "'here' is not HOST:PORT"),
        (["--relay=ws://127.0.0.1:1", "--balance-url=ftp://x"], "is not an HTTP URL"),
        (["--relay=ws://127.0.0.1:1", "--tls-cert=nowhere.pem"], "there is no file nowhere.pem"),
        (["--relay=ws://127.0.0.1:1", "-n", "2"], "--relay cannot be combined with -n"),
        (["--relay=ws://127.0.0.1:1", "--direct=nowhere"], "'nowhere' is not a WebSocket URL"),
    ],
)
def test_wrong_options_are_one_message_and_status_4(folder, given, told):
    result = folder.pytest(*given)

    assert result.returncode == 4
    assert told in result.stdout + result.stderr


def test_every_option_that_stands_among_those_of_a_relay_needs_one():
    flags = [each.flag.removeprefix("--") for each in OPTIONS]
    assert set(flags[flags.index("relay") + 1 : flags.index("model")]) == set(BESIDE)


def whatever_the_certificate():
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return trusting


def test_a_gateway_that_insists_on_tls_dials_a_certificate_of_our_own_making(folder):
    pytest.importorskip("trustme")
    (folder.path / "toy.yaml").write_text(PROFILE)
    with relayed(scheme="wss", trusts=whatever_the_certificate()) as (relay, listen):
        more = ["--tls-cert=self-signed", "scenarios/relay/closing_client.yaml"]
        result = folder.pytest(*options(relay, listen), *more)

    assert result.returncode == 0, result.stdout
    assert (folder.path / "reports" / "traces" / "relay" / "closing_client.upstream.jsonl").is_file()


@pytest.mark.parametrize(
    ("mutant", "verdict"),
    [("", "warning"), ("items-are-announced-twice", "not applicable")],
    ids=["gateway", "upstream"],
)
def test_what_shows_without_the_gateway_too_is_not_the_gateways(folder, endpoint, mutant, verdict):
    """The same conversation is played past the gateway (`--direct`): A/B."""
    (folder.path / "toy.yaml").write_text(PROFILE)
    with relayed(lambda: Behaviour(down=repeating(is_of("conversation.item.added")))) as (relay, listen):
        direct = f"--direct={endpoint(mutant, tokens=(UPSTREAM,))}"
        folder.pytest(*options(relay, listen), direct, "scenarios/response/text_turn.yaml")

    report = json.loads((folder.path / "reports" / "report.json").read_text())
    rules = report["conversations"][0]["rules"]
    found = rules.get("items.ids-are-unique", {"verdict": "not applicable"})
    assert found["verdict"] == verdict


def test_a_scenario_with_an_upstream_is_not_collected_without_a_relay(folder):
    result = folder.pytest("--collect-only", "-q")

    assert "relay/" not in result.stdout


def test_a_gateway_that_was_never_pointed_at_our_upstream_is_told_so(folder, endpoint):
    folder.discovers = True
    done = folder.pytest(f"--relay={endpoint()}", "--upstream-listen=127.0.0.1:0", "response/text_turn", "--examples=0")

    told = " ".join(done.stdout.split())
    assert "note: nobody connected to our upstream at ws://127.0.0.1:" in told
    assert "is its channel set to that address?" in told
