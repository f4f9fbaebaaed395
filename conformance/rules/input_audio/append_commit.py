"""The input audio buffer: what may be appended, and what becomes of committed audio."""

from __future__ import annotations

from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.anonymous_errors import kinds_pointed_to
from conformance.trace.exchanges import ACKNOWLEDGED_BY
from conformance.trace.frames import Frame, listing, mapping, string
from conformance.trace.input_buffer import Commit
from conformance.trace.output_audio import measured
from conformance.trace.trace import Direction, EndKind
from conformance.trace.views import View

rules = Chapter("input_audio")

APPEND, COMMIT, CLEAR = "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear"
COMMITTED, CLEARED = "input_audio_buffer.committed", "input_audio_buffer.cleared"
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
ADDED = "conversation.item.added"

#: Most bytes of base64 text that one append may carry (reference of the append event: 15 MiB).
MOST_BYTES = 15 * 1024 * 1024
#: No append has so many bytes beside its audio.
ENVELOPE = 1024
#: The least audio that a commit needs, by the error message real endpoints send.
LEAST_MS = 100
#: Every character that some base64 alphabet or a lenient decoder knows.
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \t\r\n"


def undecodable(frame: Frame) -> bool:
    """Return whether an append's audio is base64 in no reading at all."""
    text = frame.text("audio")
    if text is None or not frame.whole:
        return False
    return not text.isascii() or bool(text.encode("ascii").translate(None, BASE64))


#: Close codes of an endpoint that leaves whatever it was sent: it goes away, restarts, is asked to come back later.
LEAVES = frozenset({1001, 1012, 1013})


def hung_up_after(view: View, index: int) -> bool:
    """Return whether the server ended the connection after entry *index*, which was all that was left to answer.

    Whoever leaves by a code that says so has a reason of its own.
    """
    if not _hung_up(view):
        return False
    asked = any(frame.index > index for frame in view.said)
    pending = any(
        each.open and each.sent.index < index and each.sent.type in ACKNOWLEDGED_BY for each in view.exchanges
    )
    return not (asked or pending or any(frame.index > index for frame in view.heard))


def _hung_up(view: View) -> bool:
    end = view.end
    if end is None or end.by is not Direction.SERVER or end.code in LEAVES:
        return False
    return end.kind in (EndKind.CLOSED, EndKind.DROPPED)


@rules.must(
    "input_audio.append-is-not-acknowledged",
    about={APPEND},
    covers=("IAB-01",),
    spec=CLIENT_EVENTS + "input_audio_buffer/append",
    relaxed="Such an acknowledgement has no documented name: an event named after the append counts.",
)
def append_is_not_acknowledged(view: View) -> Judged:
    """The endpoint answers an `input_audio_buffer.append` with no event of its own."""
    last = view.client(APPEND)[-1:]
    for kind in (APPEND, "input_audio_buffer.appended"):
        for frame in view.server(kind):
            yield Finding(frame.index, f"{frame.type} came, which no append asks for", "nothing", frame.type, "/type")
            return
    if last and view.overdue(last[0].index):
        yield HELD


@rules.must(
    "input_audio.legal-append-is-accepted",
    about={APPEND},
    covers=("IAB-02",),
    spec=CLIENT_EVENTS + "input_audio_buffer/append",
    relaxed="The documents do not say whether the 15 MiB count base64 or bytes, nor how more is refused: "
    "only appends that are legal by both counts are judged.",
)
def legal_append_is_accepted(view: View) -> Judged:
    """An append of valid base64 of up to 15 MiB is accepted, without an error and without hanging up."""
    last = view.client(APPEND)[-1:]
    for exchange in view.exchanges_with(APPEND):
        sent = exchange.sent
        if not exchange.refused and sent not in last:
            continue  # that it was accepted is said once, of the last
        text = sent.text("audio")
        if not text or sent.entry.deliberate or not sent.whole or len(text) > MOST_BYTES:
            continue
        errors = [each for each in exchange.refusals if each in exchange.errors or kinds_pointed_to(each)]
        if not errors and not (sent in last and hung_up_after(view, sent.index)):
            if sent in last and view.overdue(sent.index) and not exchange.refused:
                yield HELD
        elif measured(text) is not None:
            actual = "an error" if errors else "the end of the connection"
            at = errors[0].index if errors else sent.index
            yield Finding(
                at, f"an append of {len(text)} characters of base64 was answered by {actual}", "nothing", actual
            )


def _beyond_the_largest(view: View) -> list[Frame]:
    """Return the appends that are larger than anybody has to take, whatever is written around their audio."""
    return [frame for frame in view.client(APPEND) if frame.entry.size > MOST_BYTES + ENVELOPE]


