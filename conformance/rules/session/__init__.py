"""The session: opened and shown, updated, and updates that are refused."""

from __future__ import annotations

from conformance.rules.session import close, opening, refusals, shown_settings, updates

chapters = (
    opening.rules,
    updates.rules,
    shown_settings.rules,
    refusals.rules,
    close.rules,
)
