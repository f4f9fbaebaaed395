"""Events that no scenario can show, and why: what the summary lists instead of counting them as seen."""

from __future__ import annotations

from collections.abc import Mapping

WEBRTC = "only over WebRTC, where the endpoint plays the sound itself"
SIP = "only on a telephone call (SIP)"
MCP = "needs a remote MCP server that the endpoint can reach"
DIARIZED = "only from a transcription model that tells speakers apart"
OLD_NAME = "listed for the `ga` revision, which says conversation.item.added and .done instead"
NOT_SENT = "documented, and sent by no endpoint that was recorded but xAI's"

#: Type as spoken -> why nothing here makes an endpoint take it or send it.
UNPLAYED: Mapping[str, Mapping[str, str]] = {
    "ga": {
        "conversation.created": NOT_SENT,
        "conversation.item.created": OLD_NAME,
        "conversation.item.input_audio_transcription.segment": DIARIZED,
        "input_audio_buffer.dtmf_event_received": SIP,
        "mcp_list_tools.completed": MCP,
        "mcp_list_tools.failed": MCP,
        "mcp_list_tools.in_progress": MCP,
        "output_audio_buffer.clear": WEBRTC,
        "output_audio_buffer.cleared": WEBRTC,
        "output_audio_buffer.started": WEBRTC,
        "output_audio_buffer.stopped": WEBRTC,
        "response.mcp_call.completed": MCP,
        "response.mcp_call.failed": MCP,
        "response.mcp_call.in_progress": MCP,
        "response.mcp_call_arguments.delta": MCP,
        "response.mcp_call_arguments.done": MCP,
    },
    "beta": {
        "conversation.created": NOT_SENT,
        "output_audio_buffer.clear": WEBRTC,
        "output_audio_buffer.cleared": WEBRTC,
        "output_audio_buffer.started": WEBRTC,
        "output_audio_buffer.stopped": WEBRTC,
    },
}
