"""`rate_limits.updated`: what is left, and when it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.frames import listing, mapping
from conformance.trace.views import View

rules = Chapter("rate_limits")

SPEC = SERVER_EVENTS + "rate_limits/updated"


@rules.should("rate_limits.remaining-fits-the-limit", about={"rate_limits.updated"}, covers=("RAT-01",), spec=SPEC)
def remaining_fits_the_limit(view: View) -> Judged:
    """What remains of a limit is between 0 and the limit, and is reset in no less than 0 seconds."""
    for frame in view.server("rate_limits.updated"):
        if not frame.whole:
            continue
        for at, limit in enumerate(map(mapping, listing(frame.event.get("rate_limits")))):
            numbers = {name: limit[name] for name in ("limit", "remaining", "reset_seconds") if _is_number(limit, name)}
            wrong = _impossible(numbers)
            if wrong:
                message = f"The rate limit {limit.get('name')!r} is impossible."
                yield Finding(frame.index, message, "0 ≤ remaining ≤ limit", wrong, f"/rate_limits/{at}")
            elif numbers:
                yield HELD


def _is_number(limit: Mapping[str, Any], name: str) -> bool:
    return isinstance(limit.get(name), int | float) and not isinstance(limit[name], bool)


def _impossible(numbers: Mapping[str, float]) -> str:
    negative = [f"{name} {value}" for name, value in numbers.items() if value < 0]
    if negative:
        return negative[0]
    if {"limit", "remaining"} <= numbers.keys() and numbers["remaining"] > numbers["limit"]:
        return f"{numbers['remaining']} of {numbers['limit']}"
    return ""


@rules.may(
    "rate_limits.come-with-responses",
    about={"rate_limits.updated"},
    covers=("RAT-02",),
    spec=SPEC,
    relaxed="beta sends it after `response.created`, ga after `response.done`, Azure not at all.",
)
def come_with_responses(view: View) -> Judged:
    """`rate_limits.updated` comes with a response: after it began, or after it was done."""
    first = next((response.first for response in view.responses), None)
    for frame in view.server("rate_limits.updated"):
        if first is not None and frame.index > first:
            yield HELD
        elif not view.gaps:
            yield Finding(frame.index, "The rate limits were told before any response.", "a response first", "none")
