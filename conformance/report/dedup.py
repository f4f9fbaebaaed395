"""What a run has told already: each broken rule and each reason to stop is told in full once, then only named.

An endpoint that departs from one requirement departs from it in a hundred conversations;
the same page a hundred times hides the other findings.  The traces and the report files hold every one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.layout import wrapped
from conformance.report.text import finding_text, stopped_text

if TYPE_CHECKING:
    from conformance.play.player import Conversation
    from conformance.run.ruling import Ruling


class Dedup:
    """The texts of one run; *always* tells everything in full."""

    def __init__(self, *, always: bool = False) -> None:
        self.always = always
        self._first: dict[tuple[str, ...], str] = {}

    def finding(self, ruling: Ruling, conversation: str, node: str, reproduce: str) -> str:
        """Tell what an item found wrong; *node* is the item's id, *reproduce* the command that repeats it."""
        first = self._first.setdefault(("rule", ruling.rule.id), node)
        if self.always or first == node:
            return finding_text(ruling, conversation, reproduce)
        others = f" (and {len(ruling.findings) - 1} more)" if len(ruling.findings) > 1 else ""
        return _brief(ruling.rule.demand, f"{ruling.findings[0].finding.message}{others}", first)

    def stopped(self, conversation: Conversation, name: str, node: str, reproduce: str) -> str:
        """Tell where a conversation stopped."""
        actual = (conversation.expected, conversation.actual)
        first = self._first.setdefault(("stop", conversation.message, *actual), node)
        if self.always or first == node:
            return stopped_text(conversation, name, reproduce)
        step = conversation.step
        where = f"{step.name}, line {step.line}" if step is not None and step.line else "at its end"
        return _brief(f"The conversation did not get through its script: {conversation.message}", where, first)


def _brief(headline: str, what: str, first: str) -> str:
    return "\n".join([*wrapped(headline), *wrapped(what, "  "), f"  reported in full at {first}"])
