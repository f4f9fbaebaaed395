"""What a relay adds is measured from both sides' clocks."""

import pytest

from conformance.mutants.relay_behaviour import Behaviour
from conformance.relay.rehearsal import rehearse_relayed
from conformance.relay.rules.timing import batch_size, latencies
from conformance.trace.latency import percentile

#: On a busy machine most measurements are of the machine; one that is not shows what is asserted.
ATTEMPTS = 30


def median(delay):
    return percentile(
        latencies(rehearse_relayed("relay/text_turn", "ga", lambda: Behaviour(delay=delay)).pairs[0]), 0.5
    )


@pytest.mark.parametrize("milliseconds", [20, 150])
def test_a_known_delay_is_measured_within_a_millisecond(milliseconds):
    """The way without a delay takes time too, and a timer of the loop rings up to a millisecond late."""
    delay = milliseconds / 1000

    assert any(abs(median(delay) - median(0.0) - delay) < 0.001 for _ in range(ATTEMPTS))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_batches_of_any_size_are_counted(size):
    pairs = (rehearse_relayed("relay/text_turn", "ga", lambda: Behaviour(batch=size)).pairs[0] for _ in range(ATTEMPTS))

    assert any(batch_size(pair) == size for pair in pairs)
