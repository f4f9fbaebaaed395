"""The input audio buffer: append, commit, clear, and what the endpoint may do with them by itself."""

from __future__ import annotations

from conformance.rules.rule import CLIENT_EVENTS, GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.frames import NOTHING, Frame, listing, mapping, string
from conformance.trace.listening import Commit, detection_at
from conformance.trace.sound import decoded
from conformance.trace.trace import Direction, EndKind
from conformance.trace.views import View

rules = Chapter("input_audio")

APPEND, COMMIT, CLEAR = "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear"
COMMITTED, CLEARED = "input_audio_buffer.committed", "input_audio_buffer.cleared"
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
ADDED = "conversation.item.added"

#: Most bytes of base64 text that one append may carry (reference of the append event: 15 MiB).
MOST_BYTES = 15 * 1024 * 1024
#: The least audio that a commit needs, by the error message real endpoints send.
LEAST_MS = 100
#: Every character that some base64 alphabet or a lenient decoder knows.
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \t\r\n"


def undecodable(frame: Frame) -> bool:
    """Tell whether an append's audio is base64 in no reading at all."""
    text = frame.text("audio")
    if text is None or not frame.whole:
        return False
    return not text.isascii() or bool(text.encode("ascii").translate(None, BASE64))


def hung_up_after(view: View, index: int) -> bool:
    """Tell whether the server ended the connection after entry *index* without answering anything more."""
    end = view.end
    if end is None or end.by is not Direction.SERVER or end.kind not in (EndKind.CLOSED, EndKind.DROPPED):
        return False
    return not any(frame.index > index for frame in view.heard)


@rules.must(
    "input_audio.append-is-not-acknowledged",
    about={APPEND},
    covers=("IAB-01",),
    spec=CLIENT_EVENTS + "input_audio_buffer/append",
    softened="Such an acknowledgement has no documented name: what counts is an event named after the append.",
)
def append_is_not_acknowledged(view: View) -> Judged:
    """The endpoint answers an `input_audio_buffer.append` with no event of its own."""
    last = view.client(APPEND)[-1:]
    for kind in (APPEND, "input_audio_buffer.appended"):
        for frame in view.server(kind):
            yield Finding(
                frame.index, f"{frame.type} came, which no append asks for", "nothing", frame.type, "/type"
            )
            return
    if last and view.overdue(last[0].index):
        yield HELD


@rules.must(
    "input_audio.legal-append-is-accepted",
    about={APPEND},
    covers=("IAB-02",),
    spec=CLIENT_EVENTS + "input_audio_buffer/append",
    softened="The documents do not say whether the 15 MiB count base64 or bytes, nor how more is refused: "
    "only appends that are legal by both counts are judged.",
)
def legal_append_is_accepted(view: View) -> Judged:
    """An append of valid base64 of up to 15 MiB is accepted, without an error and without hanging up."""
    last = view.client(APPEND)[-1:]
    for exchange in view.exchanges_with(APPEND):
        sent, text = exchange.sent, exchange.sent.text("audio")
        if not text or sent.entry.deliberate or not sent.whole or len(text) > MOST_BYTES:
            continue
        hung_up = sent in last and hung_up_after(view, sent.index)
        if not exchange.refused and not hung_up:
            if sent in last and view.overdue(sent.index):
                yield HELD
        elif decoded(text) is not None:
            came = "an error" if exchange.refused else "the end of the connection"
            at = exchange.errors[0].index if exchange.refused else sent.index
            yield Finding(
                at, f"an append of {len(text)} characters of base64 was answered by {came}", "nothing", came
            )


@rules.should(
    "input_audio.undecodable-append-is-refused",
    about={APPEND},
    covers=("IAB-03",),
    spec=CLIENT_EVENTS + "input_audio_buffer/append",
    softened="The documents do not say what happens to an append that is no base64, and decoders forgive "
    "different things: only characters that no base64 alphabet has are judged.",
)
def undecodable_append_is_refused(view: View) -> Judged:
    """An append whose audio is no base64 is refused by an `error`, and the connection stays."""
    unnamed = [error.index for error in view.server("error") if error.index not in view.blamed]
    for exchange in view.exchanges_with(APPEND):
        sent = exchange.sent
        if not undecodable(sent):
            continue
        if exchange.refused or any(index > sent.index for index in unnamed):
            yield HELD
        elif hung_up_after(view, sent.index):
            yield Finding(
                sent.index, "the endpoint hung up on audio that is no base64", "an error", "the end"
            )
        elif view.overdue(sent.index, "error"):
            yield Finding(sent.index, "audio that is no base64 was accepted", "an error", "nothing", "/audio")


def _commits(view: View) -> list[Commit]:
    """Give the commits that can be judged: only the client commits, and no stray error may be about them."""
    return [each for each in view.commits if each.manual and not each.murky]


@rules.must(
    "input_audio.commit-is-acknowledged",
    about={COMMIT},
    covers=("IAB-04",),
    spec=CLIENT_EVENTS + "input_audio_buffer/commit",
    softened="Less than 100 ms of audio is not judged: real endpoints refuse it, undocumented.",
)
def commit_is_acknowledged(view: View) -> Judged:
    """A commit of a buffer that holds audio is answered by `input_audio_buffer.committed`."""
    for commit in _commits(view):
        length, at = commit.milliseconds, commit.sent.index
        if length is None or length < LEAST_MS:
            continue
        if commit.exchange.refused:
            at = commit.exchange.errors[0].index
            yield Finding(at, f"the commit of {length:.0f} ms of audio was refused", COMMITTED, "an error")
        elif commit.exchange.answer is not None:
            yield HELD
        elif view.overdue(at, COMMITTED, ADDED):
            yield Finding(
                at, f"the commit of {length:.0f} ms of audio was never acknowledged", COMMITTED, "nothing"
            )


