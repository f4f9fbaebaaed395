"""The input audio buffer."""

from __future__ import annotations

from conformance.rules.input_audio import append_commit, emptying

chapters = (
    append_commit.rules,
    emptying.rules,
)
