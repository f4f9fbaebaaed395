"""What steps cost at most, as far as their script tells: tokens and seconds of audio, without connecting to anything.

Text is at most a token a byte, audio a token for 100 ms of the user and for 50 ms of the assistant
(https://platform.openai.com/docs/guides/realtime-costs).  A response takes the whole conversation as input,
and gives at most `max_output_tokens` (4096 where nobody sets it, the most that a session allows).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from conformance.errors import UsageError
from conformance.scenario.audio import FORMATS

if TYPE_CHECKING:
    from conformance.scenario.step import Step

#: (name of a clip, canonical format) -> its bytes.
ClipReader = Callable[[str, str], bytes]

#: Tokens a second of the user's audio.
HEARD = 10
#: Tokens of a second of translation, with room for one that takes twice as long.
SPOKEN = 40
#: The most that one response may give where nobody limits it.
LARGEST_OUTPUT = 4096
#: Tokens of the vendor's own instructions, and around each item.
OWN_INSTRUCTIONS, AROUND_AN_ITEM = 500, 16
#: Tokens of transcript for a second of speech, and for each item beside.
WRITTEN, WRITTEN_AT_LEAST = 8, 16
#: Seconds that things usually take: opening and closing, a client event with its answer, a response.
CONNECTING, ASKING, TEXT, AUDIO = 0.6, 0.15, 2.0, 4.0


@dataclass(frozen=True)
class Tokens:
    """Numbers of tokens; cached ones are part of the input."""

    text_in: int = 0
    audio_in: int = 0
    text_out: int = 0
    audio_out: int = 0
    cached_text: int = 0
    cached_audio: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(*(own + more for own, more in zip(self.numbers, other.numbers, strict=True)))

    def times(self, number: int) -> Tokens:
        """Return so many times as much."""
        return Tokens(*(own * number for own in self.numbers))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The six numbers in the order of the fields."""
        return self.text_in, self.audio_in, self.text_out, self.audio_out, self.cached_text, self.cached_audio

    @property
    def total(self) -> int:
        """Everything that is billed."""
        return self.text_in + self.audio_in + self.text_out + self.audio_out


@dataclass(frozen=True)
class Cost:
    """The upper bound of one conversation, or of many; `expected` is no bound but what it usually takes."""

    sessions: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    heard: float = 0.0
    """Seconds of audio that are sent."""
    expected: float = 0.0
    """Seconds, if nothing else is played meanwhile."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.sessions + other.sessions,
            self.tokens + other.tokens,
            self.heard + other.heard,
            self.expected + other.expected,
        )

    def times(self, number: int) -> Cost:
        """Return so many times as much."""
        return Cost(self.sessions * number, self.tokens.times(number), self.heard * number, self.expected * number)


@dataclass
class Spending:
    """One connection as far as its script goes: what its next response costs."""

    limit: int = LARGEST_OUTPUT
    speaks: bool = True
    detects: bool = True
    writes: bool = False
    audio_format: str = "pcm16"
    base: int = OWN_INSTRUCTIONS
    said: Tokens = field(default_factory=Tokens)
    """The conversation so far, as input."""
    answers: bool = True
    """False for a session that only transcribes, or translates."""
    translates: bool = False

    def say(self, value: Any) -> None:
        """Put an item into the conversation that holds *value*."""
        self.said += Tokens(text_in=size(value) + AROUND_AN_ITEM)

    def responses(self, number: int, override: Mapping[str, Any] | None = None) -> Cost:
        """Make responses, which become part of the conversation; *override* are settings of their own."""
        made = (self._response(override or {}) for _ in range(number))
        return Cost(tokens=sum(made, Tokens()), expected=number * (AUDIO if self.speaks else TEXT))

    def _response(self, override: Mapping[str, Any]) -> Tokens:
        limit = limit_of(override.get("max_output_tokens"), self.limit)
        speaks = override["modalities"] != "text" if "modalities" in override else self.speaks
        text_in = self.said.text_in + self.base + size(override)
        spent = Tokens(text_in, self.said.audio_in, *((0, limit) if speaks else (limit, 0)))
        self.said += Tokens(audio_in=limit) if speaks else Tokens(text_in=limit + AROUND_AN_ITEM)
        return spent

    def hear(self, length: float, turns: int = 0) -> Cost:
        """Append *length* seconds of audio to the input buffer, in which somebody speaks so many *turns*."""
        self.said += Tokens(text_in=AROUND_AN_ITEM, audio_in=math.ceil(length * HEARD))
        heard = Cost(heard=length, expected=ASKING)
        if self.translates:  # a translation is about as long as what was said
            said = Tokens(audio_in=math.ceil(length * HEARD), audio_out=math.ceil(length * SPOKEN))
            heard += Cost(tokens=said + Tokens(text_out=math.ceil(length * WRITTEN)))
        if not self.writes:
            return heard
        written = math.ceil(length * WRITTEN) + turns * WRITTEN_AT_LEAST
        return heard + Cost(tokens=Tokens(audio_in=math.ceil(length * HEARD), text_out=written))

    def seconds(self, clip: ClipReader, name: str) -> float:
        """Return the length of a clip in the format of the session; 0 where there is none, as the play will say."""
        try:
            return len(clip(name, self.audio_format)) / FORMATS[self.audio_format][0]
        except UsageError:
            return 0.0


def asking(_here: Spending, _step: Step, _clip: ClipReader) -> Cost:
    """Return the cost of a client event and its answer."""
    return Cost(expected=ASKING)


def connecting(_here: Spending, _step: Step, _clip: ClipReader) -> Cost:
    """Return the cost of a session in which nothing has been said."""
    return Cost(sessions=1, expected=CONNECTING)


def limit_of(asked: Any, usual: int) -> int:
    """Return what `max_output_tokens` comes to; *usual* where it is none."""
    if asked == "inf":
        return LARGEST_OUTPUT
    return asked if isinstance(asked, int) and 0 < asked <= LARGEST_OUTPUT else usual


def size(value: Any) -> int:
    """Count the bytes of a value as JSON: no tokenizer makes more of them."""
    return len(orjson.dumps(value)) if value else 0
