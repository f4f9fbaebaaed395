"""Usage: the ledger cross-footed, and metered against our own count."""

from __future__ import annotations

from conformance.rules.usage import ledger, metering, output

chapters = (
    ledger.rules,
    metering.rules,
    output.rules,
)
