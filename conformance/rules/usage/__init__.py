"""Usage: the ledger cross-footed, and metered against our own count."""
