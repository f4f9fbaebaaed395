"""What `--plan` prints: what would be played, and what it could cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.run.prices import dollars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.run.cost import Plan

MOST_NAMED = 3
#: Seconds from which on minutes are told.
LONG = 90


def plan_lines(plan: Plan) -> Iterator[str]:
    """Say it in words, a line each."""
    total, tokens = plan.total, plan.total.tokens
    others = f"  (and {plan.not_applicable} not applicable)" if plan.not_applicable else ""
    yield f"conversations  {len(plan.costs)}{others}"
    first = "one of them to see whether the endpoint is there"
    if plan.discovers:
        first = f"{plan.before} of them to see whether the endpoint is there, and what it lacks"
    yield f"sessions       {total.sessions}  ({first})"
    if plan.generated.sessions:
        told = f"{plan.generated.sessions} of the sessions and {plan.generated.tokens.total:,} of the tokens at most"
        yield f"generated      {told}; most of them only where something is broken"
    yield f"audio sent     {total.heard:.0f} s"
    yield (f"tokens         at most {tokens.total:,}  (text {tokens.text_in:,} in, {tokens.text_out:,} out; "
           f"audio {tokens.audio_in:,} in, {tokens.audio_out:,} out)")  # fmt: skip
    if plan.price is not None:
        yield f"price          at most {dollars(plan.price.of(tokens))}  ({plan.model}, prices of {plan.prices_of})"
    else:
        yield f"price          unknown: no prices of {plan.model or 'the model'} (--model, --prices)"
    yield f"time           about {_duration(plan.seconds)}, {plan.at_once} conversations at once"
    ranked = sorted(plan.costs.items(), key=lambda each: -each[1].tokens.total)[:MOST_NAMED]
    yield "most tokens    " + ", ".join(f"{name} {cost.tokens.total:,}" for name, cost in ranked)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < LONG else f"{seconds / 60:.0f} min"
