"""The ladder of a conversation through a gateway: client left, gateway in the middle, upstream right, one clock.

Each rung is a frame on one of the two sides; both were noted by one process, so that their times can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.relay.side import side_of
from conformance.report.ladder import ROW, WIDTH, Rung, ladder_html, ladder_svg, rungs_of
from conformance.report.rendering import render

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from markupsafe import Markup

    from conformance.trace.trace import Trace


@dataclass(frozen=True)
class PairRung:
    """One rung, and the side of the gateway on which it was seen."""

    rung: Rung
    upstream: bool
    """Between gateway and upstream; else between client and gateway."""


def pair_rungs_of(client: Trace, upstream: Trace, marked: Collection[int] = ()) -> tuple[PairRung, ...]:
    """Return the rungs of both sides in the order of time, in seconds since the client connected."""
    ours, theirs = side_of(client).opened or 0.0, side_of(upstream).opened or 0.0
    timed = [*_timed(client, marked, 0.0, upstream=False), *_timed(upstream, (), theirs - ours, upstream=True)]
    return tuple(rung for _, rung in sorted(timed, key=lambda each: each[0]))


def _timed(trace: Trace, marked: Collection[int], later: float, *, upstream: bool) -> Iterator[tuple[float, PairRung]]:
    """Yield the rungs of one side with their times; what has none stands behind what came before it."""
    last = min(later, 0.0)
    for rung in rungs_of(trace, marked):
        if rung.kind == "silence":  # the other side may have spoken
            continue
        last = max(last, rung.at + later) if rung.at is not None else last
        at = last if rung.at is not None else None
        yield last, PairRung(replace(rung, at=at, sent=rung.sent), upstream)


def whole_ladder_html(client: Trace, upstream: Trace | None, marked: Collection[int] = ()) -> Markup:
    """Return the ladder as HTML; of one lane where nothing stands behind the endpoint."""
    if upstream is None:
        return ladder_html(client, marked)
    return render("pair_ladder.html.j2", rungs=pair_rungs_of(client, upstream, marked))


def whole_ladder_svg(client: Trace, upstream: Trace | None, marked: Collection[int] = ()) -> str:
    """Return the same as a picture that needs nothing around it."""
    if upstream is None:
        return ladder_svg(client, marked)
    rungs = pair_rungs_of(client, upstream, marked)
    return str(render("pair_ladder.svg.j2", rungs=rungs, height=70 + ROW * len(rungs), row=ROW, width=2 * WIDTH))
