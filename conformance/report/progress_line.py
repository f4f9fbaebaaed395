"""A run at work, in one line: how far it is, what it waits for, what it found, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.inert import one_line
from conformance.run.prices import dollars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.run.watch import WatchedRun

#: Seconds from which on a conversation is named that has been played longest.
LONG = 1.0
MINUTE = 60
#: So much of a name tells something.
TELLING = 8


def progress_line(glance: WatchedRun, width: int) -> str:
    """Return the line, inert; to fit *width* columns the name of a conversation gives way, nothing else."""
    name, seconds = glance.slowest or ("", 0.0)
    if seconds < LONG:
        return _joined(glance, "")
    room = width - len(_joined(glance, f"slowest … {seconds:.0f} s")) + 1
    shown = name if len(name) <= room else f"…{name[1 - room :]}" if room > TELLING else ""
    return _joined(glance, " ".join(filter(None, ("slowest", shown, f"{seconds:.0f} s"))))


def _joined(glance: WatchedRun, slowest: str) -> str:
    return one_line(" · ".join(_parts(glance, slowest)))


def _parts(glance: WatchedRun, slowest: str) -> Iterator[str]:
    if glance.of or not glance.search:
        yield f"{glance.over}/{glance.of}" if glance.of else "nothing played yet"
    if glance.search:
        yield glance.search
    if glance.workers:
        yield f"{glance.workers} worker{'s' if glance.workers > 1 else ''}"
    elif glance.playing and not glance.search:
        yield f"{glance.playing} playing"
    if slowest:
        yield slowest
    if glance.broken:
        yield f"{glance.broken} broken"
    if glance.stopped:
        yield f"{glance.stopped} stopped"
    about = "about " if glance.spent.estimated else ""
    if glance.spent.tokens.total:
        yield f"{about}{glance.spent.tokens.total:,} tokens"
        if glance.usd is not None:
            yield f"{about}{dollars(glance.usd)}"
    if glance.ending:
        yield f"no more begin ({glance.ending})"
    elif glance.left is not None:
        minutes, seconds = divmod(round(glance.left), MINUTE)
        yield f"about {minutes}:{seconds:02} left"
