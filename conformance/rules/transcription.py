"""Transcription of what the user said: when it may come, what it names, how it ends."""

from __future__ import annotations

from conformance.rules.engine.rule import GUIDE, HELD, SERVER_EVENTS, TRANSCRIPTION_SESSION, Chapter, Finding, Judged
from conformance.rules.engine.settings import asked_and_not_shown
from conformance.trace.frames import Frame, listing, mapping, string
from conformance.trace.input_buffer import MISSING
from conformance.trace.trace import Direction, EndKind
from conformance.trace.views import View

rules = Chapter("transcription")

PREFIX = "conversation.item.input_audio_transcription."
DELTA, COMPLETED, FAILED = PREFIX + "delta", PREFIX + "completed", PREFIX + "failed"
COMMITTED, STARTED = "input_audio_buffer.committed", "input_audio_buffer.speech_started"
#: Types and codes by which an `error` betrays that it is about a transcription.
TELLTALES = frozenset({"transcription_error", "transcription_failed", "audio_unintelligible"})


def _part(frame: Frame) -> tuple[str, int] | None:
    """Return the content part that a transcription event is about; a delta may leave out the index 0."""
    name = frame.text("item_id")
    if not name or frame.entry.ids_elided:
        return None
    return name, frame.number("content_index") or 0


@rules.must(
    "transcription.only-when-configured",
    about={DELTA, COMPLETED, FAILED, COMMITTED},
    covers=("TRX-01",),
    spec=GUIDE + "realtime-transcription",
    relaxed="Once it was configured, late transcriptions of earlier audio are not judged.",
)
def only_when_configured(view: View) -> Judged:
    """Without a configured transcription there are no transcription events."""
    shown = [
        (index, setting)
        for index, session in view.sessions
        if (setting := view.dialect.setting(session, "transcription", MISSING)) is not MISSING
    ]
    begin = next((index for index, setting in shown if setting is not None), len(view.frames))
    unseen = (index for index, setting in asked_and_not_shown(view, "transcription") if setting is not None)
    begin = min(begin, next(unseen, begin))
    if not shown or (begin == shown[0][0]):
        return
    for frame in view.server(DELTA, COMPLETED, FAILED):
        if shown[0][0] < frame.index < begin:
            said = f"{frame.text('item_id')} was transcribed though the session has no transcription"
            yield Finding(frame.index, said, "nothing", frame.type.rpartition(".")[2])
            return
    if any(frame.index < begin and view.overdue(frame.index) for frame in view.server(COMMITTED)):
        yield HELD


@rules.must(
    "transcription.names-the-users-audio",
    about={DELTA, COMPLETED, FAILED},
    covers=("TRX-02",),
    spec=SERVER_EVENTS + "conversation/item/input_audio_transcription/completed",
    relaxed="A transcription may come before its item and before the commit: streaming models transcribe "
    "while the user speaks. The id only has to be announced somewhere.",
)
def names_the_users_audio(view: View) -> Judged:
    """A transcription names an item of the user's audio."""
    if view.partial:
        return
    spoken = {frame.text("item_id") for frame in view.server(COMMITTED, STARTED)}
    own = {name for response in view.responses for name in response.items}
    judged: set[str] = set()
    for frame in view.server(DELTA, COMPLETED, FAILED):
        part = _part(frame)
        if part is None or part[0] in judged:
            continue
        name = part[0]
        known = name in spoken or name in view.announced
        if known and name not in own:
            judged.add(name)
            yield HELD
        elif known or frame.type != DELTA or view.overdue(frame.index):
            judged.add(name)
            actual = "an item of the assistant" if name in own else "an id that nothing announced"
            yield Finding(frame.index, f"the transcribed {name} is {actual}", "an item of audio", name, "/item_id")


@rules.should(
    "transcription.names-an-audio-part",
    about={COMPLETED, FAILED},
    covers=("TRX-02",),
    spec=SERVER_EVENTS + "conversation/item/input_audio_transcription/completed",
)
def names_an_audio_part(view: View) -> Judged:
    """The `content_index` of a transcription points at an `input_audio` part of the item."""
    for frame in view.server(COMPLETED, FAILED):
        addition = view.announced.get(frame.text("item_id") or "")
        index = frame.number("content_index")
        if addition is None or index is None or not addition.frame.whole:
            continue
        item = addition.frame.part("item")
        content = listing(item.get("content"))
        if not content or item.get("role") != "user":
            continue
        kind = string(mapping(content[index]).get("type")) if 0 <= index < len(content) else "no part"
        if kind == "input_audio":
            yield HELD
        else:
            said = f"part {index} of {addition.item_id} is {kind}"
            yield Finding(frame.index, said, "input_audio", str(kind), "/content_index")


@rules.should(
    "transcription.ends-once",
    about={COMPLETED, FAILED},
    covers=("TRX-03",),
    spec=SERVER_EVENTS + "conversation/item/input_audio_transcription/completed",
)
def ends_once(view: View) -> Judged:
    """Each content part has one end of its transcription: `completed` or `failed`."""
    ended: dict[tuple[str, int], int] = {}
    for frame in view.server(COMPLETED, FAILED):
        part = _part(frame)
        if part is None:
            continue
        if part in ended:
            said = f"the transcription of {part[0]} had already ended at entry {ended[part]}"
            yield Finding(frame.index, said, "one end", "another end")
        else:
            ended[part] = frame.index
            yield HELD


