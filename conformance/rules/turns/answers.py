"""Turns of detected speech: how they are answered, what they interrupt, and when they time out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from conformance.rules.engine.rule import CLIENT_EVENTS, GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.turns.detection import COMMITTED, STARTED, TIMED_OUT, detection_on
from conformance.trace.frames import Frame, mapping, string, whole_number
from conformance.trace.input_buffer import MISSING, detection_at
from conformance.trace.responses import Response
from conformance.trace.views import View

rules = Chapter("turns")

#: Seconds after which a turn that nobody interrupted should have been answered, if a later one was.
PATIENCE = 3.0
#: Seconds by which an idle timeout may be late.
LATE = 5.0
#: What ends a silence, so that no timeout is due.
ENDS_SILENCE = (STARTED, "response.created", "session.update", "response.create", "conversation.item.create")


@rules.must(
    "turns.committed-turn-is-answered",
    about={COMMITTED},
    covers=("VAD-04", "VAD-09"),
    spec=CLIENT_EVENTS + "session/update",
    relaxed="No document says when: judged where a script waited and it never came, or a later turn was answered.",
)
def committed_turn_is_answered(view: View) -> Judged:
    """With `create_response`, a turn that detection committed is answered by a response."""
    if view.transcription_session:
        return
    starts = [frame.index for frame in view.unasked_responses]
    for frame, until in _until_the_next(view):
        detection = detection_on(view, frame.index)
        if not detection or detection.get("create_response") is False:
            continue
        if any(frame.index < start < until for start in starts):
            yield HELD  # also where the session does not say that it answers by itself, or has null
        elif detection.get("create_response") is True and _passed_over(view, frame, until, starts):
            yield _unanswered(frame)


def _passed_over(view: View, commit: Frame, until: int, starts: list[int]) -> bool:
    """Return whether nothing will answer a turn any more: we waited in vain, or a later turn was answered."""
    if until == len(view.frames):
        return any(each.startswith("response.") for each in view.awaited)
    return any(start > until for start in starts) and _had_time(view, commit)


def _unanswered(frame: Frame) -> Finding:
    name = frame.text("item_id") or "the turn"
    return Finding(frame.index, f"{name} was never answered by a response", "response.created", "nothing")


def _until_the_next(view: View) -> Iterator[tuple[Frame, int]]:
    """Yield each commit of detection, with the entry of the next; the length of the trace for the last."""
    commits = view.unasked_commits
    for position, frame in enumerate(commits):
        yield frame, commits[position + 1].index if position + 1 < len(commits) else len(view.frames)


def _had_time(view: View, commit: Frame) -> bool:
    """Return whether a turn was left alone long enough to be answered: no response ran, nobody spoke at once."""
    running = any(
        each.first < commit.index and (each.open or each.last > commit.index) and not each.out_of_band
        for each in view.responses
    )
    following = next((frame for frame in view.server(STARTED) if frame.index > commit.index), None)
    times = (commit.entry.at, following.entry.at if following is not None else None)
    return not running and times[0] is not None and times[1] is not None and times[1] - times[0] >= PATIENCE


@rules.must(
    "turns.response-follows-a-committed-turn",
    about={STARTED, COMMITTED},
    covers=("VAD-04",),
    spec=GUIDE + "realtime-vad",
)
def response_follows_a_committed_turn(view: View) -> Judged:
    """A response that detection starts answers a turn that was committed before it, each turn once."""
    if view.partial or view.transcription_session or not view.server(STARTED, COMMITTED):
        return
    starts = {frame.index for frame in view.unasked_responses}
    committed, mixed = False, 0
    for frame in view.server(COMMITTED, "response.created"):
        if frame.type == COMMITTED:
            committed = True
        elif frame.index not in starts:
            mixed += committed  # it may answer that turn, and what seems to start by itself the client's request
        elif mixed and not committed:
            mixed -= 1
        elif frame.index in starts and (detection := detection_on(view, frame.index)):
            if committed and detection.get("create_response") is not False:
                yield HELD
            elif not committed and detection.get("create_response") is True:
                name = string(frame.part("response").get("id")) or "a response"
                yield Finding(frame.index, f"{name} started by itself before any new turn was committed")
            committed = False


@rules.must(
    "turns.no-response-by-itself",
    about={COMMITTED},
    covers=("VAD-05",),
    spec=CLIENT_EVENTS + "session/update",
)
def no_response_by_itself(view: View) -> Judged:
    """With `create_response` false, a response starts only when the client asks for one."""
    if view.partial:
        return
    for frame in view.unasked_responses:
        if detection_on(view, frame.index).get("create_response") is False:
            name = string(frame.part("response").get("id")) or "a response"
            yield Finding(frame.index, f"{name} started though nobody asked for it", "nothing", "response.created")
    for frame in view.unasked_commits:
        if detection_on(view, frame.index).get("create_response") is False and view.overdue(frame.index):
            yield HELD


def _interrupted(view: View, interrupt: bool) -> Iterator[tuple[Frame, Response]]:
    """Yield each pair of a `speech_started` and the response of the conversation that ran when it came."""
    coming = deque(_finished(view))
    running: list[Response] = []
    for frame in view.server(STARTED):
        while coming and coming[0][0] < frame.index:
            running.append(coming.popleft()[1])
        running = [response for response in running if response.last > frame.index]
        detection = detection_at(view, frame.index)
        if detection and (detection.get("interrupt_response") is not False) is interrupt:
            yield from ((frame, response) for response in running)


def _finished(view: View) -> list[tuple[int, Response]]:
    """Return the responses of the conversation that came to an end, and where they began, in that order."""
    judged = [
        (response.created.index, response)
        for response in view.responses
        if response.created is not None and not (response.open or response.out_of_band or response.gapped)
    ]
    return sorted(judged, key=lambda pair: pair[0])


@rules.must(
    "turns.speech-interrupts-the-response",
    about={STARTED},
    covers=("VAD-06",),
    spec=CLIENT_EVENTS + "session/update",
    relaxed="A response that completes with at most one further delta had been generated already: not judged.",
)
def speech_interrupts_the_response(view: View) -> Judged:
    """With `interrupt_response`, speech during a response cancels it."""
    for started, response in _interrupted(view, True):
        late = [each for each in response.frames if each.index > started.index and each.type.endswith(".delta")]
        if response.status == "cancelled":
            yield HELD
        elif response.status == "completed" and len(late) > 1:
            said = f"{response.id} went on to completion after speech had started"
            yield Finding(late[0].index, said, "status cancelled", "status completed")


@rules.must(
    "turns.interruption-gives-its-reason",
    about={STARTED},
    covers=("VAD-06",),
    spec=SERVER_EVENTS + "response/done",
)
def interruption_gives_its_reason(view: View) -> Judged:
    """A response that speech cancelled says `turn_detected`, not that the client cancelled it."""
    cancels = view.client("response.cancel")
    for _, response in _interrupted(view, True):
        reason = string(mapping(response.final.get("status_details")).get("reason"))
        if response.status != "cancelled" or any(each.index < response.last for each in cancels):
            continue
        if reason == "turn_detected":
            yield HELD
        elif reason == "client_cancelled":
            said = f"speech cancelled {response.id}, but the client is said to have done it"
            yield Finding(response.last, said, "turn_detected", reason, "/response/status_details/reason")


@rules.must(
    "turns.uninterrupted-response-runs-on",
    about={STARTED},
    covers=("VAD-07",),
    spec=CLIENT_EVENTS + "session/update",
)
def uninterrupted_response_runs_on(view: View) -> Judged:
    """With `interrupt_response` false, speech during a response does not cancel it."""
    for _, response in _interrupted(view, False):
        reason = mapping(response.final.get("status_details")).get("reason")
        if response.status == "completed":
            yield HELD
        elif response.status == "cancelled" and reason == "turn_detected":
            said = f"speech cancelled {response.id} though `interrupt_response` is false"
            yield Finding(response.last, said, "status completed", "cancelled by turn_detected", "/response/status")


@rules.must(
    "turns.timeout-is-committed",
    about={TIMED_OUT},
    covers=("VAD-09",),
    spec=SERVER_EVENTS + "input_audio_buffer/timeout_triggered",
    speaks={TIMED_OUT},
)
def timeout_is_committed(view: View) -> Judged:
    """`timeout_triggered` is followed by the commit of the item that it names."""
    committed = {frame.text("item_id"): frame.index for frame in view.server(COMMITTED)}
    for frame in view.server(TIMED_OUT):
        name = frame.text("item_id")
        if name is None or frame.entry.ids_elided:
            continue
        if committed.get(name, -1) > frame.index:
            yield HELD
        elif view.overdue(frame.index, COMMITTED, "conversation.item.added", "response.created", "response.done"):
            yield Finding(frame.index, f"{name} timed out but was never committed", COMMITTED, "nothing", "/item_id")


@rules.should(
    "turns.an-idle-timeout-ends-the-silence",
    about={"response.output_audio.delta", "response.output_audio.done"},
    covers=("VAD-12",),
    spec=SERVER_EVENTS + "input_audio_buffer/timeout_triggered",
    speaks={TIMED_OUT},
    relaxed="Judged where nobody broke the silence until some seconds after the timeout and the sound of the answer.",
)
def an_idle_timeout_ends_the_silence(view: View) -> Judged:
    """`timeout_triggered` comes once the session's `idle_timeout_ms` have passed after the sound of an answer."""
    for response in view.responses if view.sounds else ():
        due = _due(view, response)
        if response.done is None or due is None:
            continue
        for frame in view.frames[response.done.index + 1 :]:
            at = frame.entry.at
            if frame.type == TIMED_OUT:
                yield HELD
            elif at is not None and at >= due + LATE:
                message = f"{at - due:.0f} s after the idle timeout was due, nothing had ended the silence."
                yield Finding(response.done.index, message, TIMED_OUT, "nothing")
            elif frame.type not in ENDS_SILENCE:
                continue
            break


