"""A run through a gateway: our upstream behind it, and the same conversations past it."""

import socket
from dataclasses import replace

import pytest

from conformance.errors import UsageError
from conformance.mutants.frame_edits import is_of, repeating
from conformance.mutants.rehearsal import bundled
from conformance.mutants.relay_behaviour import Behaviour
from conformance.mutants.toy_relay import ToyRelay
from conformance.reference.server.server import Server
from conformance.reference.session.hooks import Hooks
from conformance.relay.declared import Declared
from conformance.relay.setup import RelaySetup
from conformance.rules.engine.judge import Verdict
from conformance.run.library import play_with, settings_for
from conformance.run.pairs import THE_UPSTREAMS_OWN

CLIENT, UPSTREAM = "client-key-of-the-tests", "upstream-key-of-the-tests"
ALIAS = {"gpt-realtime": "gpt-realtime-2025-08-28"}
TALK, ONCE = "response/text_turn", "ordering.response-done-comes-once"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture
def gateway(listen, tmp_path):
    """Return `gateway(behave, direct="") -> Settings` of a run through a toy relay."""

    def make(behave=Behaviour, direct=""):
        port = free_port()
        upstream = f"ws://127.0.0.1:{port}/v1/realtime"
        keys = {"client_key": CLIENT, "upstream_key": UPSTREAM}
        relay = listen(ToyRelay(upstream, **keys, models=ALIAS, behave=behave))
        told = settings_for(relay.url, key=CLIENT, model="gpt-realtime", dialect="ga", profile=None, reports=tmp_path)
        setup = RelaySetup(port=port, token=UPSTREAM, declared=Declared(alias=ALIAS), direct=direct)
        return replace(told, relay=setup, scrub=told.scrub.with_more([UPSTREAM]))

    return make


def doubled(_dialect=None):
    """Make the hooks of an endpoint that says each `response.done` twice."""
    return Hooks(sends=lambda event: (event, event) if event["type"] == "response.done" else (event,))


def repeats_the_end():
    return Behaviour(down=repeating(is_of("response.done")))


def test_both_sides_of_a_gateway_are_judged_and_kept(gateway, tmp_path):
    result = play_with(gateway(), [bundled(TALK), bundled("relay/closing_client")])

    told = result.conversations[TALK]
    over_pairs = {name: each.verdict for name, each in told.rules.items() if name.startswith("relay.")}
    assert Verdict.PASS in over_pairs.values()
    assert Verdict.FAIL not in over_pairs.values()
    assert told.upstream_traces == (f"traces/{TALK}.upstream.jsonl",)
    assert all((tmp_path / each).is_file() for each in (*told.traces, *told.upstream_traces))


def test_no_key_of_either_side_is_written(gateway, tmp_path):
    play_with(gateway(), [bundled(TALK)])

    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.jsonl"))
    assert written
    assert CLIENT not in written
    assert UPSTREAM not in written


def test_what_a_gateway_does_by_itself_is_its_own_fault(gateway, listen):
    direct = listen(Server(tokens=(UPSTREAM,), models=("gpt-realtime",)))

    result = play_with(gateway(repeats_the_end, direct.url), [bundled(TALK)])

    assert result.conversations[TALK].rules[ONCE].verdict is Verdict.FAIL


def test_what_the_upstream_does_without_the_gateway_too_is_not_the_gateways(gateway, listen):
    direct = listen(Server(tokens=(UPSTREAM,), models=("gpt-realtime",), hooks=doubled))

    result = play_with(gateway(repeats_the_end, direct.url), [bundled(TALK)])

    told = result.conversations[TALK].rules[ONCE]
    assert (told.verdict, told.reason) == (Verdict.NOT_APPLICABLE, THE_UPSTREAMS_OWN)


def test_a_gateway_that_mints_no_client_secrets_is_not_blamed_for_that(gateway):
    result = play_with(gateway(), [bundled(TALK)])

    assert "client_secrets" in result.settings.lacking


def test_a_port_that_is_taken_is_one_sentence_with_a_cure(gateway):
    settings = gateway()
    taken = socket.create_server(("127.0.0.1", settings.relay.port))
    with taken, pytest.raises(UsageError, match=r"--upstream-listen: cannot listen on 127\.0\.0\.1 port") as told:
        play_with(settings, [bundled(TALK)])

    assert "Choose another port" in str(told.value)
