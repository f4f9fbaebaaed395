"""From `--soak` and `--for` to a `SoakPlan`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.errors import UsageError

if TYPE_CHECKING:
    from conformance.options.given import Given
    from conformance.run.soak_plan import SoakPlan

TIME = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h)?")
SECONDS = {"s": 1, "m": 60, "h": 3600}
#: Seconds of a soak, where nobody says it; and beyond them, for what is still being said and judged.
USUAL, AFTERWARDS = 60.0, 240.0


def soak_plan(given: Given) -> SoakPlan | None:
    """Return what `--soak` and `--for` ask for; None without them."""
    sessions, written = given.value("soak"), given.value("for")
    if sessions is None:
        if written is not None:
            raise UsageError("--for needs --soak", "Give --soak=SESSIONS, or leave --for out.")
        return None
    from conformance.run.soak_plan import SoakPlan

    seconds = seconds_of(written) if written is not None else USUAL
    if sessions < 1:
        raise UsageError(f"--soak: {sessions} is less than 1")
    if given.several_processes:
        raise UsageError("--soak cannot be combined with -n", "For several machines: realtime-conformance load")
    if given.selecting:
        cure = "A soak plays conversations of its own, and none of the suite: leave the selection out."
        raise UsageError(f"--soak cannot be combined with {', '.join(dict.fromkeys(given.selecting))}", cure)
    return SoakPlan(sessions, seconds)


def seconds_of(written: str) -> float:
    """Read a length of time: `60`, `60s`, `5m`, `1h`; UsageError otherwise."""
    found = TIME.fullmatch(written.strip())
    if found is None or not float(found[1]):
        raise UsageError(f"--for: {written!r} is not a duration", "For example: 60s or 5m")
    return float(found[1]) * SECONDS[found[2] or "s"]
