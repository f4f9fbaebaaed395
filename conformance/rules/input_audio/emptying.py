"""The input audio buffer, emptied: by a commit, by a clear, and never without being asked."""

from __future__ import annotations

from conformance.rules.engine.rule import CLIENT_EVENTS, GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.input_audio.append_commit import (
    APPEND,
    CLEAR,
    CLEARED,
    COMMIT,
    COMMITTED,
    STARTED,
    STOPPED,
    judged_commits,
)
from conformance.trace.frames import NOTHING, string
from conformance.trace.input_buffer import detection_at
from conformance.trace.views import View

rules = Chapter("input_audio")


def _empty_commits(view: View, emptied_by: str) -> Judged:
    """Judge the commits of a buffer that is certainly empty, by what emptied it.

    Whoever takes a commit before any audio takes every empty one: that a later one is taken says nothing of the buffer.
    """
    commits = judged_commits(view)
    never_refused = any(each.size == 0 and each.emptied_by == "start" and not each.exchange.refused for each in commits)
    if never_refused and emptied_by != "start":
        return
    for commit in commits:
        if commit.size != 0 or commit.emptied_by != emptied_by:
            continue
        answer, at = commit.exchange.answer, commit.sent.index
        if answer is not None:
            name = answer.text("item_id") or "an item"
            yield Finding(answer.index, f"an empty buffer was committed as {name}", "an error", COMMITTED)
        elif commit.exchange.refused:
            yield HELD
        elif view.overdue(at, "error"):
            yield Finding(at, "the commit of an empty buffer was not answered", "an error", "nothing")


@rules.must(
    "input_audio.empty-commit-is-refused",
    about={COMMIT},
    covers=("IAB-06",),
    spec=CLIENT_EVENTS + "input_audio_buffer/commit",
    relaxed="Only a buffer without any audio is judged: the 100 ms that endpoints demand are undocumented.",
)
def empty_commit_is_refused(view: View) -> Judged:
    """A commit before any audio was appended is refused by an `error`, and commits nothing."""
    yield from _empty_commits(view, "start")


@rules.must(
    "input_audio.commit-empties-the-buffer",
    about={COMMIT},
    covers=("IAB-07",),
    spec=CLIENT_EVENTS + "input_audio_buffer/commit",
)
def commit_empties_the_buffer(view: View) -> Judged:
    """A commit empties the buffer: a second one right after it is refused."""
    yield from _empty_commits(view, "commit")


@rules.must(
    "input_audio.clear-empties-the-buffer",
    about={CLEAR},
    covers=("IAB-09",),
    spec=CLIENT_EVENTS + "input_audio_buffer/clear",
)
def clear_empties_the_buffer(view: View) -> Judged:
    """A clear empties the buffer: a commit right after it is refused."""
    yield from _empty_commits(view, "clear")


@rules.should(
    "input_audio.empty-commit-has-its-code",
    about={COMMIT},
    covers=("IAB-06",),
    spec=GUIDE + "realtime-conversations",
)
def empty_commit_has_its_code(view: View) -> Judged:
    """The error that refuses an empty commit has the code `input_audio_buffer_commit_empty`."""
    for commit in judged_commits(view):
        if commit.size != 0 or not commit.exchange.refused:
            continue
        error = commit.exchange.refusals[0]
        code = error.part("error").get("code")
        if code == "input_audio_buffer_commit_empty":
            yield HELD
        elif error.whole and (code is None or isinstance(code, str)):
            said = "the refusal of an empty commit has another code"
            yield Finding(error.index, said, "input_audio_buffer_commit_empty", str(code), "/error/code")


@rules.must(
    "input_audio.clear-is-acknowledged",
    about={CLEAR},
    covers=("IAB-09",),
    spec=CLIENT_EVENTS + "input_audio_buffer/clear",
)
def clear_is_acknowledged(view: View) -> Judged:
    """A clear is answered by `input_audio_buffer.cleared`."""
    for exchange in view.exchanges_with(CLEAR):
        if exchange.answer is not None:
            yield HELD
        elif not exchange.refused and view.overdue(exchange.sent.index, CLEARED):
            yield Finding(exchange.sent.index, "the clear was never acknowledged", CLEARED, "nothing")


@rules.must(
    "input_audio.cleared-answers-a-clear",
    about={CLEARED},
    covers=("IAB-09",),
    spec=SERVER_EVENTS + "input_audio_buffer/cleared",
)
def cleared_answers_a_clear(view: View) -> Judged:
    """`input_audio_buffer.cleared` comes once for each clear, and never by itself."""
    if view.partial or view.one_sided:
        return
    asked = {each.answer.index for each in view.exchanges_with(CLEAR) if each.answer is not None}
    asked |= {frame.index for each in view.exchanges_with(CLEAR) for frame in each.possible}
    for frame in view.server(CLEARED):
        if frame.index in asked:
            yield HELD
        else:
            yield Finding(frame.index, "no clear was outstanding", "nothing", CLEARED)


@rules.must(
    "input_audio.commit-starts-no-response",
    about={COMMITTED},
    covers=("IAB-08", "IAB-11"),
    spec=CLIENT_EVENTS + "input_audio_buffer/commit",
)
def commit_starts_no_response(view: View) -> Judged:
    """While turn detection is off, a response starts only when the client asks for one."""
    if view.partial or view.transcription_session or not view.server(COMMITTED):
        return
    # Whoever detects turns all the same answers them: that they are detected has a rule of its own.
    heard = (each.index for each in view.server(STARTED, STOPPED) if detection_at(view, each.index) == NOTHING)
    detected = min(heard, default=len(view.frames))
    for frame in view.unasked_responses:
        if frame.index > detected:
            continue
        if detection_at(view, frame.index) == NOTHING:
            name = string(frame.part("response").get("id")) or "a response"
            yield Finding(frame.index, f"{name} started though nobody asked for it", "nothing", "response.created")
    for commit in judged_commits(view):
        if commit.exchange.answer is not None and view.overdue(commit.exchange.answer.index):
            yield HELD


@rules.must(
    "input_audio.no-speech-while-detection-is-off",
    about={APPEND, STARTED, STOPPED},
    covers=("IAB-11",),
    spec=GUIDE + "realtime-vad",
)
def no_speech_while_detection_is_off(view: View) -> Judged:
    """While turn detection is off, the endpoint announces no speech."""
    open_turn = False
    for frame in view.server(STARTED, STOPPED):
        off = detection_at(view, frame.index) == NOTHING
        if off and (frame.type == STARTED or not open_turn):
            yield Finding(frame.index, "speech was announced while turn detection was off", "nothing", frame.type)
        open_turn = frame.type == STARTED
    for frame in view.client(APPEND)[-1:]:
        if detection_at(view, len(view.frames)) == NOTHING and view.overdue(frame.index):
            yield HELD


@rules.must(
    "input_audio.no-commit-while-detection-is-off",
    about={APPEND, COMMITTED},
    covers=("IAB-11",),
    spec=GUIDE + "realtime-vad",
)
def no_commit_while_detection_is_off(view: View) -> Judged:
    """While turn detection is off, only the client commits the buffer."""
    if view.partial:
        return
    heard = {turn.item_id for turn in view.turns}
    for frame in view.unasked_commits:
        if detection_at(view, frame.index) == NOTHING and frame.text("item_id") not in heard:
            name = frame.text("item_id") or "the buffer"
            yield Finding(frame.index, f"{name} was committed though the client did not ask", "nothing", COMMITTED)
    for frame in view.client(APPEND)[-1:]:
        if detection_at(view, len(view.frames)) == NOTHING and view.overdue(frame.index):
            yield HELD
