"""Input transcription: the text of what the user said, streamed beside the response."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.reference.audio.sound import FORMATS, silent
from conformance.reference.session.counting import transcription_usage
from conformance.reference.session.items import Item, PartAudio
from conformance.reference.session.model import words
from conformance.reference.session.refusals import Event
from conformance.reference.session.schedule import Steps

#: Names of models that this endpoint can transcribe with begin so.
KNOWN = (
    "whisper",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-realtime-whisper",
    "gpt-live-transcribe",
)
#: What the reference understands of speech that it does not know by heart: it has no ears for words.
PLACEHOLDER = "Hello from the reference endpoint."
#: What a client includes that wants to know how likely the words are.
LOGPROBS = "item.input_audio_transcription.logprobs"
#: Seconds between two pieces.
PIECE_SECONDS = 0.002


def understood(sound: PartAudio) -> str:
    """Return the words in *sound*; in silence there are none (observation 26: that is legal)."""
    return "" if silent(sound.data or b"", FORMATS[sound.format]) else sound.words or PLACEHOLDER


def transcribing(item: Item, wanted: Event, included: Sequence[str] = ()) -> Steps:
    """Transcribe *item* as the session's `transcription` setting *wanted* says (TRX-02, TRX-03, TRX-06).

    *included* is the session's `include`: what is to be told beside the transcript (TRX-08).
    """
    place = {"item_id": item.id, "content_index": 0}
    model = str(wanted.get("model") or "")
    yield PIECE_SECONDS
    if not model.startswith(KNOWN):
        yield {
            "type": "conversation.item.input_audio_transcription.failed",
            **place,
            "error": {
                "type": "invalid_request_error",
                "code": "model_not_found",
                "message": f"The transcription model '{model[:100]}' does not exist.",
                "param": None,
            },
        }
        return
    sound = item.sound[0]
    transcript = understood(sound)
    pieces, likely = words(transcript), LOGPROBS in included and "whisper" not in model
    for piece in pieces:
        told = {"logprobs": [_logprob(piece)]} if likely else {}
        yield {"type": "conversation.item.input_audio_transcription.delta", **place, "delta": piece, **told}
        yield PIECE_SECONDS
    item.body["content"][0]["transcript"] = transcript
    yield {
        "type": "conversation.item.input_audio_transcription.completed",
        **place,
        "transcript": transcript,
        "usage": transcription_usage(model, sound.milliseconds, transcript),
        **({"logprobs": [_logprob(piece) for piece in pieces]} if likely else {}),
    }


def _logprob(token: str) -> Event:
    """Return how sure the reference is of a token: the longer, the less."""
    return {"token": token, "logprob": round(-len(token) / 64, 6), "bytes": list(token.encode())}
