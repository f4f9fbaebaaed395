"""Both sides of a gateway as a report holds them: which trace belongs to which, and what the gateway adds."""

import pytest

from conformance.relay.rehearsal import rehearse_relayed
from conformance.relay.side import Side, with_side
from conformance.report.pair_traces import ADDED, added_latency, upstream_of
from conformance.trace.jsonl import dump
from conformance.trace.trace import Direction, Entry, Trace
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


def side(at, **noted):
    """Return a trace of one side that heard one event *at* so many seconds after it was opened."""
    event = {"type": "session.updated", "event_id": "event_1", "session": {}}
    return with_side(Trace((Entry(0, Direction.SERVER, at=at, event=event),)), Side(**noted))


@pytest.mark.parametrize(("pace", "added"), [(1.0, {"p50": 0.2, "p95": 0.2}), (0.0, {})])
def test_only_upstreams_that_speak_slowly_tell_what_a_gateway_adds(pace, added):
    client, upstream = side(1.9, opened=10.0), side(1.2, opened=10.5, paced=pace)

    assert added_latency([([client], [upstream])]) == {ADDED: pytest.approx(added)}
