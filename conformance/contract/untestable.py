"""Events that no scenario can show, and why: what the summary lists instead of counting them as seen."""

from __future__ import annotations

from collections.abc import Mapping

WEBRTC = "only over WebRTC, where the endpoint plays the sound itself"
SIP = "only on a telephone call (SIP)"
MCP = "only from a tool server (MCP) whose tools fail"
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
        "output_audio_buffer.clear": WEBRTC,
        "output_audio_buffer.cleared": WEBRTC,
        "output_audio_buffer.started": WEBRTC,
        "output_audio_buffer.stopped": WEBRTC,
        "response.mcp_call.failed": MCP,
    },
    "beta": {
        "conversation.created": NOT_SENT,
        "output_audio_buffer.clear": WEBRTC,
        "output_audio_buffer.cleared": WEBRTC,
        "output_audio_buffer.started": WEBRTC,
        "output_audio_buffer.stopped": WEBRTC,
    },
}
