"""Generated examples: Hypothesis draws settings and conversations; what breaks a rule becomes a script."""

from __future__ import annotations

from collections.abc import Mapping

#: Kind of examples -> what its item claims.
KINDS: Mapping[str, str] = {
    "generated/configs::valid": "Generated valid updates take effect, and nothing else changes",
    "generated/configs::invalid": "Generated updates that break a bound are refused, and change nothing",
    "generated/conversations": "Generated conversations break no rule",
}
#: Kind of examples -> the features without which it says nothing: who converses asks for text here and there.
NEEDS: Mapping[str, frozenset[str]] = {"generated/conversations": frozenset({"text_output"})}
