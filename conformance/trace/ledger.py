"""The usage ledger: what the endpoint says it used, beside what we counted ourselves.  A pure fold over a trace.

One line for each response that is over and one for each finished transcription, in the order of the trace.
Tokens are the endpoint's own; seconds of audio are ours, from the bytes that crossed the wire.
A count that is absent, no integer or negative is None: unknown, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.trace.computed import computed
from conformance.trace.frames import NOTHING, Frame, mapping, whole_number
from conformance.trace.input_buffer import bytes_of
from conformance.trace.output_audio import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.trace.canonical import CanonicalTrace
    from conformance.trace.output_audio import Sound
    from conformance.trace.responses import Response

_INPUT, _OUTPUT, _CACHED = "input_token_details", "output_token_details", "cached_tokens_details"

#: Column -> where the count lies in a `usage` object.  Source: the reference of `response.done`.
COUNTS: Mapping[str, tuple[str, ...]] = {
    "total": ("total_tokens",),
    "input": ("input_tokens",),
    "input_text": (_INPUT, "text_tokens"),
    "input_audio": (_INPUT, "audio_tokens"),
    "input_image": (_INPUT, "image_tokens"),
    "cached": (_INPUT, "cached_tokens"),
    "cached_text": (_INPUT, _CACHED, "text_tokens"),
    "cached_audio": (_INPUT, _CACHED, "audio_tokens"),
    "cached_image": (_INPUT, _CACHED, "image_tokens"),
    "output": ("output_tokens",),
    "output_text": (_OUTPUT, "text_tokens"),
    "output_audio": (_OUTPUT, "audio_tokens"),
    "reasoning": (_OUTPUT, "reasoning_tokens"),
}
_PLACES = tuple((column, path[:-1], path[-1]) for column, path in COUNTS.items())
_WAYS = frozenset(way for _, way, _ in _PLACES)
HEADER = ("entry", "kind", "id", "status", *COUNTS, "seconds")


@dataclass(frozen=True, slots=True, eq=False)
class LedgerEntry:
    """The usage of one response or of one transcription."""

    frame: Frame
    """The event that told it."""
    kind: str
    """`response` or `transcription`."""
    id: str
    """The response's id, or the transcribed item's."""
    status: str
    """How the response ended; `completed` for a transcription."""
    usage: Mapping[str, Any]
    """The usage object as it came; empty if there was none."""
    counts: Mapping[str, int | None]
    """The counts by column."""
    negative: tuple[str, ...]
    """The columns whose count is below zero."""
    seconds: float | None
    """Response: seconds of audio received.  Transcription: the seconds that it bills.  None where unknown."""
    response: Response | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the line as text, in the order of HEADER; empty where unknown."""
        numbers = (_cell(self.counts[name]) for name in COUNTS)
        return (str(self.frame.index), self.kind, self.id, self.status, *numbers, _cell(self.seconds))


@dataclass(frozen=True, eq=False)
class Ledger:
    """All lines of a session, and their sums."""

    lines: tuple[LedgerEntry, ...]
    seconds_sent: float | None
    """Audio that the client appended; None where the recording does not tell."""
    seconds_received: float | None
    """Audio that the endpoint streamed; None where the recording does not tell."""

    @computed
    def totals(self) -> Mapping[str, int]:
        """The sum of every column over the responses; transcriptions are billed by themselves."""
        return {name: sum(line.counts[name] or 0 for line in self.responses) for name in COUNTS}

    @computed
    def responses(self) -> tuple[LedgerEntry, ...]:
        """The lines of responses."""
        return tuple(line for line in self.lines if line.kind == "response")

    @computed
    def transcriptions(self) -> tuple[LedgerEntry, ...]:
        """The lines of transcriptions."""
        return tuple(line for line in self.lines if line.kind == "transcription")

    def rows(self) -> list[tuple[str, ...]]:
        """Return the whole ledger as text: the header, a row a line, and the sums of the responses."""
        last = ("", "session", "", "", *(str(self.totals[name]) for name in COUNTS), _cell(self.seconds_received))
        return [HEADER, *(line.cells() for line in self.lines), last]


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def ledger_of(trace: CanonicalTrace, responses: Sequence[Response], sounds: Sequence[Sound]) -> Ledger:
    """Fold a view into its ledger; linear."""
    lines = sorted(
        (*_response_lines(responses, sounds), *_transcription_lines(trace)), key=lambda line: line.frame.index
    )
    spoken = [sound.seconds for sound in sounds]
    return Ledger(tuple(lines), _seconds_sent(trace), _sum(spoken))


def _response_lines(responses: Sequence[Response], sounds: Sequence[Sound]) -> list[LedgerEntry]:
    heard: dict[int, list[float | None]] = {}
    for sound in sounds:
        heard.setdefault(sound.response.first, []).append(sound.seconds)
    return [
        _line(done, "response", each.id, each.status, each.final.get("usage"), _sum(heard.get(each.first, [])), each)
        for each in responses
        if (done := each.done) is not None and done.whole
    ]


def _transcription_lines(trace: CanonicalTrace) -> list[LedgerEntry]:
    found = []
    for frame in trace.server("conversation.item.input_audio_transcription.completed"):
        usage = frame.part("usage")
        billed = usage.get("seconds")
        length = float(billed) if isinstance(billed, int | float) and not isinstance(billed, bool) else None
        if frame.whole:
            found.append(_line(frame, "transcription", frame.text("item_id") or "", "completed", usage, length))
    return found


def _line(
    frame: Frame, kind: str, name: str, status: str, usage: Any, length: float | None, response: Response | None = None
) -> LedgerEntry:
    told = mapping(usage)
    places = {way: _reach(told, way) for way in _WAYS}
    counts = {
        column: count if type(count := places[way].get(name)) is int else whole_number(count)
        for column, way, name in _PLACES
    }
    negative = tuple([column for column, count in counts.items() if count is not None and count < 0])
    counts.update(dict.fromkeys(negative))
    return LedgerEntry(frame, kind, name, status, told, counts, negative, length, response)


def _reach(value: Mapping[str, Any], way: tuple[str, ...]) -> Mapping[str, Any]:
    for step in way:
        value = mapping(value.get(step))
    return value


def _sum(lengths: list[float | None]) -> float | None:
    known = [length for length in lengths if length is not None]
    return sum(known, 0.0) if len(known) == len(lengths) else None


def _seconds_sent(trace: CanonicalTrace) -> float | None:
    """Add up what was appended, each in the input format in effect; None if one part is unknown."""
    lengths: list[float | None] = []
    shown, told = NOTHING, trace.dialect.audio_format(None)
    for frame in trace.client("input_audio_buffer.append", "session.input_audio_buffer.append"):
        if (session := trace.session_at(frame.index)) is not shown:
            shown, told = session, trace.dialect.audio_format(trace.settings_in(session).get("input_format"))
        size = bytes_of(frame)
        audio_format = "pcm16" if frame.type.startswith("session.") else told  # a translation knows no other
        lengths.append(None if size is None else seconds(size, audio_format))
    return _sum(lengths)
