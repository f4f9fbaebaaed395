"""A client that does not read: nothing is lost for it, and nothing piles up behind it."""

from __future__ import annotations

from conformance.relay.flood import MIB, PIECE, is_flood
from conformance.relay.pair import Pair
from conformance.relay.rules.opening import NORMAL
from conformance.relay.rules.pair_rule import HELD, Finding, Judged, PairChapter
from conformance.relay.rules.passing_down import losses
from conformance.trace.trace import Direction, EndKind

rules = PairChapter()

#: Seconds without a further event after which the gateway is taken to have stopped reading from the upstream.
STILL = 0.5


def _given_up(pair: Pair) -> bool:
    """Return whether the gateway ended the session by itself, with a code that tells of a failure."""
    ours, theirs = pair.client.end, pair.upstream.end if pair.upstream is not None else None
    if ours is None or ours.kind is not EndKind.CLOSED or ours.by is not Direction.SERVER or ours.code in NORMAL:
        return False
    return theirs is None or ours.code != theirs.code


@rules.must("relay.a-slow-client-loses-nothing", covers=("RLY-36",))
def a_slow_client_loses_nothing(pair: Pair) -> Judged:
    """A client that stops reading and reads on hears everything, or is told by a close code that it was too slow."""
    if pair.client_side.stalled is None or pair.upstream is None or _given_up(pair):
        return
    yield from losses(pair, "flood")
    if any(is_flood(each.source) for each in pair.down.crossed):
        yield HELD


@rules.should("relay.what-a-client-does-not-read-is-not-hoarded", covers=("RLY-36",))
def what_a_client_does_not_read_is_not_hoarded(pair: Pair) -> Judged:
    """While a client does not read, the gateway stops taking more from the upstream than it declares to hold."""
    stalled, began, opened = pair.client_side.stalled, pair.upstream_side.opened, pair.client_side.opened
    if stalled is None or pair.upstream is None or began is None or opened is None or next(losses(pair, "flood"), None):
        return
    first, last = (opened + each - began for each in stalled)
    said = [frame.entry.at for frame in pair.upstream.heard if is_flood(frame) and frame.entry.at is not None]
    taken = [at for at in said if first <= at <= last]
    mebibytes, most = len(taken) * PIECE / MIB, pair.context.declared.buffer_mib
    if mebibytes > most:
        message = f"The gateway took {mebibytes:g} MiB from the upstream while the client did not read."
        yield Finding(pair.client.heard[0].index, message, f"at most {most:g} MiB", f"{mebibytes:g} MiB")
    elif taken and last - taken[-1] > STILL and len(said) > len(taken):
        yield HELD
