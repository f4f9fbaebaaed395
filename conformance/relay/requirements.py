"""What is asked of a gateway, in our own words: no document of a protocol says it, operators and their clients do.

The sources are issues of real gateways, and RFC 6455 for frames, closes and pings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelayRequirement:
    """One thing that is asked of a gateway."""

    id: str
    sentence: str
    source: str
    """Where it was broken, or is written."""


_ROWS: tuple[tuple[str, str, str], ...] = (
    ("RLY-01", "What the upstream says reaches the client once and in order.", "RFC 6455, 5.1: an ordered channel"),
    ("RLY-02", "It reaches the client unchanged, but for what the gateway declares.", "BerriAI/litellm#27110"),
    ("RLY-03", "What the gateway does not know passes: events and fields, both ways.", "QuantumNous/new-api dto"),
    ("RLY-04", "Text is Unicode from the first frame on.", "BerriAI/litellm#36151"),
    ("RLY-05", "Frames of several mebibytes pass.", "python-websockets/websockets#1247"),
    ("RLY-06", "Errors of the upstream reach the client.", "BerriAI/litellm#39851"),
    ("RLY-07", "The usage that the upstream counts is the usage that the client is told.", "QuantumNous/new-api#7273"),
    ("RLY-08", "Text frames stay text, binary ones binary.", "RFC 6455, 5.6"),
    ("RLY-09", "Nothing is said in the upstream's name.", "BerriAI/litellm#39864"),
    ("RLY-10", "What the client says reaches the upstream once and in order.", "RFC 6455, 5.1: an ordered channel"),
    ("RLY-11", "It reaches the upstream unchanged, but for what the gateway declares.", "BerriAI/litellm#27110"),
    ("RLY-12", "Nothing is said in the client's name.", "BerriAI/litellm#31726"),
    ("RLY-13", "The client's key stays with the gateway.", "QuantumNous/new-api: the dial repeats path and query"),
    ("RLY-14", "The upstream's key stays with the gateway.", "BerriAI/litellm#39851"),
    ("RLY-15", "Keys are looked at before anything else.", "maximhq/bifrost#7317, BerriAI/litellm#6926"),
    ("RLY-16", "So is the model.", "BerriAI/litellm#40010"),
    (
        "RLY-17",
        "The upstream is asked for the model behind the client's name for it.",
        "BerriAI/litellm#8828",
    ),
    ("RLY-18", "The upstream is asked for the revision that the client speaks.", "BerriAI/litellm#18969"),
    ("RLY-19", "A slow upstream is waited for.", "operators"),
    ("RLY-20", "A refusal of the upstream is told, and means the same to the client.", "BerriAI/litellm#39851"),
    ("RLY-21", "A failure of the upstream concerns the client that met it.", "BerriAI/litellm: deployment cooldown"),
    ("RLY-22", "Clients hear nothing of each other.", "huggingface/speech-to-speech"),
    ("RLY-23", "A close of the upstream reaches the client as a close.", "QuantumNous/new-api: no close frame"),
    ("RLY-24", "Its code and its reason tell the client what happened.", "BerriAI/litellm#39851, apache/superset#5548"),
    ("RLY-25", "A lost upstream ends the session.", "BerriAI/litellm#39851"),
    ("RLY-26", "A client that leaves ends the session at the upstream.", "vllm-project/vllm-omni#5388"),
    ("RLY-27", "The gateway adds little to the way of an event.", "operators"),
    ("RLY-28", "Deltas are passed on one by one.", "operators"),
    ("RLY-29", "Pings are answered on both sides.", "RFC 6455, 5.5.2"),
    ("RLY-30", "What the upstream reported is charged, once.", "QuantumNous/new-api#7273"),
    ("RLY-31", "Cached tokens have their own price.", "Laisky/one-api#402"),
    ("RLY-32", "A response that did not end well is charged at what was reported of it.", "BerriAI/litellm#38563"),
    ("RLY-33", "Transcription is charged.", "BerriAI/litellm#40010"),
    ("RLY-37", "Logs hold no keys.", "treadstone#307: paths with their queries were logged"),
    ("RLY-36", "A client that does not read loses nothing, and fills no memory.", "theopenco/llmgateway#3231"),
    ("RLY-35", "An upstream of one revision is asked for that one.", "OpenAI: beta_api_shape_disabled"),
    ("RLY-34", "A session that never was costs nothing.", "QuantumNous/new-api#7273"),
)

#: Every requirement by id.
RELAY_REQUIREMENTS: Mapping[str, RelayRequirement] = {row[0]: RelayRequirement(*row) for row in _ROWS}
