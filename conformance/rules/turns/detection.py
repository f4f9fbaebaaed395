"""Turns of detected speech: started, stopped, committed, and where in the audio."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.rules.engine.rule import GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.frames import NOTHING, Frame, whole_number
from conformance.trace.input_buffer import bytes_of, detection_at
from conformance.trace.output_audio import seconds
from conformance.trace.vad_turns import Turn
from conformance.trace.views import View

rules = Chapter("turns")

APPEND, COMMIT = "input_audio_buffer.append", "input_audio_buffer.commit"
COMMITTED, TIMED_OUT = "input_audio_buffer.committed", "input_audio_buffer.timeout_triggered"
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
#: Client events after which a turn may end otherwise than by silence.
MEDDLING = (COMMIT, "input_audio_buffer.clear", "session.update")
#: How far a reported position may lie beyond the audio that was sent: part of it, and milliseconds.
SLACK, SLACK_MS = 1.05, 500


def _meddled(view: View, first: int, last: int) -> bool:
    """Return whether the client committed, cleared or changed settings between two entries."""
    return any(first < frame.index < last and not _names_nothing(frame) for frame in view.client(*MEDDLING))


def _names_nothing(frame: Frame) -> bool:
    """Return whether a client event is an update that names no setting."""
    return frame.type == "session.update" and not frame.part("session").keys() - {"type"}


def detection_on(view: View, index: int) -> Mapping[str, Any]:
    """Return the turn detection in effect before entry *index*; empty where it is off or unknown."""
    return detection_at(view, index) or NOTHING


@rules.must(
    "turns.speech-alternates",
    about={STARTED, STOPPED},
    covers=("VAD-01",),
    spec=SERVER_EVENTS + "input_audio_buffer/speech_started",
    relaxed="A client that commits, clears or changes settings during speech may end a turn early.",
)
def speech_alternates(view: View) -> Judged:
    """`speech_started` and `speech_stopped` alternate, and `speech_started` comes first."""
    before: Frame | None = None
    heard = next((frame.index for frame in view.client(APPEND)), -1)  # what was configured before meddles with nothing
    for frame in view.server(STARTED, STOPPED):
        first = before.index if before is not None else heard
        if frame.type != (STOPPED if before is not None and before.type == STARTED else STARTED):
            known = before.index if before is not None else -1
            if not view.gap_between(known, frame.index) and not _meddled(view, first, frame.index):
                actual = "no speech_started" if before is None else before.type.rpartition(".")[2]
                said = f"{frame.type.rpartition('.')[2]} came after {actual}"
                yield Finding(frame.index, said, STARTED if frame.type == STOPPED else STOPPED, frame.type)
        elif before is not None:
            yield HELD
        before = frame


@rules.must(
    "turns.stopped-names-its-speech",
    about={STOPPED},
    covers=("VAD-02",),
    spec=SERVER_EVENTS + "input_audio_buffer/speech_stopped",
)
def stopped_names_its_speech(view: View) -> Judged:
    """`speech_stopped` names the item that its `speech_started` named."""
    for turn in view.turns:
        if turn.started is None or turn.stopped is None:
            continue
        began, ended = turn.item_id, turn.stopped.text("item_id")
        if began is None or ended is None or _meddled(view, turn.started.index, turn.stopped.index):
            continue
        if began == ended:
            yield HELD
        else:
            yield Finding(turn.stopped.index, f"speech of {began} ended as {ended}", began, ended, "/item_id")


def _ended(view: View) -> Iterator[tuple[Turn, Frame, Frame | None]]:
    """Yield each turn that ended by silence, its `speech_stopped`, and the first commit since it began."""
    committed = view.server(COMMITTED)
    position = 0
    for turn in view.turns:
        if turn.started is None or turn.stopped is None or not turn.item_id:
            continue
        while position < len(committed) and committed[position].index < turn.started.index:
            position += 1
        following = committed[position] if position < len(committed) else None
        until = following.index if following is not None else len(view.frames)
        if not _meddled(view, turn.started.index, max(turn.stopped.index, until)):
            yield turn, turn.stopped, following


@rules.must(
    "turns.committed-names-its-speech",
    about={COMMITTED},
    covers=("VAD-02",),
    spec=SERVER_EVENTS + "input_audio_buffer/speech_started",
    relaxed="A client's commit during speech is not judged: the documents do not say which id it gives.",
)
def committed_names_its_speech(view: View) -> Judged:
    """The commit that ends a turn names the item that `speech_started` announced."""
    for turn, _, committed in _ended(view):
        name = committed.text("item_id") if committed is not None else None
        if committed is None or name is None or committed.entry.ids_elided:
            continue
        if name == turn.item_id:
            yield HELD
        else:
            said = f"speech announced as {turn.item_id} was committed as {name}"
            yield Finding(committed.index, said, turn.item_id or "", name, "/item_id")


@rules.must(
    "turns.speech-ends-in-a-commit",
    about={STOPPED},
    covers=("VAD-10", "VAD-04"),
    spec=SERVER_EVENTS + "input_audio_buffer/speech_stopped",
)
def speech_ends_in_a_commit(view: View) -> Judged:
    """Each detected turn ends in `input_audio_buffer.committed`."""
    turns = list(_ended(view))
    for position, (turn, stopped, committed) in enumerate(turns):
        following = turns[position + 1][0].first if position + 1 < len(turns) else None
        if committed is not None and (following is None or committed.index < following):
            yield HELD
        elif following is not None or view.overdue(stopped.index, COMMITTED, "conversation.item.added"):
            yield Finding(stopped.index, f"the speech of {turn.item_id} was never committed", COMMITTED, "nothing")


def _committed_without_an_end(view: View) -> Iterator[Finding]:
    """Find the commits of detection before which no speech was said to have stopped, nor a timeout to have come."""
    if view.partial or view.begins_in_mid_session:
        return
    before = next((frame.index for frame in view.client(APPEND)), -1)
    unasked = {frame.index for frame in view.unasked_commits}
    ends = [each.index for each in view.server(STOPPED, TIMED_OUT)]
    stopped = {each.text("item_id") for each in view.server(STOPPED)}
    for frame in view.server(COMMITTED):
        told = bisect_right(ends, before) < bisect_left(ends, frame.index)
        late = frame.text("item_id") in stopped
        judged = frame.index in unasked and bool(detection_on(view, frame.index))
        if judged and not told and not late and not _meddled(view, before, frame.index):
            message = f"{frame.text('item_id')} was committed, and no speech was said to have stopped"
            yield Finding(frame.index, message, STOPPED, "nothing")
        before = frame.index


@rules.should(
    "turns.stopped-precedes-committed",
    about={STARTED, STOPPED, COMMITTED},
    covers=("VAD-04",),
    spec=GUIDE + "realtime-vad",
)
def stopped_precedes_committed(view: View) -> Judged:
    """A turn is committed after its `speech_started` and its `speech_stopped`."""
    yield from _committed_without_an_end(view)
    for turn, stopped, committed in _ended(view):
        if committed is None or committed.text("item_id") != turn.item_id:
            continue
        if stopped.index < committed.index:
            yield HELD
        else:
            yield Finding(committed.index, f"{turn.item_id} was committed before its speech had stopped")


@rules.must(
    "turns.speech-ends-after-it-begins",
    about={STARTED, STOPPED, TIMED_OUT},
    covers=("VAD-03",),
    spec=SERVER_EVENTS + "input_audio_buffer/speech_stopped",
)
def speech_ends_after_it_begins(view: View) -> Judged:
    """Within a turn, `audio_end_ms` is not before `audio_start_ms`, and that is not negative."""
    pairs = [(turn.started, turn.stopped) for turn in view.turns if turn.started and turn.stopped]
    for began, ended in [*pairs, *((frame, frame) for frame in view.server(TIMED_OUT))]:
        start, end = began.number("audio_start_ms"), ended.number("audio_end_ms")
        if start is None or end is None:
            continue
        if 0 <= start <= end:
            yield HELD
        else:
            said = f"the speech goes from {start} ms to {end} ms"
            yield Finding(ended.index, said, f"at least {max(start, 0)}", str(end), "/audio_end_ms")


@rules.should(
    "turns.positions-advance",
    about={STARTED},
    covers=("VAD-03",),
    spec=SERVER_EVENTS + "input_audio_buffer/speech_started",
    relaxed="Only beginnings are compared: a turn may begin before the end of the turn before it, "
    "because the start includes the prefix padding.",
)
def positions_advance(view: View) -> Judged:
    """Each turn begins later in the session's audio than the turn before it."""
    last: int | None = None
    for frame in view.server(STARTED):
        start = frame.number("audio_start_ms")
        if start is None:
            continue
        if last is not None and start < last:
            said = f"the turn begins at {start} ms, the turn before it at {last} ms"
            yield Finding(frame.index, said, f"at least {last}", str(start), "/audio_start_ms")
        elif last is not None:
            yield HELD
        last = start


