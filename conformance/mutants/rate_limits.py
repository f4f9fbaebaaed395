"""Endpoints that tell impossible rate limits, or at the wrong time."""

from __future__ import annotations

from conformance.contract.dialect import Dialect
from conformance.mutants.changes import adding_after, setting
from conformance.mutants.mutant import Fault, FaultTable

faults = FaultTable()

TOKENS = {"name": "tokens", "limit": 1000, "remaining": 900, "reset_seconds": 0.5}


@faults.mutant(killed_by="rate_limits.remaining-fits-the-limit", during="response/two_turns")
def more_remains_than_there_was(_dialect: Dialect) -> Fault:
    """More remains than the limit allows."""
    return setting("rate_limits.updated", rate_limits=[{**TOKENS, "remaining": 2000}])


@faults.mutant(killed_by="rate_limits.come-with-responses", during="session/defaults")
def rate_limits_come_unasked(_dialect: Dialect) -> Fault:
    """The rate limits come with the session, before any response."""
    return adding_after("session.created", lambda _event: [{"type": "rate_limits.updated", "rate_limits": [TOKENS]}])
