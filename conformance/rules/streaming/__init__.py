"""What is streamed: its integrity, and that the deltas make the whole."""

from __future__ import annotations

from conformance.rules.streaming import deltas, integrity, parts, sound

chapters = (
    integrity.rules,
    parts.rules,
    sound.rules,
    deltas.rules,
)
