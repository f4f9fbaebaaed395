"""What a conversation costs at most, from its script alone: a walk over the steps that connects to nothing.

Text is at most a token a byte, audio a token for 100 ms of the user and for 50 ms of the assistant
(https://platform.openai.com/docs/guides/realtime-costs).  A response takes the whole conversation as input,
and gives at most `max_output_tokens` (4096 where nobody sets it, the most that a session allows).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from conformance.errors import UsageError
from conformance.play.discovery import SESSIONS
from conformance.run.prices import Price, Tokens
from conformance.scenario.audio import FORMATS
from conformance.scenario.model import OPENING, Scenario, Step

#: Tokens a second of the user's and the assistant's audio.
HEARD, SPOKEN = 10, 20
#: The most that one response may give where nobody limits it.
LARGEST_OUTPUT = 4096
#: Tokens of the vendor's own instructions, and around each item.
OWN_INSTRUCTIONS, AROUND_AN_ITEM = 500, 16
IMAGE = 1_500
#: A speaker pauses: so many seconds of a clip may hold a turn of their own.
SHORTEST_TURN = 2.0
#: Tokens of transcript for a second of speech, and for each item beside.
WRITTEN, WRITTEN_AT_LEAST = 8, 16
#: Seconds that things usually take: opening and closing, a client event with its answer, a response.
CONNECTING, ASKING, TEXT, AUDIO = 0.6, 0.15, 2.0, 4.0
#: Seconds that we take to judge one conversation.
JUDGING = 0.25


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


@dataclass
class _Session:
    """One connection as far as its script goes."""

    limit: int = LARGEST_OUTPUT
    speaks: bool = True
    detects: bool = True
    writes: bool = False
    audio_format: str = "pcm16"
    base: int = OWN_INSTRUCTIONS
    said: Tokens = field(default_factory=Tokens)
    """The conversation so far, as input."""
    answers: bool = True
    """False for a session that only transcribes."""

    def response(self, override: Mapping[str, Any]) -> Tokens:
        """Make one response, which becomes part of the conversation."""
        limit = _limit(override.get("max_output_tokens"), self.limit)
        speaks = override["modalities"] != "text" if "modalities" in override else self.speaks
        text_in = self.said.text_in + self.base + _size(override)
        spent = Tokens(text_in, self.said.audio_in, *((0, limit) if speaks else (limit, 0)))
        self.said += Tokens(audio_in=limit) if speaks else Tokens(text_in=limit + AROUND_AN_ITEM)
        return spent


def cost_of(scenario: Scenario, dialect: str, clip: Callable[[str, str], bytes]) -> Cost:
    """Return the upper bound of one play; *clip* gives the bytes of (name, canonical format)."""
    sessions: dict[str, _Session] = {}
    total = Cost(expected=JUDGING)
    for step in scenario.steps_in(dialect):
        if step.name in OPENING:
            sessions[step.on] = _Session(answers=scenario.intent != "transcription")
        here = sessions.setdefault(step.on, _Session())
        total += _COSTS.get(step.name, _asking)(here, step, clip)
    # Every connection that stays open ends with a barrier.
    return total + Cost(expected=ASKING * len(sessions))


Clip = Callable[[str, str], bytes]


def _asking(_here: _Session, _step: Step, _clip: Clip) -> Cost:
    return Cost(expected=ASKING)


def _connect(_here: _Session, _step: Step, _clip: Clip) -> Cost:
    return Cost(sessions=1, expected=CONNECTING)


def _configure(here: _Session, step: Step, _clip: Clip) -> Cost:
    asked = step.argument if isinstance(step.argument, dict) else {}
    here.limit = _limit(asked.get("max_output_tokens"), here.limit)
    if "modalities" in asked:
        here.speaks = asked["modalities"] != "text"
    if "turn_detection" in asked:
        here.detects = _answers_turns(asked["turn_detection"])
    if "transcription" in asked:
        here.writes = asked["transcription"] is not None
    if isinstance(named := asked.get("input_format"), str) and named in FORMATS:
        here.audio_format = asked["input_format"]
    here.base += _size({key: each for key, each in asked.items() if key in ("instructions", "tools", "prompt")})
    return Cost(expected=ASKING)


def _answers_turns(detection: Any) -> bool:
    return detection is not None and not (isinstance(detection, dict) and detection.get("create_response") is False)


def _respond(here: _Session, step: Step, _clip: Clip) -> Cost:
    override = step.argument if isinstance(step.argument, dict) else {}
    return _responses(here, 1, override)


def _responses(here: _Session, number: int, override: Mapping[str, Any] | None = None) -> Cost:
    made = (here.response(override or {}) for _ in range(number))
    return Cost(tokens=sum(made, Tokens()), expected=number * (AUDIO if here.speaks else TEXT))


def _say(here: _Session, step: Step, clip: Clip) -> Cost:
    given = step.argument if isinstance(step.argument, dict) else {"text": step.argument}
    here.said += Tokens(text_in=_size(given) + AROUND_AN_ITEM)
    if isinstance(given.get("clip"), str):
        length = _seconds(clip, given["clip"], here.audio_format)
        here.said += Tokens(audio_in=math.ceil(length * HEARD))
        return Cost(heard=length, expected=ASKING)
    return Cost(expected=ASKING)


def _item(here: _Session, step: Step, _clip: Clip) -> Cost:
    images = str(step.argument).count("input_image")
    text = _size(_without_data(step.argument)) + AROUND_AN_ITEM + images * IMAGE
    here.said += Tokens(text_in=text)
    return Cost(expected=ASKING)


def _speak(here: _Session, step: Step, clip: Clip) -> Cost:
    given = step.argument if isinstance(step.argument, dict) else {"clip": step.argument}
    length = _seconds(clip, str(given.get("clip")), here.audio_format)
    turns = math.ceil(length / SHORTEST_TURN)
    heard = _hear(here, length)
    written = _transcribe(here, length, turns)
    answered = _responses(here, turns) if here.detects and here.answers else Cost()
    return heard + written + answered


def _pause(here: _Session, step: Step, _clip: Clip) -> Cost:
    given = step.argument if isinstance(step.argument, dict) else {"milliseconds": step.argument}
    length = float(given.get("milliseconds", 0)) / 1000
    return _hear(here, length) + _transcribe(here, length, 0)


def _hear(here: _Session, length: float) -> Cost:
    here.said += Tokens(text_in=AROUND_AN_ITEM, audio_in=math.ceil(length * HEARD))
    return Cost(heard=length, expected=ASKING)


def _transcribe(here: _Session, length: float, turns: int) -> Cost:
    if not here.writes:
        return Cost()
    written = math.ceil(length * WRITTEN) + turns * WRITTEN_AT_LEAST
    return Cost(tokens=Tokens(audio_in=math.ceil(length * HEARD), text_out=written))


def _await(here: _Session, step: Step, _clip: Clip) -> Cost:
    # Silence that lasts too long is answered by itself.
    idle = "input_audio_buffer.timeout_triggered" in str(step.argument)
    return _responses(here, 1) + Cost(expected=5.0) if idle else Cost(expected=ASKING)


def _idle(_here: _Session, step: Step, _clip: Clip) -> Cost:
    return Cost(expected=float(step.argument))


def _send(here: _Session, step: Step, _clip: Clip) -> Cost:
    written = str(step.argument)
    here.said += Tokens(text_in=_size(step.argument))
    length = _appended(step.argument) / FORMATS[here.audio_format][0]
    return _responses(here, written.count("response.create")) + Cost(heard=length, expected=ASKING)


def _appended(event: Any) -> float:
    """Count the bytes of audio in an append that is written out."""
    audio = event.get("audio") if isinstance(event, dict) else None
    return math.ceil(len(audio) / 4) * 3 if isinstance(audio, str) else 0


_COSTS: Mapping[str, Callable[[_Session, Step, Clip], Cost]] = {
    "connect": _connect,
    "expect_refusal": _connect,
    "configure": _configure,
    "respond": _respond,
    "say": _say,
    "item": _item,
    "answer_call": _item,
    "speak": _speak,
    "pause": _pause,
    "await": _await,
    "idle": _idle,
    "send": _send,
}


def _limit(asked: Any, usual: int) -> int:
    if asked == "inf":
        return LARGEST_OUTPUT
    return asked if isinstance(asked, int) and 0 < asked <= LARGEST_OUTPUT else usual


def _size(value: Any) -> int:
    """Count the bytes of a value as JSON: no tokenizer makes more of them."""
    return len(orjson.dumps(value)) if value else 0


def _without_data(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_data(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_data(each) for each in value]
    return "" if isinstance(value, str) and value.startswith("data:") else value


def _seconds(clip: Clip, name: str, audio_format: str) -> float:
    try:
        return len(clip(name, audio_format)) / FORMATS[audio_format][0]
    except UsageError:  # the play will say so
        return 0.0


@dataclass(frozen=True)
class Plan:
    """What a run would play."""

    costs: Mapping[str, Cost]
    """Conversation -> its upper bound."""
    not_applicable: int = 0
    at_once: int = 1
    price: Price | None = None
    prices_of: str = ""
    """Date of the price table."""
    model: str = ""
    discovers: bool = False
    """Whether the endpoint is asked, in sessions of their own, what it does not offer."""

    @property
    def total(self) -> Cost:
        """Everything, the preflight and the discovery included."""
        before = self.before
        return sum(self.costs.values(), Cost(sessions=before, expected=before * CONNECTING))

    @property
    def before(self) -> int:
        """Sessions before the first conversation: the preflight, and the discovery."""
        return 1 + (SESSIONS if self.discovers else 0)

    @property
    def seconds(self) -> float:
        """Expected time, playing `at_once` conversations at a time; judging is done by one."""
        longest = max((each.expected for each in self.costs.values()), default=0.0)
        judging = len(self.costs) * JUDGING
        return max(self.total.expected / max(1, self.at_once), longest, judging)
