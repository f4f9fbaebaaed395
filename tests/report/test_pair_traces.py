"""Both sides of a gateway as a report holds them: which trace belongs to which, and what the gateway adds."""

import pytest

from conformance.relay.rehearsal import rehearse_relayed
from conformance.report.pair_traces import ADDED, added_latency, upstream_of
from conformance.trace.jsonl import dump
from tests.records import record


@pytest.fixture
def sides(tmp_path):
    """Return (record, the client's traces) of a conversation through a gateway; the upstream's lie on the disk."""
    pairs = rehearse_relayed("relay/closing_client", "ga").pairs
    names = []
    for number, pair in enumerate(pairs, 1):
        names.append(f"traces/a.upstream#{number}.jsonl")
        dump(pair.upstream.trace, tmp_path / names[-1])
    return record("a", upstream_traces=tuple(names)), [pair.client.trace for pair in pairs]


def test_what_the_upstream_saw_of_a_connection_is_found(sides, tmp_path):
    told, traces = sides

    assert len(upstream_of(told, tmp_path, traces, 0)) > 0
    assert upstream_of(told, tmp_path, traces, len(traces)) is None
    assert upstream_of(record("b"), tmp_path, traces, 0) is None


def test_a_trace_that_is_gone_is_no_side_of_anything(sides, tmp_path):
    told, traces = sides
    for name in told.upstream_traces:
        (tmp_path / name).unlink()

    assert upstream_of(told, tmp_path, traces, 0) is None


def test_only_upstreams_that_speak_slowly_tell_what_a_gateway_adds():
    plain, slow = (rehearse_relayed(name, "ga").pairs for name in ("relay/closing_client", "relay/text_turn"))
    clients, upstreams = ([getattr(pair, side).trace for pair in slow] for side in ("client", "upstream"))

    assert added_latency([([pair.client.trace for pair in plain], [])]) == {ADDED: {}}
    assert added_latency([(clients, upstreams)])[ADDED]["p95"] >= 0
