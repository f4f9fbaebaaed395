"""Endpoints that tell impossible rate limits, or at the wrong time."""

from __future__ import annotations

from conformance.mutants.mutant import FaultTable
from conformance.mutants.operators import adding_after, setting

faults = FaultTable()

TOKENS = {"name": "tokens", "limit": 1000, "remaining": 900, "reset_seconds": 0.5}


# fmt: off
faults.rows(
    ("more-remains-than-there-was", "rate_limits.remaining-fits-the-limit", "response/two_turns", "",
     "More remains than the limit allows.",
     lambda _: setting("rate_limits.updated", rate_limits=[{**TOKENS, "remaining": 2000}])),
    ("rate-limits-come-unasked", "rate_limits.come-with-responses", "session/defaults", "",
     "The rate limits come with the session, before any response.",
     lambda _: adding_after("session.created",
         lambda _event: [{"type": "rate_limits.updated", "rate_limits": [TOKENS]}])),
)
