"""Two keys, and neither is seen on the other's side; who may not come in costs the upstream nothing."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.relay.pair import Pair
from conformance.relay.rules.pair_rule import HELD, Finding, Judged, PairChapter
from conformance.trace.trace import Credential, EndKind

rules = PairChapter()

HANDSHAKE = -1
BAD_KEYS = frozenset({Credential.WRONG, Credential.EMPTY, Credential.MISSING})
#: Auth style of the client -> where its key stands.
PLACES = {"bearer": "header", "api-key": "header", "subprotocol": "subprotocol"}


def _leaks(places: tuple[str, ...], *beginnings: str) -> Iterator[str]:
    return (place for place in places if place.startswith(beginnings))


def _stays(pair: Pair, place: str) -> Judged:
    """Judge one place in which the client's key could travel to the upstream."""
    if pair.upstream is None or not pair.context.guards:
        return
    leaks = list(_leaks(pair.upstream_side.leaks, place))
    for leak in leaks:
        yield Finding(HANDSHAKE, f"The client's key reached the upstream: {leak}.", "no key of the client", leak)
    hand = pair.client.handshake
    style = hand.auth if hand is not None else ""
    if not leaks and PLACES.get(style, "query") == place:
        yield HELD


@rules.must("relay.client-keys-stay-out-of-headers", covers=("RLY-13",), needs="keys")
def client_keys_stay_out_of_headers(pair: Pair) -> Judged:
    """The client's key does not travel to the upstream in a header."""
    yield from _stays(pair, "header")


@rules.must("relay.client-keys-stay-out-of-queries", covers=("RLY-13",), needs="keys")
def client_keys_stay_out_of_queries(pair: Pair) -> Judged:
    """The client's key does not travel to the upstream in the query of the URL."""
    yield from _stays(pair, "query")


@rules.must("relay.client-keys-stay-out-of-subprotocols", covers=("RLY-13",), needs="keys")
def client_keys_stay_out_of_subprotocols(pair: Pair) -> Judged:
    """The client's key does not travel to the upstream as a subprotocol."""
    yield from _stays(pair, "subprotocol")


def _hidden(pair: Pair, *, occasion: bool, places: tuple[str, ...]) -> Judged:
    """Judge places in which the upstream's key could reach the client."""
    if not pair.context.guards:
        return
    leaks = list(_leaks(pair.client_side.leaks, *places))
    for leak in leaks:
        index = int(leak.partition(" ")[2]) if leak.startswith("event ") else HANDSHAKE
        index = pair.client.heard[index].index if 0 <= index < len(pair.client.heard) else index
        yield Finding(index, f"The upstream's key reached the client: {leak}.", "no key of the upstream", leak)
    if occasion and not leaks:
        yield HELD


@rules.must("relay.upstream-keys-stay-out-of-events", covers=("RLY-14",), needs="keys")
def upstream_keys_stay_out_of_events(pair: Pair) -> Judged:
    """The upstream's key does not reach the client in an event, also where an error of the upstream repeats it."""
    named = any(each.names_the_key for each in pair.context.script.says)
    yield from _hidden(pair, occasion=named and bool(pair.down.crossed), places=("event",))


@rules.must("relay.upstream-keys-stay-out-of-headers", covers=("RLY-14",), needs="keys")
def upstream_keys_stay_out_of_headers(pair: Pair) -> Judged:
    """The upstream's key does not reach the client in a header of the answer to its upgrade."""
    hand = pair.client.handshake
    answered = hand is not None and hand.status is not None and pair.upstream is not None
    yield from _hidden(pair, occasion=answered, places=("header", "subprotocol"))


@rules.must("relay.upstream-keys-stay-out-of-refusals", covers=("RLY-14",), needs="keys")
def upstream_keys_stay_out_of_refusals(pair: Pair) -> Judged:
    """The upstream's key does not reach the client in the body of a refusal that the upstream caused."""
    refuses = pair.context.script.refuses
    yield from _hidden(pair, occasion=refuses is not None and refuses.names_the_key, places=("refusal",))


@rules.must("relay.upstream-keys-stay-out-of-close-reasons", covers=("RLY-14",), needs="keys")
def upstream_keys_stay_out_of_close_reasons(pair: Pair) -> Judged:
    """The upstream's key does not reach the client in the reason of a close."""
    ends = pair.context.script.ends
    closed = pair.client.end is not None and pair.client.end.kind is EndKind.CLOSED
    yield from _hidden(pair, occasion=ends is not None and ends.names_the_key and closed, places=("close reason",))


def _bad_key(pair: Pair) -> bool:
    hand = pair.client.handshake
    return pair.context.guards and hand is not None and hand.credential in BAD_KEYS


@rules.must("relay.a-wrong-key-opens-nothing", covers=("RLY-15",), needs="keys")
def a_wrong_key_opens_nothing(pair: Pair) -> Judged:
    """Without a valid key of the gateway no session is opened."""
    if not _bad_key(pair):
        return
    if pair.opened:
        opening = next(iter(pair.client.server("session.created", "transcription_session.created")))
        yield Finding(opening.index, "A session was opened without a valid key.", "a refusal", "session.created")
    else:
        yield HELD


@rules.must("relay.keys-are-checked-before-dialling", covers=("RLY-15",), needs="keys")
def keys_are_checked_before_dialling(pair: Pair) -> Judged:
    """The gateway does not dial the upstream for a client without a valid key."""
    if not _bad_key(pair) or pair.opened:
        return
    if pair.upstream is not None:
        message = "The gateway refused the client's key, but had dialled the upstream for it."
        yield Finding(HANDSHAKE, message, "no upgrade at the upstream", "an upgrade at the upstream")
    else:
        yield HELD


@rules.should("relay.models-are-checked-before-dialling", covers=("RLY-16",), needs="keys")
def models_are_checked_before_dialling(pair: Pair) -> Judged:
    """The gateway does not dial the upstream for a model that the client may not use."""
    hand = pair.client.handshake
    if not pair.context.guards or hand is None:
        return
    if hand.model is not Credential.WRONG and hand.credential is not Credential.RESTRICTED:
        return
    if pair.upstream is not None:
        actual = f"an upgrade for {pair.upstream_side.model or 'no model'}"
        yield Finding(
            HANDSHAKE, "The upstream was dialled for a model that the client may not use.", "no upgrade", actual
        )
    elif not pair.opened:
        yield HELD


@rules.must("relay.keys-stay-out-of-logs", covers=("RLY-37",), needs="log")
def keys_stay_out_of_logs(pair: Pair) -> Judged:
    """Neither the client's key nor the upstream's is written to the gateway's log."""
    logged = pair.context.logged
    if logged is None:
        return
    for whose in logged.keys:
        yield Finding(HANDSHAKE, f"The {whose}'s key stands in the gateway's log.", "no key", f"the {whose}'s key")
    if logged.characters and not logged.keys:
        yield HELD
