"""Which client events a script sends, by the names of its steps."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.scenario.model import Scenario

#: Step -> type of the client event that it sends.
SENDS: Mapping[str, str] = {
    "configure": "session.update",
    "barrier": "session.update",
    "say": "conversation.item.create",
    "item": "conversation.item.create",
    "answer_call": "conversation.item.create",
    "delete": "conversation.item.delete",
    "retrieve": "conversation.item.retrieve",
    "truncate": "conversation.item.truncate",
    "speak": "input_audio_buffer.append",
    "pause": "input_audio_buffer.append",
    "commit": "input_audio_buffer.commit",
    "clear": "input_audio_buffer.clear",
    "respond": "response.create",
    "cancel": "response.cancel",
}


def sent_events(scenario: Scenario) -> frozenset[str]:
    """Return the types of the client events that its steps send; what `send` writes out is not among them."""
    return frozenset(SENDS[step.name] for step in scenario.steps if step.name in SENDS)
