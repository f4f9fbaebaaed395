"""When a run stops because it would only repeat itself: an endpoint that says nothing costs our patience each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.trace.trace import EndKind

if TYPE_CHECKING:
    from conformance.play.player import Conversation

#: So many conversations that wait in vain in the same way, one after the other, are enough.
ENOUGH = 6


class Repetition:
    """Counts the conversations in a row that ended because nothing came."""

    def __init__(self) -> None:
        self.waited_in_vain = ""
        self.row = 0

    def note(self, conversation: Conversation) -> None:
        """Take in how a conversation ended."""
        told = _waited_in_vain(conversation)
        if told:
            self.row = self.row + 1 if told == self.waited_in_vain else 1
            self.waited_in_vain = told
        elif _was_answered(conversation) and self.row < ENOUGH:
            self.row = 0

    @property
    def reason(self) -> str:
        """Say why nothing more is played; empty while there is no reason."""
        if self.row < ENOUGH:
            return ""
        return f"{ENOUGH} conversations in a row had ended the same way ({self.waited_in_vain})"


def _waited_in_vain(conversation: Conversation) -> str:
    """Return what a conversation waited for until our patience was over; empty if it ended otherwise."""
    if conversation.silent:
        return "the endpoint is slow or silent"
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
