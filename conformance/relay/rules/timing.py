"""When things arrive: latency and batching against the upstream's own clock, and signs of life."""

from __future__ import annotations

from itertools import pairwise

from conformance.relay.crossing import Crossed
from conformance.relay.pair import Pair
from conformance.relay.rules.pair_rule import HELD, Finding, Judged, PairChapter
from conformance.relay.side import Side
from conformance.trace.latency import percentile
from conformance.trace.views import View

rules = PairChapter()

#: Seconds between two deltas of the upstream from which they are told apart.
APART = 0.008
#: Two deltas come together if the client hears them in this share of the upstream's gap.
TOGETHER = 0.25
#: So many gaps tell.
ENOUGH = 6
#: Batches of two make every other gap vanish; noise makes fewer.
SHARE = 0.4


def paced(pair: Pair) -> bool:
    """Return whether the upstream was slow on purpose, and we heard it on time: only then it tells of the gateway."""
    pace = pair.upstream_side.paced
    return pace >= APART and pair.client_side.lag < pace / 2


def latencies(pair: Pair) -> list[float]:
    """Return what the gateway adds to each event of the upstream, in seconds."""
    found = (pair.latency(each.source, each.target) for each in pair.down.crossed)
    return [each for each in found if each is not None]


@rules.should("relay.added-latency-is-small", covers=("RLY-27",))
def added_latency_is_small(pair: Pair) -> Judged:
    """The gateway adds no more to the way of an event, in the median, than it declares (100 ms if it says nothing)."""
    added = latencies(pair)
    if len(added) < ENOUGH or not paced(pair):
        return
    most, median = pair.context.declared.latency, percentile(added, 0.5) or 0.0
    if median > most:
        told = ", ".join(
            f"p{share:.0%}".rstrip("%") + f" {(percentile(added, share) or 0) * 1e3:.1f} ms" for share in (0.5, 0.95)
        )
        message = f"The gateway adds {told} to {len(added)} events of the upstream."
        yield Finding(pair.down.crossed[0].target.index, message, f"{most * 1e3:.0f} ms", f"{median * 1e3:.1f} ms")
    else:
        yield HELD


def gaps(pair: Pair) -> list[tuple[float, float]]:
    """Return the seconds between consecutive deltas: at the upstream, and at the client."""
    deltas = [each for each in pair.down.crossed if each.source.type.endswith(".delta")]
    found = []
    for one, other in pairwise(deltas):
        if other.source.index == one.source.index + 1:
            upstream, client = _gap(one, other)
            if upstream is not None and client is not None and upstream >= APART:
                found.append((upstream, client))
    return found


def _gap(one: Crossed, other: Crossed) -> tuple[float | None, float | None]:
    sides = [(one.source.entry.at, other.source.entry.at), (one.target.entry.at, other.target.entry.at)]
    upstream, client = [after - before if None not in (before, after) else None for before, after in sides]  # type: ignore[operator]
    return upstream, client


def batch_size(pair: Pair) -> float | None:
    """Return how many deltas the gateway sends at once, in the median; None where too few came to tell.

    A stall of a busy machine brings many at once, one time: that is no batch.
    """
    found = gaps(pair)
    if len(found) < ENOUGH:
        return None
    sizes = [1]
    for upstream, client in found:
        if client < TOGETHER * upstream:
            sizes[-1] += 1
        else:
            sizes.append(1)
    together = len(found) + 1 - len(sizes)
    return percentile(sizes, 0.5) if together >= SHARE * len(found) else 1.0


@rules.must("relay.deltas-are-not-batched", covers=("RLY-28",))
def deltas_are_not_batched(pair: Pair) -> Judged:
    """Deltas reach the client one by one, in the rhythm in which the upstream says them."""
    size = batch_size(pair)
    if size is None or not paced(pair):
        return
    if size > 1:
        first = next(each for each in pair.down.crossed if each.source.type.endswith(".delta"))
        message = f"The deltas of the upstream reach the client about {size:.0f} at a time."
        yield Finding(first.target.index, message, "one by one", f"{size:.1f} at a time")
    else:
        yield HELD


def _lives(view: View | None, side: Side, who: str) -> Judged:
    """Judge a ping: what was said on that connection long after it shows that the gateway was there."""
    if view is None or side.pinged is None:
        return
    if side.ponged is not None:
        yield HELD
        return
    pinged = side.pinged
    later = [frame for frame in view.frames if frame.entry.at is not None and frame.entry.at > pinged]
    answers = sum(one.entry.direction is not other.entry.direction for one, other in pairwise(later))
    if answers > 1:  # somebody went on reading and answering on this ordered connection
        message = f"The gateway went on talking with the {who}, and never answered its ping."
        yield Finding(later[0].index if who == "client" else -1, message, "a pong", "nothing")


@rules.must("relay.pings-of-clients-are-answered", covers=("RLY-29",))
def pings_of_clients_are_answered(pair: Pair) -> Judged:
    """A ping of the client is answered."""
    yield from _lives(pair.client, pair.client_side, "client")


@rules.must("relay.pings-of-the-upstream-are-answered", covers=("RLY-29",))
def pings_of_the_upstream_are_answered(pair: Pair) -> Judged:
    """A ping of the upstream is answered."""
    yield from _lives(pair.upstream, pair.upstream_side, "upstream")