def _due(view: View, response: Response) -> float | None:
    """Return when the silence after an answer has lasted too long, in seconds; None if that cannot be told."""
    done = response.done
    if done is None or done.entry.at is None or response.gapped or any(gap > done.index for gap in view.gaps):
        return None
    wait = whole_number(detection_on(view, done.index).get("idle_timeout_ms"))
    heard = [each.seconds for each in view.sounds if each.response is response]
    if not wait or not heard or None in heard:
        return None
    return done.entry.at + wait / 1000 + sum(each for each in heard if each is not None)


@rules.should(
    "turns.detection-is-on-at-first",
    about={"session.created"},
    covers=("VAD-11",),
    spec=GUIDE + "realtime-vad",
    relaxed="An endpoint that cannot detect turns has nothing to switch on: only one that later does is judged.",
)
def detection_is_on_at_first(view: View) -> Judged:
    """A conversation begins with turn detection switched on, where there is any."""
    if view.transcription_session:
        return
    for frame in view.server("session.created")[:1]:
        shown = view.dialect.setting(frame.part("session"), "turn_detection", MISSING)
        if not frame.whole or shown is MISSING or not (shown is None or isinstance(shown, dict)):
            continue
        kind = shown.get("type") if isinstance(shown, dict) else None
        if isinstance(kind, str) and kind != "none":
            yield HELD
        elif _detects_later(view):
            yield Finding(frame.index, "the session begins without turn detection", "server_vad", str(kind))


def _detects_later(view: View) -> bool:
    """Return whether the endpoint shows somewhere that it can detect turns."""
    shown = (view.dialect.setting(session, "turn_detection") for _, session in view.sessions)
    types = (each.get("type") for each in shown if isinstance(each, dict))
    return any(isinstance(kind, str) and kind != "none" for kind in types)
