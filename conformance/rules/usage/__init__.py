"""Usage: the ledger cross-footed, and metered against our own count."""

from __future__ import annotations

from conformance.rules.usage import ledger, metering, output, token_limits

chapters = (
    ledger.rules,
    metering.rules,
    output.rules,
    token_limits.rules,
)
