"""What a relay adds is measured from both sides' clocks."""

import pytest

from conformance.mutants.relay_behaviour import Behaviour
from conformance.relay.rehearsal import rehearse_relayed
from conformance.relay.rules.timing import batch_size, latencies
from conformance.trace.latency import percentile


def median(delay):
    return percentile(
        latencies(rehearse_relayed("relay/text_turn", "ga", lambda: Behaviour(delay=delay)).pairs[0]), 0.5
    )


@pytest.mark.parametrize("milliseconds", [20, 150])
def test_a_known_delay_is_measured_within_a_millisecond_of_what_the_loop_adds(milliseconds):
    closest = min(abs(median(milliseconds / 1000) - milliseconds / 1000) for _ in range(3))

    assert closest < 0.001 + 0.002  # a sleeping loop wakes late, by about a millisecond; so do we


@pytest.mark.parametrize("size", [2, 3, 5])
def test_batches_of_any_size_are_counted(size):
    pairs = (rehearse_relayed("relay/text_turn", "ga", lambda: Behaviour(batch=size)).pairs[0] for _ in range(3))

    assert any(batch_size(pair) == size for pair in pairs)
