"""Both sides of a gateway as a report holds them: which trace belongs to which, and what the gateway adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import TraceError
from conformance.run.ruling import view_of
from conformance.trace.jsonl import load
from conformance.trace.latency import percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.relay.pair import Pair
    from conformance.run.record import ConversationRecord
    from conformance.trace.trace import Trace

ADDED = "added by the gateway"


def upstream_of(record: ConversationRecord, folder: Path, traces: list[Trace], connection: int) -> Trace | None:
    """Return what the upstream saw of one connection; None without a gateway, or where nothing tells."""
    if not record.upstream_traces or connection >= len(traces):
        return None
    from conformance.relay.pairing import paired  # hardly any run plays through a gateway

    return paired(traces, list(_loaded(record, folder)), by_order=True)[connection]


def _loaded(record: ConversationRecord, folder: Path) -> Iterator[Trace]:
    for name in record.upstream_traces:
        try:
            yield load(folder / name)
        except TraceError:
            continue


def added_latency(traces: Iterable[tuple[Sequence[Trace], Sequence[Trace]]]) -> Mapping[str, Mapping[str, float]]:
    """Return what the gateway added to the events of slow upstreams, in seconds: percentiles by name.

    *traces* are those of each conversation: the client's side, and the upstream's.
    """
    from conformance.relay.rules.timing import latencies, paced

    pairs = (pair for clients, upstreams in traces for pair in _pairs(clients, upstreams))
    added = [each for pair in pairs if paced(pair) for each in latencies(pair)]
    shares = {"p50": percentile(added, 0.5), "p95": percentile(added, 0.95)}
    return {ADDED: {name: value for name, value in shares.items() if value is not None}}


def _pairs(clients: Sequence[Trace], upstreams: Sequence[Trace]) -> Iterator[Pair]:
    from conformance.relay.pair import Pair
    from conformance.relay.pairing import paired

    for client, upstream in zip(clients, paired(clients, upstreams, by_order=True), strict=True):
        if upstream is not None:
            yield Pair(view_of(client), view_of(upstream))
