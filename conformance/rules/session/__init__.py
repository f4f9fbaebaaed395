"""The session: opened and shown, updated, and updates that are refused."""

from __future__ import annotations

from conformance.rules.session import opening, refusals, updates

chapters = (
    opening.rules,
    updates.rules,
    refusals.rules,
)
