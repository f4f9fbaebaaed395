"""The ladder diagram of a conversation: client left, server right, time down, one rung a frame.

Runs of deltas fold into one rung.  As HTML each rung opens to its raw frames; as SVG it stands alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.report.inert import inert, one_line
from conformance.report.raw_frame import end_text, frame_text, handshake_text
from conformance.report.rendering import render
from conformance.report.timeline import ids_of, what_is

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from markupsafe import Markup

    from conformance.trace.trace import Entry, Trace

#: Rungs shown at most: all of a short conversation, of a long one the beginning and what stands around a mark.
MOST_RUNGS, OPENING_RUNGS, AROUND_A_MARK = 50, 4, 12
#: Frames of a folded run that its rung opens to.
MOST_FRAMES = 8
#: Seconds of silence that get a rung of their own.
LONG_SILENCE = 0.5
#: Characters of a rung's text.
LONGEST_LABEL = 70
#: What goes in runs: every delta of the server, and the audio of the client.
RUNS = (".delta", "input_audio_buffer.append")


@dataclass(frozen=True)
class Rung:
    """One line of the ladder."""

    kind: str
    """`frame`, `handshake`, `end`, `silence` or `omitted`."""
    label: str
    sent: bool = False
    """Whether the client said it."""
    at: float | None = None
    """Seconds since connect."""
    number: str = ""
    """Index of the entry, or of the first and last of a run."""
    ids: str = ""
    marked: bool = False
    frames: tuple[str, ...] = ()
    """What it opens to."""


def rungs_of(trace: Trace, marked: Collection[int] = ()) -> tuple[Rung, ...]:
    """Return the rungs of *trace*; *marked* are offending indices (-1 the handshake, len(trace) the end)."""
    runs = list(_runs(trace.entries, frozenset(marked)))
    shown = _shown(runs, marked)
    rungs = list(_opening(trace, marked))
    before: float | None = None
    omitted = 0
    for place, run in enumerate(runs):
        if place not in shown:
            omitted += len(run)
            continue
        if omitted:
            rungs.append(Rung("omitted", f"{omitted} frames not shown"))
            omitted, before = 0, None
        rungs += _silence(before, run[0].at)
        rungs.append(_rung(run, marked))
        before = run[-1].at
    if omitted:
        rungs.append(Rung("omitted", f"{omitted} frames not shown"))
    return (*rungs, *_ending(trace, marked))


def _runs(entries: Sequence[Entry], marked: Collection[int]) -> Iterator[list[Entry]]:
    """Fold neighbouring deltas of one direction; what is marked stands alone."""
    run: list[Entry] = []
    for entry in entries:
        folds = entry.type.endswith(RUNS) and entry.index not in marked
        if run and not (folds and run[-1].direction is entry.direction):
            yield run
            run = []
        run.append(entry)
        if not folds:
            yield run
            run = []
    if run:
        yield run


def _shown(runs: Sequence[Sequence[Entry]], marked: Collection[int]) -> Collection[int]:
    if len(runs) <= MOST_RUNGS:
        return range(len(runs))
    centres = [place for place, run in enumerate(runs) if any(entry.index in marked for entry in run)][:2]
    near = {place for centre in centres for place in range(centre - AROUND_A_MARK, centre + AROUND_A_MARK + 1)}
    head = OPENING_RUNGS if centres else MOST_RUNGS - OPENING_RUNGS
    return near | set(range(head)) | set(range(len(runs) - OPENING_RUNGS, len(runs)))


def _opening(trace: Trace, marked: Collection[int]) -> Iterator[Rung]:
    if (hand := trace.handshake) is not None:
        answer = f"HTTP {hand.status}" if hand.status is not None else "no HTTP answer"
        label = f"upgrade ({hand.auth or 'no auth style'}, key {hand.credential}): {answer}"
        yield Rung("handshake", one_line(label), marked=-1 in marked, frames=(handshake_text(hand),))


def _ending(trace: Trace, marked: Collection[int]) -> Iterator[Rung]:
    here = any(index >= len(trace) for index in marked)
    if (end := trace.end) is not None:
        yield Rung("end", one_line(end_text(end), LONGEST_LABEL), end.by == "client", end.at, marked=here)
    elif here:
        yield Rung("end", "the recording stops here", marked=True)


def _silence(before: float | None, at: float | None) -> Iterator[Rung]:
    if before is not None and at is not None and at - before >= LONG_SILENCE:
        yield Rung("silence", f"{at - before:.1f} s")


def _rung(run: Sequence[Entry], marked: Collection[int]) -> Rung:
    first, last = run[0], run[-1]
    frames = tuple(frame_text(entry) for entry in run[:MOST_FRAMES])
    if len(run) > MOST_FRAMES:
        frames = (*frames, f"… and {len(run) - MOST_FRAMES} more of the run")
    return Rung(
        "frame",
        _label(run),
        first.sent,
        first.at,
        str(first.index) if len(run) == 1 else f"{first.index}-{last.index}",
        " ".join(one_line(each, 28) for each in ids_of(first.event or {})) if len(run) == 1 else "",
        first.index in marked,
        frames,
    )


def _label(run: Sequence[Entry]) -> str:
    if len(run) == 1:
        return one_line(what_is(run[0]), LONGEST_LABEL)
    counts = Counter(entry.type for entry in run)
    return inert(", ".join(f"{kind} × {number}" if number > 1 else kind for kind, number in counts.items()))


def ladder_html(trace: Trace, marked: Collection[int] = ()) -> Markup:
    """Return the ladder as HTML: `<details>` for every rung, styled by `page.css`."""
    return render("ladder.html.j2", rungs=rungs_of(trace, marked))


def ladder_svg(trace: Trace, marked: Collection[int] = ()) -> str:
    """Return the ladder as a picture that needs nothing around it."""
    rungs = rungs_of(trace, marked)
    return str(render("ladder.svg.j2", rungs=rungs, height=70 + ROW * len(rungs), row=ROW, width=WIDTH))


#: Pixels of the picture: a rung's height, and the whole width.
ROW, WIDTH = 30, 960