@rules.should(
    "transcription.ends-at-all",
    about={COMMITTED},
    covers=("TRX-03",),
    spec=GUIDE + "realtime-transcription",
    relaxed="Only judged where a script waited for the end and it never came: no document says how long it takes.",
)
def ends_at_all(view: View) -> Judged:
    """With transcription configured, each committed audio gets an end: `completed` or `failed`."""
    ended = {frame.text("item_id") for frame in view.server(COMPLETED, FAILED)}
    for frame in view.server(COMMITTED):
        name = frame.text("item_id")
        if not name or not view.setting_at(frame.index, "transcription"):
            continue
        if name in ended:
            yield HELD
        elif not view.awaited.isdisjoint((COMPLETED, FAILED)):
            yield Finding(frame.index, f"the transcription of {name} never ended", "completed or failed", "nothing")


@rules.should(
    "transcription.end-is-last",
    about={COMPLETED, FAILED},
    covers=("TRX-03",),
    spec=SERVER_EVENTS + "conversation/item/input_audio_transcription/delta",
)
def end_is_last(view: View) -> Judged:
    """No delta follows the end of a transcription."""
    deltas: dict[tuple[str, int], Frame] = {}
    for frame in view.server(DELTA):
        if (part := _part(frame)) is not None:
            deltas[part] = frame
    judged: set[tuple[str, int]] = set()
    for frame in view.server(COMPLETED, FAILED):
        part = _part(frame)
        if part is None or part in judged:
            continue
        judged.add(part)
        late = deltas.get(part)
        if late is not None and late.index > frame.index:
            yield Finding(late.index, f"a delta of {part[0]} came after the end at entry {frame.index}")
        else:
            yield HELD


@rules.may(
    "transcription.deltas-make-the-transcript",
    about={DELTA},
    covers=("TRX-05",),
    spec=SERVER_EVENTS + "conversation/item/input_audio_transcription/delta",
    relaxed="The documents do not promise it: `completed` counts. White space at the ends is not compared.",
)
def deltas_make_the_transcript(view: View) -> Judged:
    """The deltas of a transcription, joined, are its transcript."""
    if view.partial:
        return
    parts: dict[tuple[str, int], list[Frame]] = {}
    for frame in view.server(DELTA):
        if (part := _part(frame)) is not None:
            parts.setdefault(part, []).append(frame)
    for frame in view.server(COMPLETED):
        part, final = _part(frame), frame.text("transcript")
        deltas = [each for each in parts.pop(part, []) if each.index < frame.index] if part is not None else []
        if part is None or not deltas or final is None or not all(each.whole for each in (frame, *deltas)):
            continue
        joined = "".join(each.text("delta") or "" for each in deltas)
        if joined.strip() == final.strip():
            yield HELD
        else:
            said = f"the deltas of {part[0]} make another text"
            yield Finding(frame.index, said, repr(joined[:60]), repr(final[:60]), "/transcript")


@rules.must(
    "transcription.failure-is-its-own-event",
    about={FAILED, "error"},
    covers=("TRX-06",),
    spec=SERVER_EVENTS + "conversation/item/input_audio_transcription/failed",
)
def failure_is_its_own_event(view: View) -> Judged:
    """A transcription that fails is reported by its `failed` event, not by an `error`."""
    for frame in view.server("error"):
        error = frame.part("error")
        tale = next((each for each in (error.get("code"), error.get("type")) if string(each) in TELLTALES), None)
        if tale is not None:
            yield Finding(frame.index, f"an `error` says {tale}", FAILED, "error", "/type")
    for _ in view.server(FAILED):
        yield HELD


@rules.must(
    "transcription.failure-ends-nothing",
    about={FAILED},
    covers=("TRX-06",),
    spec=SERVER_EVENTS + "conversation/item/input_audio_transcription/failed",
)
def failure_ends_nothing(view: View) -> Judged:
    """After a failed transcription the session goes on."""
    for frame in view.server(FAILED)[-1:]:
        end = view.end
        hung_up = end is not None and end.kind in (EndKind.CLOSED, EndKind.DROPPED) and end.by is Direction.SERVER
        if view.overdue(frame.index):
            yield HELD
        elif hung_up and not any(each.index > frame.index for each in view.heard):
            said = "the endpoint hung up after a failed transcription"
            yield Finding(frame.index, said, "a session that goes on", "the end")


@rules.must(
    "transcription.session-never-responds",
    about=TRANSCRIPTION_SESSION,
    covers=("TRX-07",),
    spec=GUIDE + "realtime-transcription",
)
def session_never_responds(view: View) -> Judged:
    """A session of type transcription has no responses."""
    if not view.transcription_session:
        return
    for response in view.responses:
        first = response.frames[0]
        yield Finding(first.index, f"{response.id} appeared in a transcription session", "nothing", first.type)
    if any(view.overdue(frame.index) for frame in view.server(COMMITTED)):
        yield HELD
