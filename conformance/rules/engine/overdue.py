"""Evidence that an answer never came: a later question was answered, or we waited in vain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.trace.exchanges import ACKNOWLEDGED_BY, Exchange
from conformance.trace.lens import gathered, lens
from conformance.trace.trace import EndKind

if TYPE_CHECKING:
    from conformance.trace.views import View


def is_due(view: View, exchange: Exchange) -> bool:
    """Return whether the answer to *exchange* would have come by the end of the trace, if it ever did."""
    if exchange.sent.index < view.settled:
        return True
    awaited = {ACKNOWLEDGED_BY.get(exchange.sent.type), "error"}
    return (
        view.end is not None
        and view.end.kind is EndKind.TIMEOUT
        and not awaited.isdisjoint(view.end.awaiting.split(" or "))
    )


@lens
def last_loose_error(view: View) -> int:
    """Return the index of the last `error` that names no client event of the trace; -1 if all do."""
    return next((error.index for error in reversed(view.server("error")) if error.index not in view.attributed), -1)


@gathered
def overdue(view: View, *types: str) -> Iterator[Exchange]:
    """Yield the exchanges these client events began whose answer, of whatever kind, never came.

    An error that names nobody may be the answer to any earlier event, so those before one are not given.
    """
    asked = (each for kind in types for each in view.exchanges_with(kind))
    unanswered = [each for each in asked if each.answer is None and not each.refused and each.sent.whole]
    if not unanswered or view.partial:
        return
    loose = last_loose_error(view)
    for exchange in unanswered:
        if exchange.sent.index > loose and is_due(view, exchange):
            yield exchange
