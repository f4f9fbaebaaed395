"""The lens on listening: what lay in the input buffer at each commit, and what the endpoint did unasked.

The channel is ordered, so a client event meets the settings of the last accepted `session.update` before it,
whether or not its acknowledgement had been read yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from conformance.trace.frames import NOTHING, Frame, string
from conformance.trace.output_audio import seconds

if TYPE_CHECKING:
    from conformance.trace.canonical import CanonicalTrace
    from conformance.trace.exchanges import Exchange

MISSING: Final = object()
UPDATES = ("session.update", "transcription_session.update")


@dataclass(frozen=True, slots=True, eq=False)
class Commit:
    """One `input_audio_buffer.commit` of the client."""

    exchange: Exchange
    size: int | None
    """Bytes of decoded audio in the buffer; None where that cannot be told."""
    audio_format: str | None
    """Canonical input format in effect; None if it was never shown."""
    emptied_by: str
    """What emptied the buffer last: `start`, `commit` or `clear`."""
    manual: bool
    """Whether turn detection was off, so that only the client commits."""
    ambiguous: bool
    """Whether an error that names no client event may be about this commit."""

    @property
    def sent(self) -> Frame:
        """The client's event."""
        return self.exchange.sent

    @property
    def milliseconds(self) -> float | None:
        """Length of the audio in the buffer; None where that cannot be told."""
        if self.size is None:
            return None
        length = seconds(self.size, self.audio_format)
        return None if length is None else length * 1000


def detection_in(trace: CanonicalTrace, session: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the turn detection of a session object: empty if it is off, None if the object does not tell.

    Off is spelled null; some endpoints write `{"type": "none"}` or `{"type": null}`.
    """
    shown = trace.dialect.setting(session, "turn_detection", MISSING)
    if shown is None:
        return NOTHING
    if not isinstance(shown, dict):
        return None
    return NOTHING if shown.get("type", "server_vad") in (None, "none") else shown


def detection_at(trace: CanonicalTrace, index: int) -> Mapping[str, Any] | None:
    """Return the turn detection in effect before the server's entry *index*, as `detection_in` does."""
    return detection_in(trace, trace.session_at(index))


def bytes_of(frame: Frame) -> int | None:
    """Return the decoded size of an append; None if the recording shortened it or it holds no text."""
    text = frame.text("audio")
    if text is None or not frame.whole:
        return None
    return len(text) * 3 // 4 - text[-2:].count("=")


def unasked_responses_of(trace: CanonicalTrace, exchanges: Sequence[Exchange]) -> tuple[Frame, ...]:
    """Return each `response.created` that no outstanding `response.create` explains.

    One that repeats what runs already begins nothing.
    """
    unasked = _unasked(trace, exchanges, "response.create", "response.created")
    repeated = _repeated(trace) if unasked else frozenset()
    return tuple(frame for frame in unasked if frame.index not in repeated)


def _repeated(trace: CanonicalTrace) -> frozenset[int]:
    """Return where a response is created whose id is that of one that runs."""
    running: set[str] = set()
    found = []
    for frame in trace.server("response.created", "response.done"):
        name = string(frame.part("response").get("id"))
        if name is None:
            continue
        if frame.type == "response.done":
            running.discard(name)
        elif name in running:
            found.append(frame.index)
        else:
            running.add(name)
    return frozenset(found)


def unasked_commits_of(trace: CanonicalTrace, exchanges: Sequence[Exchange]) -> tuple[Frame, ...]:
    """Return each `input_audio_buffer.committed` that no outstanding client commit explains."""
    return _unasked(trace, exchanges, "input_audio_buffer.commit", "input_audio_buffer.committed")


def _unasked(trace: CanonicalTrace, exchanges: Sequence[Exchange], asking: str, answer: str) -> tuple[Frame, ...]:
    """Return the answers that nothing asked for; none where the capture does not hold all that was asked."""
    if trace.one_sided or trace.begins_in_mid_session:
        return ()
    asked = [each for each in exchanges if each.sent.type == asking]
    explained = {each.answer.index for each in asked if each.answer is not None}
    explained |= {frame.index for each in asked for frame in each.possible}
    return tuple(frame for frame in trace.server(answer) if frame.index not in explained)


def commits_of(trace: CanonicalTrace, exchanges: Sequence[Exchange]) -> tuple[Commit, ...]:
    """Replay the input buffer over the client's events; linear."""
    if "input_audio_buffer.commit" not in trace.types:
        return ()
    buffer = _Buffer(trace, exchanges)
    for exchange in exchanges:
        buffer.take(exchange)
    return tuple(buffer.commits)


class _Buffer:
    """What the client may know of the endpoint's input buffer."""

    def __init__(self, trace: CanonicalTrace, exchanges: Sequence[Exchange]) -> None:
        self.trace = trace
        self.size: int | None = None if trace.begins_in_mid_session else 0
        self.read = -1
        """Index of the client event that was read last."""
        self.emptied_by = "start"
        self._meet(trace.sessions[0][1] if trace.sessions else NOTHING)
        named = {error.index for each in exchanges for error in each.refusals}
        self.murk = [frame.index for frame in trace.server("error") if frame.index not in named]
        self.commits: list[Commit] = []

    def take(self, exchange: Exchange) -> None:
        kind = exchange.sent.type
        if self.trace.gap_between(self.read, exchange.sent.index):
            self.size = None
        self.read = exchange.sent.index
        if kind in UPDATES:
            self._update(exchange)
        elif kind == "input_audio_buffer.append":
            self._append(exchange)
        elif kind == "input_audio_buffer.clear" and not exchange.refused:
            self.size, self.emptied_by = 0, "clear"
        elif kind == "input_audio_buffer.commit":
            self._commit(exchange)

    def _update(self, exchange: Exchange) -> None:
        if exchange.refused:
            return
        answer = exchange.answer
        self._meet(self.trace.session_in(answer.index) if answer is not None else NOTHING)

    def _meet(self, session: Mapping[str, Any]) -> None:
        """Take note of the settings that the next events meet."""
        self.session = session
        self.manual = detection_in(self.trace, session) == NOTHING

    def _append(self, exchange: Exchange) -> None:
        if exchange.refused:
            return
        added = bytes_of(exchange.sent)
        if self.size is None or added is None or not self.manual:
            self.size = None
        else:
            self.size += added

    def _commit(self, exchange: Exchange) -> None:
        until = exchange.answer.index if exchange.answer is not None else len(self.trace.frames)
        ambiguous = not exchange.refused and any(exchange.sent.index < each < until for each in self.murk)
        audio_format = self.trace.dialect.audio_format(self.trace.dialect.setting(self.session, "input_format"))
        self.commits.append(Commit(exchange, self.size, audio_format, self.emptied_by, self.manual, ambiguous))
        if exchange.answer is not None:
            self.size, self.emptied_by = 0, "commit"
        elif not exchange.refused or ambiguous:
            self.size = None
