"""When a run stops because it would only repeat itself: silence costs our patience each time, a flood our memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.trace.trace import EndKind

if TYPE_CHECKING:
    from conformance.play.player import Conversation

#: So many conversations that wait in vain in the same way, or end at the same bound, one after the other, are enough.
ENOUGH = 6


class Repetition:
    """Counts the conversations in a row that ended because nothing came, or too much."""

    def __init__(self) -> None:
        self.same = ""
        self.row = 0
        self.told = ""
        """How the last of them ended."""

    def note(self, conversation: Conversation) -> None:
        """Take in how a conversation ended."""
        same = _without_an_end_of_its_own(conversation)
        if same:
            self.row = self.row + 1 if same == self.same else 1
            self.same, self.told = same, conversation.message if conversation.beyond else same
        elif _was_answered(conversation) and self.row < ENOUGH:
            self.row = 0

    @property
    def reason(self) -> str:
        """Say why nothing more is played; empty while there is no reason."""
        if self.row < ENOUGH:
            return ""
        return f"{ENOUGH} conversations in a row had ended the same way ({self.told})"


def _without_an_end_of_its_own(conversation: Conversation) -> str:
    """Return what a conversation waited for in vain, or that a bound ended it; empty if it ended otherwise."""
    if conversation.silent:
        return "the endpoint is slow or silent"
    if conversation.beyond:
        return "a bound"  # which one depends on what else is open
    ends = [trace.end for trace in conversation.traces]
    timed_out = any(end is not None and end.kind is EndKind.TIMEOUT for end in ends)
    return conversation.message if timed_out else ""


def _was_answered(conversation: Conversation) -> bool:
    """Return whether the endpoint said anything after a client event."""
    for trace in conversation.traces:
        asked = False
        for entry in trace:
            asked = asked or entry.sent
            if asked and not entry.sent:
                return True
    return False
