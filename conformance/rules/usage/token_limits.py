"""A session that limits how many tokens may come after its instructions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.contract.dialect import reach
from conformance.rules.engine.rule import GUIDE, HELD, Chapter, Judged
from conformance.rules.engine.settings import settings_in, steady_setting
from conformance.rules.usage.ledger import blame
from conformance.trace.frames import whole_number

if TYPE_CHECKING:
    from conformance.trace.views import View

rules = Chapter("metering")

#: More than any endpoint adds around instructions and items, in tokens.
OVERHEAD = 64


def token_limit(view: View, index: int) -> int | None:
    """Return how many tokens may come after the instructions, as the session shows it before entry *index*."""
    truncation = steady_setting(view, index, "truncation")
    return whole_number(reach(truncation, ("token_limits", "post_instructions")))


def _limits_tokens(view: View) -> bool:
    """Return whether any session shows a limit."""
    return any(isinstance(settings_in(view, shown).get("truncation"), dict) for _, shown in view.sessions)


@rules.should(
    "metering.token-limits-hold",
    about={"response.done"},
    covers=("USE-17",),
    spec=GUIDE + "realtime-costs",
    relaxed="A bound only: instructions and tools have no more tokens than bytes.",
)
def token_limits_hold(view: View) -> Judged:
    """The input of a response is no larger than the session's token limit, its instructions and its tools."""
    if view.partial or not _limits_tokens(view):
        return
    for line in view.ledger.responses:
        response, count = line.response, line.counts["input"]
        if response is None or count is None or not count or response.out_of_band or response.asked.get("input"):
            continue
        limit = token_limit(view, response.first)
        if limit is None:
            continue
        settings = (steady_setting(view, response.first, name) for name in ("instructions", "tools"))
        head = json.dumps([*settings, response.asked], ensure_ascii=False)
        most = limit + len(head.encode("utf-8", "surrogatepass")) + OVERHEAD
        if count <= most:
            yield HELD
        else:
            message = f"has more input than the session's token limit of {limit} allows."
            yield blame(line, message, f"at most {most}", count)
