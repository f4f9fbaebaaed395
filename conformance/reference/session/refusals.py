"""How a client's mistake is answered: one exception, one table of its codes, one shape of `error` event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]

#: What real endpoints say, by code.  Observed on the wire where OpenAI documents no code.
MESSAGES = {
    "conversation_already_has_active_response": (
        "Conversation already has an active response in progress: {id}. "
        "Wait until the response is finished before creating a new one."
    ),
    "cannot_update_voice": "Cannot update a conversation's voice if assistant audio is present.",
    "decimal_above_max_value": "Invalid '{param}': expected a value <= {bound}, but got {value} instead.",
    "decimal_below_min_value": "Invalid '{param}': expected a value >= {bound}, but got {value} instead.",
    "input_audio_buffer_commit_empty": (
        "Error committing input audio buffer: buffer too small. "
        "Expected at least 100ms of audio, but buffer only has {ms:.2f}ms of audio."
    ),
    "integer_above_max_value": "Invalid '{param}': expected a value <= {bound}, but got {value} instead.",
    "integer_below_min_value": "Invalid '{param}': expected a value >= {bound}, but got {value} instead.",
    "invalid_tool_call_id": "Tool call ID '{id}' not found in conversation.",
    "invalid_type": "Invalid type for '{param}': expected {expected}, but got {got} instead.",
    "item_create_duplicate_item_id": "Error adding item: an item with id '{id}' already exists.",
    "item_create_invalid_previous_item_id": ("Error adding item: the previous item with id '{id}' does not exist."),
    "item_delete_invalid_item_id": "Error deleting item: the item with id '{id}' does not exist.",
    "item_retrieve_invalid_item_id": "Error retrieving item: the item with id '{id}' does not exist.",
    "item_truncate_invalid_item_id": "Error truncating item: the item with id '{id}' does not exist.",
    "missing_required_parameter": "Missing required parameter: '{param}'.",
    "response_cancel_not_active": "Cancellation failed: no active response found.",
    "string_above_max_length": "Invalid '{param}': string too long. Expected at most {bound} characters.",
    "unknown_parameter": "Unknown parameter: '{param}'.",
}


@dataclass(eq=False)
class EventRefused(Exception):
    """The client's event is refused: nothing of it takes effect, and the session goes on."""

    code: str
    message: str = ""
    param: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """What fills the placeholders of the code's standard message."""

    def body(self, event_id: str | None) -> Event:
        """Make the inner `error` object; *event_id* is the refused client event's own id."""
        message = self.message or MESSAGES[self.code].format(param=self.param, **self.facts)
        return error_body(self.code, message, self.param, event_id)


def error_body(code: str, message: str, param: str | None = None, event_id: str | None = None) -> Event:
    """Make the inner object of an `error` event, in the key order of the wire."""
    return {
        "type": "invalid_request_error",
        "code": code,
        "message": message,
        "param": param,
        "event_id": event_id,
    }


def invalid_value(param: str | None, value: Any, supported: tuple[str, ...]) -> EventRefused:
    """Refuse a value outside an enumeration, naming what is supported."""
    names = [f"'{each}'" for each in supported]
    listed = f"{', '.join(names[:-1])}, and {names[-1]}" if len(names) > 1 else "".join(names)
    shown = f"'{value}'" if isinstance(value, str) else repr(value)
    return EventRefused("invalid_value", f"Invalid value: {shown[:200]}. Supported values are: {listed}.", param)
