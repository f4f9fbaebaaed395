"""Latency, recorded and never judged: how long a conversation waited for what.

All times are seconds, taken from the trace; what a recorder did not time is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.trace.frames import Frame
    from conformance.trace.responses import Response
    from conformance.trace.views import View

TEXTS = ("response.output_text.delta", "response.output_audio_transcript.delta")
AUDIO = ("response.output_audio.delta",)
#: The shares that a summary shows.
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class ResponseLatency:
    """One response, in seconds since it was asked for: by the client, or by the turn that it answers."""

    id: str
    created: float | None
    first_text: float | None
    """To the first delta of text or transcript."""
    first_audio: float | None
    audio_after_speech: float | None
    """From the end of the speech that it answers to the first delta of audio."""
    done: float | None
    gaps: tuple[float, ...]
    """Between each delta of the response and the next, whatever its kind."""


@dataclass(frozen=True, slots=True)
class Latency:
    """One conversation."""

    handshake: float | None
    """From asking for the connection to the upgrade."""
    session_created: float | None
    """Since connect."""
    responses: tuple[ResponseLatency, ...]


def latency_of(view: View) -> Latency:
    """Take the times of one conversation."""
    opened = view.server("session.created", "transcription_session.created")
    handshake = view.trace.handshake
    return Latency(
        handshake.seconds if handshake is not None else None,
        opened[0].entry.at if opened else None,
        tuple(_response(view, each) for each in view.responses if each.created is not None),
    )


def _response(view: View, response: Response) -> ResponseLatency:
    asked = _asked(view, response)
    deltas = [frame for frame in response.frames if frame.type.endswith(".delta")]
    times = [frame.entry.at for frame in deltas if frame.entry.at is not None]
    first_audio = next((frame for frame in deltas if frame.type in AUDIO), None)
    return ResponseLatency(
        response.id,
        _since(asked, response.created),
        _since(asked, next((frame for frame in deltas if frame.type in TEXTS), None)),
        _since(asked, first_audio),
        _since(_speech_ended(view, response), first_audio),
        _since(asked, response.done),
        tuple(after - before for before, after in pairwise(times)),
    )


def _speech_ended(view: View, response: Response) -> float | None:
    """Return the time at which the speech ended that an unasked response answers."""
    created = response.created
    if created is None or created not in view.unasked_responses:
        return None
    ended = [turn.stopped for turn in view.turns if turn.stopped is not None and turn.stopped.index < created.index]
    return ended[-1].entry.at if ended else None


def _asked(view: View, response: Response) -> float | None:
    """Return the time of the `response.create`, or of the detected turn's commit, that a response answers."""
    if response.cause is not None:
        return response.cause.entry.at
    created = response.created
    if created is None or created not in view.unasked_responses:
        return None
    commits = [frame for frame in view.unasked_commits if frame.index < created.index]
    return commits[-1].entry.at if commits else None


def _since(start: float | None, frame: Frame | None) -> float | None:
    if start is None or frame is None or frame.entry.at is None:
        return None
    return frame.entry.at - start


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which *share* (0 to 1) of *values* lie, interpolated; None if there are none."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def measured(latencies: Iterable[Latency]) -> Mapping[str, tuple[float, ...]]:
    """Put the times of many conversations together: what was waited for -> seconds; empty where nothing was timed."""
    every = list(latencies)
    responses = [response for latency in every for response in latency.responses]
    found: dict[str, list[float | None]] = {
        "handshake": [each.handshake for each in every],
        "session_created": [each.session_created for each in every],
        "response_created": [each.created for each in responses],
        "first_text": [each.first_text for each in responses],
        "first_audio": [each.first_audio for each in responses],
        "audio_after_speech": [each.audio_after_speech for each in responses],
        "response_done": [each.done for each in responses],
        "between_deltas": [gap for each in responses for gap in each.gaps],
    }
    return {name: tuple(value for value in values if value is not None) for name, values in found.items()}


def summary(times: Mapping[str, Sequence[float]]) -> Mapping[str, Mapping[str, float]]:
    """Sum up what `measured` gave: what was waited for -> count, p50, p95, p99 and max; only what was timed."""
    return {name: _summed(values) for name, values in times.items() if values}


def _summed(values: Sequence[float]) -> Mapping[str, float]:
    shares = {name: percentile(values, share) for name, share in SHARES.items()}
    told = {name: value for name, value in shares.items() if value is not None}
    return {"count": len(values), **told, "max": max(values)}
