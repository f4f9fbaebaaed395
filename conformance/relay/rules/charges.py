"""What a tenant is charged: the usage that the upstream reported, once, and nothing for nothing.

One circumstance of a conversation decides which rule looks at its bill, so that one mistake is told once.
"""

from __future__ import annotations

import math

from conformance.relay.billing import TRANSCRIPT, Bill
from conformance.relay.pair import Pair
from conformance.relay.rules.pair_rule import HELD, Finding, Judged, PairChapter
from conformance.trace.trace import Direction, EndKind

rules = PairChapter()

HANDSHAKE = -1

#: So many times the price is a multiple charge; the same ratio comes of no other mistake that we know.
MULTIPLES = (2, 3, 4)


def _statuses(pair: Pair) -> set[str]:
    done = pair.upstream.server("response.done") if pair.upstream is not None else ()
    return {str(frame.part("response").get("status")) for frame in done}


def circumstance(pair: Pair) -> str:
    """Name what is special about a conversation whose bill is read."""
    end, statuses = pair.client.end, _statuses(pair)
    if pair.upstream is None or not pair.opened:
        return "refused"
    if end is not None and end.kind is EndKind.DROPPED and end.by is Direction.CLIENT:
        return "dropped"
    for status in ("failed", "cancelled"):
        if status in statuses:
            return status
    if pair.upstream.server(TRANSCRIPT):
        return "transcribed"
    bill = pair.context.bill
    return "cached" if bill is not None and bill.cached else "usual"


def _multiple(bill: Bill, pair: Pair) -> int:
    """Return how many times the price was charged; 0 if it is no multiple."""
    tariff = pair.context.declared.tariff
    owed, charged = bill.owed(tariff), bill.charged(tariff)
    near = (times for times in MULTIPLES if math.isclose(charged, times * owed, abs_tol=tariff.tolerance))
    return next(near, 0) if owed > tariff.tolerance else 0


def _charged(pair: Pair, wanted: str) -> Judged:
    """Judge the charge of a conversation in one circumstance."""
    bill, tariff = pair.context.bill, pair.context.declared.tariff
    if bill is None or circumstance(pair) != wanted or _multiple(bill, pair):
        return
    owed, charged = bill.owed(tariff), bill.charged(tariff)
    if abs(charged - owed) > tariff.tolerance:
        reported = len(bill.usages)
        message = f"The upstream reported {reported} usage{'s' if reported != 1 else ''}, which cost {owed:g}."
        yield Finding(len(pair.client.trace), message, f"{owed:g}", f"{charged:g}")
    else:
        yield HELD


@rules.must("relay.the-charge-is-the-reported-usage", covers=("RLY-30",), needs="balance")
def the_charge_is_the_reported_usage(pair: Pair) -> Judged:
    """A conversation is charged at what the upstream reported."""
    yield from _charged(pair, "usual")


@rules.must("relay.usage-is-charged-once", covers=("RLY-30",), needs="balance")
def usage_is_charged_once(pair: Pair) -> Judged:
    """No usage is charged more than once, also not later."""
    bill = pair.context.bill
    if bill is not None and abs(bill.late) > pair.context.declared.tariff.tolerance:
        message = f"After the conversation before this one was settled, {bill.late:g} more was charged."
        yield Finding(HANDSHAKE, message, "nothing more", f"{bill.late:g}")
        return
    if bill is None or not bill.usages:
        return
    if times := _multiple(bill, pair):
        owed, charged = bill.owed(pair.context.declared.tariff), bill.charged(pair.context.declared.tariff)
        message = f"The usage that the upstream reported was charged {times} times."
        yield Finding(len(pair.client.trace), message, f"{owed:g}", f"{charged:g}")
    else:
        yield HELD


@rules.must("relay.cached-tokens-are-charged-at-their-price", covers=("RLY-31",), needs="cached price")
def cached_tokens_are_charged_at_their_price(pair: Pair) -> Judged:
    """Input tokens from the cache are charged at the price of cached tokens."""
    bill, tariff = pair.context.bill, pair.context.declared.tariff
    if bill is not None and tariff.cached_input != tariff.input:
        yield from _charged(pair, "cached")


@rules.must("relay.cancelled-responses-are-charged", covers=("RLY-32",), needs="balance")
def cancelled_responses_are_charged(pair: Pair) -> Judged:
    """A cancelled response is charged at what the upstream reported of it."""
    yield from _charged(pair, "cancelled")


@rules.must("relay.failed-responses-are-charged-as-reported", covers=("RLY-32",), needs="balance")
def failed_responses_are_charged_as_reported(pair: Pair) -> Judged:
    """A failed response is charged at what the upstream reported of it, which may be nothing."""
    yield from _charged(pair, "failed")


@rules.must("relay.a-lost-client-is-charged", covers=("RLY-32",), needs="balance")
def a_lost_client_is_charged(pair: Pair) -> Judged:
    """What the upstream reported to a client that broke off is charged."""
    yield from _charged(pair, "dropped")


@rules.must("relay.transcription-is-charged", covers=("RLY-33",), needs="balance")
def transcription_is_charged(pair: Pair) -> Judged:
    """The usage of an input transcription is charged beside that of the responses."""
    yield from _charged(pair, "transcribed")


@rules.must("relay.a-refused-session-costs-nothing", covers=("RLY-34",), needs="balance")
def a_refused_session_costs_nothing(pair: Pair) -> Judged:
    """A session that was refused costs nothing."""
    bill, tariff = pair.context.bill, pair.context.declared.tariff
    if bill is None or circumstance(pair) != "refused" or bill.usages:
        return
    if abs(charged := bill.charged(tariff)) > tariff.tolerance:
        yield Finding(len(pair.client.trace), "A session that was refused was charged.", "0", f"{charged:g}")
    else:
        yield HELD
