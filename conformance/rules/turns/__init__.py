"""Turns of detected speech."""

from __future__ import annotations

from conformance.rules.turns import answers, detection

chapters = (
    detection.rules,
    answers.rules,
)
