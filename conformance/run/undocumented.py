"""What a script waits for in vain, and what the vendor's documents do not promise either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.contract.profile import undocumented
from conformance.play.player import Outcome
from conformance.trace.trace import EndKind

if TYPE_CHECKING:
    from conformance.contract.profile import Profile
    from conformance.play.player import Conversation


def excused(conversation: Conversation, profile: Profile | None) -> Conversation:
    """Return the conversation as inconclusive if it stopped for want of events that nobody documents."""
    ends = [trace.end for trace in conversation.traces]
    awaited = {
        kind
        for end in ends
        if end is not None and end.kind is EndKind.TIMEOUT
        for kind in end.awaiting.split(" or ")
        if kind
    }
    beyond = undocumented(profile, "server_event", awaited)
    if conversation.outcome is not Outcome.STOPPED or not awaited or beyond != awaited:
        return conversation
    message = f"{conversation.message}, and the vendor documents no {', '.join(sorted(beyond))}"
    return replace(conversation, outcome=Outcome.INCONCLUSIVE, message=message, silent=True)