def hung_up_on_too_much(view: View) -> Frame | None:
    """Return the append that is larger than anybody has to take, and after which the server said an error at most."""
    large = _beyond_the_largest(view)[-1:] if _hung_up(view) else []
    return next(
        (each for each in large if all(frame.type == "error" for frame in view.heard if frame.index > each.index)), None
    )


@rules.should(
    "input_audio.too-large-append-leaves-the-session-open",
    about={APPEND},
    covers=("IAB-02",),
    spec=CLIENT_EVENTS + "input_audio_buffer/append",
    relaxed="The documents do not say how more is refused, and WebSocket has a close code for it.",
)
def too_large_append_leaves_the_session_open(view: View) -> Judged:
    """An append of more than 15 MiB is refused or taken, and does not end the session."""
    fatal = hung_up_on_too_much(view)
    for frame in _beyond_the_largest(view):
        if frame is fatal:
            said = "the endpoint hung up on an append of more than 15 MiB"
            yield Finding(len(view.frames), said, "an open session", "the end of the connection")
        elif view.overdue(frame.index):
            yield HELD


@rules.should(
    "input_audio.undecodable-append-is-refused",
    about={APPEND},
    covers=("IAB-03",),
    spec=CLIENT_EVENTS + "input_audio_buffer/append",
    relaxed="The documents do not say what happens to an append that is no base64, and decoders forgive "
    "different things: only characters that no base64 alphabet has are judged.",
)
def undecodable_append_is_refused(view: View) -> Judged:
    """An append whose audio is no base64 is refused by an `error`, and the connection stays."""
    unnamed = [error.index for error in view.server("error") if error.index not in view.attributed]
    for exchange in view.exchanges_with(APPEND):
        sent = exchange.sent
        if not undecodable(sent):
            continue
        if exchange.refused or any(index > sent.index for index in unnamed):
            yield HELD
        elif hung_up_after(view, sent.index):
            yield Finding(sent.index, "the endpoint hung up on audio that is no base64", "an error", "the end")
        elif view.overdue(sent.index, "error"):
            yield Finding(sent.index, "audio that is no base64 was accepted", "an error", "nothing", "/audio")


def judged_commits(view: View) -> list[Commit]:
    """Return the commits that can be judged: only the client commits, and no stray error may be about them."""
    return [each for each in view.commits if each.manual and not each.ambiguous]


@rules.must(
    "input_audio.commit-is-acknowledged",
    about={COMMIT},
    covers=("IAB-04",),
    spec=CLIENT_EVENTS + "input_audio_buffer/commit",
    relaxed="Less than 100 ms of audio is not judged: real endpoints refuse it, undocumented.",
)
def commit_is_acknowledged(view: View) -> Judged:
    """A commit of a buffer that holds audio is answered by `input_audio_buffer.committed`."""
    for commit in judged_commits(view):
        length, at = commit.milliseconds, commit.sent.index
        if length is None or length < LEAST_MS:
            continue
        if commit.exchange.refused:
            at = commit.exchange.refusals[0].index
            yield Finding(at, f"the commit of {length:.0f} ms of audio was refused", COMMITTED, "an error")
        elif commit.exchange.answer is not None:
            yield HELD
        elif view.overdue(at, COMMITTED, ADDED):
            yield Finding(at, f"the commit of {length:.0f} ms of audio was never acknowledged", COMMITTED, "nothing")


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
        if frame.entry.ids_elided or not frame.whole:
            continue
        if name in view.announced:
            yield HELD
        elif not view.overdue(frame.index, ADDED):
            continue
        elif name:
            yield Finding(frame.index, f"no item {name} was ever announced", f"{ADDED} of {name}", "none", "/item_id")
        elif not any(each.index > frame.index for each in view.server(ADDED)):
            yield Finding(frame.index, "no item was ever announced, nor its id told", ADDED, "none", "/item_id")


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
    relaxed="A null or absent `previous_item_id` is not judged here: some endpoints never fill it.",
)
def committed_names_its_predecessor(view: View) -> Judged:
    """The `previous_item_id` of `committed` names an item that is in the conversation."""
    if view.partial:
        return
    # Whether the conversation announces what a response puts into it has a rule of its own.
    known = {item for response in view.responses if not response.out_of_band for item in response.items}
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
            actual = ", ".join(str(kind) for kind in kinds)
            said = f"the committed item {addition.item_id} holds no audio"
            yield Finding(at, said, "input_audio", actual, "/item/content")
        elif role and kinds:
            yield HELD