@rules.must(
    "input_audio.committed-audio-becomes-an-item",
    about={COMMITTED},
    covers=("IAB-04",),
    spec=SERVER_EVENTS + "input_audio_buffer/committed",
)
def committed_audio_becomes_an_item(view: View) -> Judged:
    """Committed audio becomes an item of the conversation, under the id that `committed` gave."""
    for frame in view.server(COMMITTED):
        name = frame.text("item_id")
        if not name or frame.entry.ids_elided:
            continue
        if name in view.announced:
            yield HELD
        elif view.overdue(frame.index, ADDED):
            yield Finding(
                frame.index, f"no item {name} was ever announced", f"{ADDED} of {name}", "none", "/item_id"
            )


@rules.must(
    "input_audio.committed-precedes-its-item",
    about={COMMITTED},
    covers=("IAB-05",),
    spec=SERVER_EVENTS + "input_audio_buffer/committed",
)
def committed_precedes_its_item(view: View) -> Judged:
    """`input_audio_buffer.committed` comes before the event that announces its item."""
    seen: set[str] = set()
    for frame in view.server(COMMITTED):
        name = frame.text("item_id")
        addition = view.announced.get(name) if name else None
        if not name or name in seen or addition is None:
            continue
        seen.add(name)
        if addition.frame.index > frame.index:
            yield HELD
        else:
            yield Finding(addition.frame.index, f"the item {name} was announced before it was committed")


@rules.must(
    "input_audio.committed-item-is-new",
    about={COMMITTED},
    covers=("IAB-10",),
    spec=SERVER_EVENTS + "input_audio_buffer/committed",
)
def committed_item_is_new(view: View) -> Judged:
    """Each commit makes a new item: no two commits give the same item id."""
    seen: dict[str, int] = {}
    for frame in view.server(COMMITTED):
        name = frame.text("item_id")
        if not name or frame.entry.ids_elided:
            continue
        if name in seen:
            yield Finding(frame.index, f"{name} was committed before, at entry {seen[name]}", path="/item_id")
        else:
            yield HELD
        seen.setdefault(name, frame.index)


@rules.must(
    "input_audio.committed-names-its-predecessor",
    about={COMMITTED},
    covers=("IAB-10",),
    spec=SERVER_EVENTS + "input_audio_buffer/committed",
    softened="A null or absent `previous_item_id` is not judged here: some endpoints never fill it.",
)
def committed_names_its_predecessor(view: View) -> Judged:
    """The `previous_item_id` of `committed` names an item that is in the conversation."""
    if view.partial:
        return
    known: set[str] = set()
    for frame in view.server(COMMITTED, ADDED, "conversation.item.deleted"):
        name = frame.text("item_id") or string(frame.part("item").get("id"))
        if frame.type == "conversation.item.deleted":
            known.discard(name or "")
            continue
        previous = frame.text("previous_item_id")
        if frame.type == COMMITTED and previous is not None:
            if previous in known:
                yield HELD
            else:
                said = f"{name} was committed after {previous}, which is not in the conversation"
                yield Finding(frame.index, said, "an item of the conversation", previous, "/previous_item_id")
        if name:
            known.add(name)


@rules.must(
    "input_audio.committed-item-is-the-users-audio",
    about={COMMITTED},
    covers=("IAB-04",),
    spec=SERVER_EVENTS + "input_audio_buffer/committed",
)
def committed_item_is_the_users_audio(view: View) -> Judged:
    """The item of committed audio is a message of the user that holds `input_audio`."""
    for frame in view.server(COMMITTED):
        addition = view.announced.get(frame.text("item_id") or "")
        if addition is None or not addition.frame.whole:
            continue
        item, at = addition.frame.part("item"), addition.frame.index
        role, content = string(item.get("role")), listing(item.get("content"))
        kinds = [string(mapping(part).get("type")) for part in content]
        if role is not None and role != "user":
            said = f"the committed item {addition.item_id} is not the user's"
            yield Finding(at, said, "user", role, "/item/role")
        elif kinds and "input_audio" not in kinds:
            came = ", ".join(str(kind) for kind in kinds)
            said = f"the committed item {addition.item_id} holds no audio"
            yield Finding(at, said, "input_audio", came, "/item/content")
        elif role and kinds:
            yield HELD


def _empty_commits(view: View, emptied_by: str) -> Judged:
    """Judge the commits of a buffer that is certainly empty, by what emptied it."""
    for commit in _commits(view):
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
    softened="Only a buffer without any audio is judged: the 100 ms that endpoints demand are undocumented.",
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
    for commit in _commits(view):
        if commit.size != 0 or not commit.exchange.refused:
            continue
        error = commit.exchange.errors[0]
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
    if view.partial:
        return
    asked = {each.answer.index for each in view.exchanges_with(CLEAR) if each.answer is not None}
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
    if view.partial or view.transcription_session:
        return
    for frame in view.unasked_responses:
        if detection_at(view, frame.index) == NOTHING:
            name = string(frame.part("response").get("id")) or "a response"
            yield Finding(
                frame.index, f"{name} started though nobody asked for it", "nothing", "response.created"
            )
    for commit in _commits(view):
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
            yield Finding(
                frame.index, "speech was announced while turn detection was off", "nothing", frame.type
            )
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
            yield Finding(
                frame.index, f"{name} was committed though the client did not ask", "nothing", COMMITTED
            )
    for frame in view.client(APPEND)[-1:]:
        if detection_at(view, len(view.frames)) == NOTHING and view.overdue(frame.index):
            yield HELD
