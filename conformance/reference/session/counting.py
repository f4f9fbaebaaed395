"""Tokens: how many the reference says it used.

Audio: a token for 100 ms of the user, for 50 ms of the assistant (OpenAI's guide on costs).
Text: a token for each word and each mark, which is near enough and the same everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.reference.session.refusals import Event

USER_TOKEN_MS, ASSISTANT_TOKEN_MS = 100, 50
#: Cached input comes in blocks of this many tokens (seen in every recording).
CACHE_BLOCK = 64
_TOKEN = re.compile(r"\w+|[^\w\s]")


def text_tokens(text: str) -> int:
    """Count the tokens of *text*."""
    return sum(1 for _ in _TOKEN.finditer(text))


@dataclass(frozen=True)
class TokenCount:
    """Tokens by kind."""

    text: int = 0
    audio: int = 0
    image: int = 0

    def __add__(self, other: TokenCount) -> TokenCount:
        return TokenCount(self.text + other.text, self.audio + other.audio, self.image + other.image)

    @property
    def total(self) -> int:
        """All kinds together."""
        return self.text + self.audio + self.image

    def cached_from(self, earlier: TokenCount) -> TokenCount:
        """Tell how much of this input was already in the *earlier* one, in whole blocks."""
        return TokenCount(_blocks(self.text, earlier.text), _blocks(self.audio, earlier.audio))


def _blocks(now: int, earlier: int) -> int:
    return min(now, earlier) // CACHE_BLOCK * CACHE_BLOCK


def usage(given: TokenCount, cached: TokenCount, produced: TokenCount) -> Event:
    """Make the `usage` object of a response: input *given*, of which *cached*, and output *produced*."""
    return {
        "total_tokens": given.total + produced.total,
        "input_tokens": given.total,
        "output_tokens": produced.total,
        "input_token_details": {
            **_kinds(given),
            "cached_tokens": cached.total,
            "cached_tokens_details": _kinds(cached),
        },
        "output_token_details": {"text_tokens": produced.text, "audio_tokens": produced.audio},
    }


def _kinds(tokens: TokenCount) -> Event:
    return {"text_tokens": tokens.text, "audio_tokens": tokens.audio, "image_tokens": tokens.image}


def transcription_usage(model: str, milliseconds: int, text: str) -> Event:
    """Make the `usage` of a finished transcription: seconds for the whisper family, tokens for the others."""
    if "whisper" in model:
        return {"type": "duration", "seconds": max(1, round(milliseconds / 1000))}
    audio, written = milliseconds // USER_TOKEN_MS, text_tokens(text)
    return {
        "type": "tokens",
        "total_tokens": audio + written,
        "input_tokens": audio,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio},
        "output_tokens": written,
    }
