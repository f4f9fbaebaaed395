"""What `--plan` prints: what would be played, and what it could cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.layout import wrapped
from conformance.run.prices import dollars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.run.cost import Plan

MOST_NAMED = 3
#: Columns of the names.
NAMES = 15
#: Seconds from which on minutes are told.
LONG = 90


def plan_lines(plan: Plan) -> Iterator[str]:
    """Say it in words: each number under its name, 80 columns wide."""
    for name, told in _told(plan):
        yield from wrapped(told, f"{name:<{NAMES}}", " " * NAMES)


def _told(plan: Plan) -> Iterator[tuple[str, str]]:
    total, tokens = plan.total, plan.total.tokens
    others = f" (and {plan.not_applicable} not applicable)" if plan.not_applicable else ""
    yield "conversations", f"{len(plan.costs)}{others}"
    first = "one of them to check that the endpoint is reachable"
    if plan.discovers:
        first = f"{plan.before} of them to check that the endpoint is reachable, and which features it has"
    yield "sessions", f"{total.sessions} ({first})"
    if plan.generated.sessions:
        bound = f"{plan.generated.sessions} of the sessions and {plan.generated.tokens.total:,} of the tokens at most"
        yield "generated", f"{bound}; most of them only if something is broken"
    yield "audio sent", f"{total.heard:.0f} s"
    kinds = f"text {tokens.text_in:,} in, {tokens.text_out:,} out"
    kinds += f"; audio {tokens.audio_in:,} in, {tokens.audio_out:,} out"
    yield "tokens", f"at most {tokens.total:,} ({kinds})"
    if plan.price is not None:
        yield "price", f"at most {dollars(plan.price.of(tokens))} ({plan.model}, prices of {plan.prices_of})"
    else:
        yield "price", f"unknown: no prices for {plan.model or 'the model'} (--model, --prices)"
    yield "time", f"about {_duration(plan.seconds)}, {plan.at_once} conversations at once"
    ranked = sorted(plan.costs.items(), key=lambda each: -each[1].tokens.total)[:MOST_NAMED]
    if ranked:
        yield "most tokens", ", ".join(f"{name} {cost.tokens.total:,}" for name, cost in ranked)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < LONG else f"{seconds / 60:.0f} min"
