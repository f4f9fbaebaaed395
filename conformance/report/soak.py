"""What a soak came to, in lines and as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.inert import inert_data, one_line
from conformance.run.soak_tally import STEPS
from conformance.trace import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.run.soak_tally import SoakTally

FILE = "soak.json"
#: So many differences and leaks are told; all are counted.
SHOWN = 10
#: Seconds by which our own loop may be late at p99 before its lateness is told as a reason of long times.
LATE = 0.1


def soak_lines(tally: SoakTally) -> Iterator[str]:
    """Yield the lines of a soak."""
    outcomes = ", ".join(f"{number:,} {name}" for name, number in tally.outcomes.most_common())
    yield (
        f"soak           {tally.sessions:,} sessions at once asked for: {tally.most_open:,} open at most, "
        f"{tally.average_open:.0f} on average"
    )
    yield f"conversations  {tally.played:,} judged: {outcomes or 'none'}"
    yield (
        f"events         {tally.sent.total():,} sent and {tally.received.total():,} received, each counted "
        f"(by type in {FILE})"
    )
    yield from _latency(tally)
    if tally.played:
        yield from _differences(tally)
        yield from _leaks(tally)
    if tally.slots:
        yield one_line(f"slots          after all sessions were closed, a new one was refused: {tally.slots}")
    if tally.left_out:
        yield f"traces         not kept for {tally.left_out:,} more conversations that differ"


def _latency(tally: SoakTally) -> Iterator[str]:
    waits = sorted({what for what, _ in tally.times})
    steps = [step for step in range(1, STEPS + 1) if any(at == step for _, at in tally.times)]
    for what in waits:
        every = _spelled(tally.percentiles(what))
        if not every:
            continue
        yield f"{what.replace('_', ' '):25} {every}"
        for step in steps if len(steps) > 1 else ():
            yield _at(tally, what, step)
    late = tally.as_data()["own_lag"]["p99"]
    if late is not None and late > LATE:
        yield (
            f"our own loop was up to {late:.2f} s late (p99): this machine is busy, and the times above include that; "
            "use fewer sessions, or more machines (realtime-conformance load)"
        )


def _spelled(found: dict[str, float | None]) -> str:
    return "  ".join(f"{name} {seconds:7.3f} s" for name, seconds in found.items() if seconds is not None)


def _at(tally: SoakTally, what: str, step: int) -> str:
    return f"  at {step * 100 // STEPS:3} % of the load     {_spelled(tally.percentiles(what, step)) or 'none'}"


def _differences(tally: SoakTally) -> Iterator[str]:
    if not tally.differing:
        yield "verdicts       the same under load as in a single conversation"
        return
    yield f"verdicts       {len(tally.differing)} differ from those of a single conversation:"
    for name, number in tally.differing.most_common(SHOWN):
        yield f"  {name}: broken in {number:,} of {tally.played:,} conversations"


def _leaks(tally: SoakTally) -> Iterator[str]:
    if not tally.leaks:
        yield "isolation      no session received data of another one"
        return
    yield f"isolation      {len(tally.leaks):,} times a session received data of another one:"
    for each in tally.leaks[:SHOWN]:
        yield one_line(f"  {each.conversation}, entry {each.entry}: {each.told}")


def write_soak(tally: SoakTally, reports: Path) -> None:
    """Write what a soak came to beside the reports."""
    reports.mkdir(parents=True, exist_ok=True)
    (reports / FILE).write_bytes(json_text.dumps(inert_data(tally.as_data()), indent=True) + b"\n")
