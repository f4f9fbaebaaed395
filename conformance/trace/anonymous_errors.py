"""Errors that name no client event: which kind of event they point to, if to any."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.trace.frames import Frame, string

TRUNCATE, RETRIEVE, DELETE = (f"conversation.item.{what}" for what in ("truncate", "retrieve", "delete"))
CREATE = "conversation.item.create"

#: How an error's `code` begins -> the client events that it can be about.
BY_CODE: Mapping[str, frozenset[str]] = {
    "input_audio_buffer_commit": frozenset({"input_audio_buffer.commit"}),
    "input_audio_buffer_append": frozenset({"input_audio_buffer.append"}),
    "conversation_already_has_active_response": frozenset({"response.create"}),
    "response_cancel": frozenset({"response.cancel"}),
    "item_truncate": frozenset({TRUNCATE}),
    "item_retrieve": frozenset({RETRIEVE}),
    "item_delete": frozenset({DELETE}),
    "item_create": frozenset({CREATE}),
}
#: The first step of an error's `param` -> the client events that have such a field.
BY_PARAM: Mapping[str, frozenset[str]] = {
    "session": frozenset({"session.update", "transcription_session.update"}),
    "response": frozenset({"response.create"}),
    "response_id": frozenset({"response.cancel"}),
    "item": frozenset({CREATE}),
    "previous_item_id": frozenset({CREATE}),
    "item_id": frozenset({TRUNCATE, RETRIEVE, DELETE}),
    "content_index": frozenset({TRUNCATE}),
    "audio_end_ms": frozenset({TRUNCATE}),
    "audio": frozenset({"input_audio_buffer.append"}),
}


def kinds_pointed_to(error: Frame) -> frozenset[str]:
    """Return the types of client events that the code or the parameter of *error* points to; none where it does not."""
    told = error.part("error")
    code, param = string(told.get("code")) or "", string(told.get("param")) or ""
    kinds = next((kinds for begin, kinds in BY_CODE.items() if code.startswith(begin)), None)
    return kinds or BY_PARAM.get(param.partition(".")[0].partition("[")[0], frozenset())