@rules.should(
    "turns.positions-lie-in-the-audio",
    about={STOPPED},
    covers=("VAD-03",),
    spec=SERVER_EVENTS + "input_audio_buffer/speech_stopped",
    relaxed="Positions may exceed the audio that was sent by 5 % and half a second.",
)
def positions_lie_in_the_audio(view: View) -> Judged:
    """Positions are milliseconds of the audio that was sent, so none lies beyond its end."""
    formats = {view.dialect.audio_format(view.dialect.setting(each, "input_format")) for _, each in view.sessions}
    if len(formats) != 1 or view.partial:
        return
    audio_format, sent = formats.pop(), 0
    appends = iter(view.client(APPEND))
    coming = next(appends, None)
    for frame in view.server(STOPPED):
        while coming is not None and coming.index < frame.index:
            size = bytes_of(coming)
            if size is None:
                return
            sent, coming = sent + size, next(appends, None)
        length, end = seconds(sent, audio_format), frame.number("audio_end_ms")
        if not sent or length is None or end is None:
            continue
        if end <= length * 1000 * SLACK + SLACK_MS:
            yield HELD
        else:
            said = f"the speech ends at {end} ms, but only {length * 1000:.0f} ms were sent"
            yield Finding(frame.index, said, f"at most {length * 1000:.0f}", str(end), "/audio_end_ms")


@rules.may(
    "turns.end-includes-the-silence",
    about={STOPPED},
    covers=("VAD-08",),
    spec=SERVER_EVENTS + "input_audio_buffer/speech_stopped",
    relaxed="Only the length is judged: where the speech really began and ended, the wire does not tell.",
)
def end_includes_the_silence(view: View) -> Judged:
    """A turn is at least as long as the silence that ended it."""
    for turn in view.turns:
        if turn.started is None or turn.stopped is None:
            continue
        if _meddled(view, turn.started.index, turn.stopped.index):
            continue
        silence = whole_number(detection_on(view, turn.stopped.index).get("silence_duration_ms"))
        start, end = turn.started.number("audio_start_ms"), turn.stopped.number("audio_end_ms")
        if silence is None or start is None or end is None or not 0 <= start <= end:
            continue
        if end - start >= silence:
            yield HELD
        else:
            said = f"{turn.item_id} is {end - start} ms long, but {silence} ms of silence ended it"
            yield Finding(turn.stopped.index, said, f"at least {silence}", str(end - start), "/audio_end_ms")
