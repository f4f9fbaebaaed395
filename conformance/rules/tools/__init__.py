"""Function calls: what a call says of itself, and which functions are called."""

from __future__ import annotations

from conformance.rules.tools import calls, choice

chapters = (
    calls.rules,
    choice.rules,
)
