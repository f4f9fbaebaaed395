"""How a conversation ends through a gateway: whoever goes, the other side learns of it, and why."""

from __future__ import annotations

from conformance.relay.pair import Pair
from conformance.relay.rules.opening import NORMAL
from conformance.relay.rules.pair_rule import HELD, Finding, Judged, PairChapter
from conformance.trace.trace import Direction, End, EndKind

rules = PairChapter()

#: The first close code that is an application's own.
PRIVATE = 3000


def _closed_by_upstream(pair: Pair) -> End | None:
    """Return the end of the upstream's side if it was the upstream that closed."""
    end = pair.upstream.end if pair.upstream is not None else None
    if end is None or end.by is not Direction.SERVER or end.kind is not EndKind.CLOSED:
        return None
    return end


def _closed_for_client(pair: Pair) -> End | None:
    """Return the end of the client's side if the gateway closed it with a close frame."""
    end = pair.client.end
    closed = end is not None and end.kind is EndKind.CLOSED and end.by is Direction.SERVER
    return end if closed else None


@rules.must("relay.upstream-closes-are-told", covers=("RLY-23",))
def upstream_closes_are_told(pair: Pair) -> Judged:
    """When the upstream closes the session, the client gets a close frame."""
    theirs, ours = _closed_by_upstream(pair), pair.client.end
    left = ours is not None and ours.by is Direction.CLIENT and ours.kind is not EndKind.TIMEOUT
    if theirs is None or left or pair.refused:
        return
    if _closed_for_client(pair) is not None:
        yield HELD
    else:
        actual = "a broken connection (1006)" if ours is not None and ours.kind is EndKind.DROPPED else "silence"
        message = f"The upstream closed with {theirs.code}, and the client got no close frame."
        yield Finding(len(pair.client.trace), message, "a close frame", actual)


@rules.must("relay.failures-are-no-normal-closes", covers=("RLY-24",))
def failures_are_no_normal_closes(pair: Pair) -> Judged:
    """A session that the upstream ended by a failure is not closed as if all were well."""
    theirs, ours = pair.upstream.end if pair.upstream is not None else None, _closed_for_client(pair)
    if theirs is None or ours is None or theirs.by is not Direction.SERVER or theirs.kind is EndKind.REFUSED:
        return
    if theirs.kind is EndKind.CLOSED and theirs.code in NORMAL:
        return
    if ours.code in NORMAL:
        why = f"closed with {theirs.code}" if theirs.code else "broke off"
        message = f"The upstream {why}, and the client was told {ours.code}."
        yield Finding(len(pair.client.trace), message, "another code than 1000", str(ours.code))
    else:
        yield HELD


@rules.should("relay.close-codes-pass", covers=("RLY-24",))
def close_codes_pass(pair: Pair) -> Judged:
    """The close code of the upstream reaches the client where it is an application's own."""
    theirs, ours = _closed_by_upstream(pair), _closed_for_client(pair)
    if theirs is None or ours is None or (theirs.code or 0) < PRIVATE or ours.code in NORMAL:
        return
    if ours.code != theirs.code:
        message = f"The upstream closed with {theirs.code}, and the client was told {ours.code}."
        yield Finding(len(pair.client.trace), message, str(theirs.code), str(ours.code))
    else:
        yield HELD


@rules.should("relay.close-reasons-pass", covers=("RLY-24",))
def close_reasons_pass(pair: Pair) -> Judged:
    """The reason of the upstream's close reaches the client."""
    theirs, ours = _closed_by_upstream(pair), _closed_for_client(pair)
    if theirs is None or ours is None or not theirs.reason or pair.context.script.ends is None:
        return
    if pair.context.script.ends.names_the_key:
        return
    if theirs.reason not in ours.reason:
        message = "The reason of the upstream's close did not reach the client."
        yield Finding(len(pair.client.trace), message, theirs.reason, ours.reason or "no reason")
    else:
        yield HELD


@rules.must("relay.a-lost-upstream-ends-the-session", covers=("RLY-25",))
def a_lost_upstream_ends_the_session(pair: Pair) -> Judged:
    """When the connection to the upstream breaks, the client's session is ended."""
    theirs, ours = pair.upstream.end if pair.upstream is not None else None, pair.client.end
    if theirs is None or (theirs.kind, theirs.by) != (EndKind.DROPPED, Direction.SERVER) or not pair.opened:
        return
    if ours is not None and ours.by is Direction.SERVER and ours.kind in (EndKind.CLOSED, EndKind.DROPPED):
        yield HELD
    elif ours is not None and ours.kind is EndKind.TIMEOUT:
        message = "The connection to the upstream broke, and the client was left waiting."
        yield Finding(len(pair.client.trace), message, "a close frame", "silence")


def _upstream_ends(pair: Pair, kind: EndKind, how: str) -> Judged:
    """Judge what the upstream sees of a client that went away."""
    ours = pair.client.end
    if pair.upstream is None or ours is None or (ours.kind, ours.by) != (kind, Direction.CLIENT) or not pair.opened:
        return
    if pair.upstream.end is None and pair.context.let_go:
        message = f"The client {how}, and the session at the upstream stayed open."
        yield Finding(len(pair.client.trace), message, "the end of the upstream's session", "an open session")
    elif pair.upstream.end is not None and pair.upstream.end.by is Direction.CLIENT:
        yield HELD


@rules.must("relay.a-closing-client-ends-the-upstreams-session", covers=("RLY-26",))
def a_closing_client_ends_the_upstreams_session(pair: Pair) -> Judged:
    """When the client closes, the session at the upstream is ended."""
    yield from _upstream_ends(pair, EndKind.CLOSED, "closed")


@rules.must("relay.a-lost-client-ends-the-upstreams-session", covers=("RLY-26",))
def a_lost_client_ends_the_upstreams_session(pair: Pair) -> Judged:
    """When the connection to the client breaks, the session at the upstream is ended."""
    yield from _upstream_ends(pair, EndKind.DROPPED, "broke off")
