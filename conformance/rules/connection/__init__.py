"""The upgrade, the key, and how a connection ends."""

from __future__ import annotations

from conformance.rules.connection import ends, subprotocols, upgrade

chapters = (
    upgrade.rules,
    subprotocols.rules,
    ends.rules,
)
