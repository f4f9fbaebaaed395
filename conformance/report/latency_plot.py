"""Times as small pictures: how often something took how long, with its percentiles.  They inform and judge nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.report.rendering import render, seconds
from conformance.trace.latency import percentile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

#: Bars of a picture, and its size in pixels.
BARS, WIDTH, HEIGHT = 48, 384, 56
#: Seconds at the left edge at least: nothing on a network is faster.
SHORTEST = 1e-5
#: Seconds at which the axis has a mark, where they lie inside.
MARKS = {0.0001: "0.1 ms", 0.001: "1 ms", 0.01: "10 ms", 0.1: "100 ms", 1.0: "1 s", 10.0: "10 s", 100.0: "100 s"}


#: Pixels from an edge within which a text would be cut if it stood in the middle of its mark.
EDGE = 24


@dataclass(frozen=True)
class Mark:
    """One text under the axis."""

    at: float
    """Pixels from the left edge."""
    text: str

    @property
    def anchor(self) -> str:
        """Which end of the text stands at the mark, as SVG says it."""
        return "start" if self.at < EDGE else "end" if self.at > WIDTH - EDGE else "middle"


@dataclass(frozen=True)
class Histogram:
    """Values on a logarithmic axis."""

    name: str
    values: tuple[float, ...]
    """Seconds, sorted; at least one."""

    @property
    def low(self) -> float:
        """The decimal logarithm at the left edge."""
        return math.log10(max(self.values[0], SHORTEST)) - 0.1

    @property
    def high(self) -> float:
        """The decimal logarithm at the right edge."""
        return max(math.log10(max(self.values[-1], SHORTEST)) + 0.1, self.low + 0.5)

    def place(self, value: float) -> float:
        """Return the pixel of a value."""
        return (math.log10(max(value, SHORTEST)) - self.low) / (self.high - self.low) * WIDTH

    @property
    def bars(self) -> tuple[tuple[float, float], ...]:
        """(left edge, height) of each bar, in pixels."""
        counts = [0] * BARS
        for value in self.values:
            counts[min(int(self.place(value) * BARS / WIDTH), BARS - 1)] += 1
        most = max(counts)
        return tuple((at * WIDTH / BARS, count / most * HEIGHT) for at, count in enumerate(counts) if count)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What the axis says: the marks that lie inside, and where there are none the least and the greatest value."""
        inside = [Mark(self.place(at), text) for at, text in MARKS.items() if self.low <= math.log10(at) <= self.high]
        ends = {each: seconds(each) for each in (self.values[0], self.values[-1])}
        return tuple(inside or (Mark(self.place(at), text) for at, text in ends.items()))

    def share(self, of: float) -> float:
        """Return the value below which that share (0 to 1) of the values lies."""
        return percentile(self.values, of) or 0.0


def histograms_of(measured: Mapping[str, Sequence[float]]) -> tuple[Histogram, ...]:
    """Return a picture for whatever was timed at all; name -> seconds."""
    return tuple(Histogram(name, tuple(sorted(values))) for name, values in measured.items() if values)


def latency_html(measured: Mapping[str, Sequence[float]]) -> Markup:
    """Return percentiles and pictures; name -> seconds."""
    return render("latency.html.j2", histograms=histograms_of(measured), width=WIDTH, height=HEIGHT, bars=BARS)
