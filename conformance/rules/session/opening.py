"""The session as the server opens and shows it."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from conformance.contract.schemas import schemas_for
from conformance.rules.engine.overdue import overdue
from conformance.rules.engine.rule import (
    ANYTHING,
    END_BY_SERVER,
    GUIDE,
    HELD,
    SERVER_EVENTS,
    TRANSCRIPTION_SESSION,
    Chapter,
    Finding,
    Judged,
)
from conformance.rules.engine.settings import settings_in, updates
from conformance.rules.nulls import flawed
from conformance.trace.frames import string, whole_number
from conformance.trace.trace import Direction, EndKind
from conformance.trace.views import View

rules = Chapter("session")

CREATED = ("session.created", "transcription_session.created")
UPDATED = ("session.updated", "transcription_session.updated")
UPDATE = ("session.update", "transcription_session.update")
#: Unix seconds between 2020 and 2100: what is outside counts something else.
SECONDS = range(1_577_836_800, 4_102_444_800)
#: The longest session that is documented, with a minute of grace.
LONGEST = 3600 + 60
#: What tells which session it is, and is no part of its configuration.
IDENTITY = frozenset({"id", "object", "expires_at"})
#: A model beside the intent makes the session a conversation.
NAMES_A_MODEL = re.compile(r"[?&]model=")
#: How the close after the end of a session's life is worded.
EXPIRED = re.compile(r"maximum duration|session.{0,12}expired", re.IGNORECASE)


@rules.must("session.created-comes-first", about=ANYTHING, covers=("SES-01",), spec=SERVER_EVENTS + "session/created")
def created_comes_first(view: View) -> Judged:
    """The first thing the server says on an open connection is `session.created`."""
    opened = view.server(*CREATED)
    expected = opened[0].index if opened else 0
    if not view.heard or any(gap < expected for gap in view.gaps):
        return
    first = view.heard[0]
    if first.type in CREATED:
        yield HELD
    elif opened or (_asked_for_a_session(view) and first.type != "error"):
        actual = first.entry.type or "a frame without a type"
        yield Finding(first.index, f"`{actual}` came before `session.created`.", "session.created", actual)


def _asked_for_a_session(view: View) -> bool:
    """Return whether the upgrade opened a connection of its own, not one that joins a call."""
    return view.handshake is not None and "call_id=" not in view.handshake.url


@rules.should("session.created-comes-once", about=CREATED, covers=("SES-03",), spec=SERVER_EVENTS + "session/created")
def created_comes_once(view: View) -> Judged:
    """`session.created` comes once in a connection."""
    opened = view.server(*CREATED)
    for frame in opened[1:]:
        message = f"`{frame.entry.type}` came again, after entry {opened[0].index}."
        yield Finding(frame.index, message, "once", "again")
    if len(opened) == 1:
        yield HELD


@rules.must(
    "session.the-intent-is-honoured",
    about=TRANSCRIPTION_SESSION,
    covers=("SES-01",),
    spec=GUIDE + "realtime-transcription",
)
def the_intent_is_honoured(view: View) -> Judged:
    """A connection with `intent=transcription` opens a transcription session, and says so."""
    url = view.handshake.url if view.handshake is not None else ""
    opened = next(iter(view.server(*CREATED)), None)
    if opened is None or "intent=transcription" not in url or NAMES_A_MODEL.search(url):
        return
    own = "transcription_session.created"
    wanted = own if own in view.dialect.server_events else "session.created"
    if opened.type == wanted and view.transcription_session:
        yield HELD
    else:
        message = "A connection for transcription opened another kind of session."
        yield Finding(opened.index, message, f"{wanted} of a transcription session", opened.entry.type)


@rules.should(
    "session.created-shows-the-defaults",
    about={"session.created"},
    covers=("SES-04",),
    spec=SERVER_EVENTS + "session/created",
)
def created_shows_the_defaults(view: View) -> Judged:
    """`session.created` shows the settings in effect: model, modalities, voice, formats, turn detection."""
    if view.translation_session or view.asked_to_translate:
        return  # it has none of them but the model
    schemas, suspects = schemas_for(view.dialect.name), flawed(view).get("session.created", ())
    for frame in view.server("session.created"):
        if not frame.whole or not isinstance(frame.event.get("session"), dict):
            continue
        lacking = schemas.absences(frame.event) if frame in suspects or frame.entry.ids_elided else ()
        if lacking:
            names = ", ".join(each.path.removeprefix("/session/") for each in lacking)
            yield Finding(frame.index, f"The session does not show {names}.", names[:200], "absent", lacking[0].path)
        else:
            yield HELD


@rules.should(
    "session.the-conversation-is-announced-early",
    about={"conversation.created"},
    covers=("SES-05",),
    spec=SERVER_EVENTS + "conversation/created",
)
def the_conversation_is_announced_early(view: View) -> Judged:
    """`conversation.created`, where a server sends it, comes before any event on items or responses."""
    announced = view.server("conversation.created")[:1]
    for frame in announced:
        before = next((each for each in view.heard if each.type.startswith(("conversation.item.", "response."))), None)
        if before is not None and before.index < frame.index:
            message = f"`conversation.created` came after `{before.entry.type}` (entry {before.index})."
            yield Finding(frame.index, message, "before any item", f"after entry {before.index}")
        elif not view.gaps:
            yield HELD


@rules.must("session.an-update-is-answered", about=UPDATE, covers=("SES-06",), spec=SERVER_EVENTS + "session/updated")
def an_update_is_answered(view: View) -> Judged:
    """Every `session.update` is answered: by `session.updated`, or by an `error`."""
    for exchange in overdue(view, *UPDATE):
        message = f"Nothing answered the `{exchange.sent.entry.type}` in entry {exchange.sent.index}."
        yield Finding(exchange.sent.index, message, "session.updated or error", "nothing")
    for exchange in updates(view):
        if exchange.answer is not None or exchange.refused:
            yield HELD


@rules.must(
    "session.updated-answers-one-update",
    about=UPDATED,
    covers=("SES-06",),
    spec=SERVER_EVENTS + "session/updated",
)
def updated_answers_one_update(view: View) -> Judged:
    """Each `session.updated` answers one accepted `session.update`; a refused one gets none."""
    if view.partial or (view.handshake is None and not view.client(*UPDATE)):
        return  # a capture may have missed what the client asked for
    accepted = {each.answer.index for each in updates(view) if each.answer is not None and not each.refused}
    accepted |= {frame.index for each in updates(view) for frame in each.possible}
    for frame in view.server(*UPDATED):
        if frame.index in accepted:
            yield HELD
        else:
            yield Finding(
                frame.index,
                f"`{frame.entry.type}` answers no accepted update.",
                "one for each update",
                "one more",
            )


@rules.must(
    "session.updated-shows-everything",
    about=UPDATED,
    covers=("SES-07",),
    spec=SERVER_EVENTS + "session/updated",
)
def updated_shows_everything(view: View) -> Judged:
    """`session.updated` shows the whole session, not only what was changed."""
    if not view.sessions:
        return
    (_, first), *later = view.sessions
    opened = settings_in(view, first)
    before = {name for name, value in opened.items() if value is not None and name not in IDENTITY}
    for index, session in later:
        now = settings_in(view, session)
        gone = sorted(before.difference(now)) if now is not opened else []
        if gone and session:
            message = f"The session no longer shows {', '.join(gone)}."
            yield Finding(index, message, "the whole session", f"without {', '.join(gone)}"[:200], "/session")
        elif before and session:
            yield HELD


@rules.should("session.the-id-is-constant", about=UPDATED, covers=("SES-15",), spec=SERVER_EVENTS + "session/updated")
def the_id_is_constant(view: View) -> Judged:
    """The session keeps its id."""
    if view.partial:
        return
    named = [(index, string(session.get("id"))) for index, session in view.sessions if session]
    if not named or not (first := named[0][1]):
        return
    for index, name in named[1:]:
        if name == first:
            yield HELD
        elif name is None:
            yield Finding(index, f"The session {first} no longer shows its id.", first, "absent", "/session/id")
        else:
            yield Finding(index, f"The session {first} is now called {name}.", first, name, "/session/id")


@rules.must("session.the-model-is-constant", about=UPDATED, covers=("SES-13",), spec=SERVER_EVENTS + "session/updated")
def the_model_is_constant(view: View) -> Judged:
    """The model is chosen with the connection; no `session.update` changes it."""
    if view.handshake is not None and "model=" not in view.handshake.url:
        return  # an endpoint may take it from an update then
    shown = [(index, name) for index, session in view.sessions if (name := string(session.get("model")))]
    tried = any(settings_in(view, each.sent.part("session")).get("model") is not None for each in updates(view))
    for index, name in shown[1:]:
        if name != shown[0][1]:
            yield Finding(index, f"The model was {shown[0][1]} and is now {name}.", shown[0][1], name, "/session/model")
        elif tried:
            yield HELD


@rules.should(
    "session.the-expiry-is-near",
    about=CREATED,
    covers=("SES-17",),
    spec=SERVER_EVENTS + "session/created",
    relaxed="Rules know no clock: without a Date header only that these are Unix seconds is judged.",
)
def the_expiry_is_near(view: View) -> Judged:
    """`expires_at`, where it is shown, is in Unix seconds, in the future and within the longest session."""
    for frame in view.server(*CREATED)[:1]:
        session = frame.part("session")
        if not frame.whole or not (at := whole_number(session.get("expires_at"))):
            continue
        now = _date_of(view)
        if at in SECONDS and (now is None or 0 < at - now <= LONGEST):
            yield HELD
        else:
            expected = "Unix seconds" if now is None else f"{now} to {now + LONGEST}"
            yield Finding(frame.index, "The session's expiry is implausible.", expected, str(at), "/session/expires_at")


def _date_of(view: View) -> int | None:
    """Return the server's own time of the upgrade, in Unix seconds, where it said so."""
    headers = view.handshake.response_headers if view.handshake is not None else {}
    said = next((value for name, value in headers.items() if name.lower() == "date"), None)
    try:
        return int(parsedate_to_datetime(said).timestamp()) if said else None
    except (ValueError, TypeError, OverflowError):
        return None


@rules.should(
    "session.its-expiry-is-announced", about=END_BY_SERVER, covers=("SES-18",), spec=GUIDE + "realtime-conversations"
)
def its_expiry_is_announced(view: View) -> Judged:
    """A connection that ends because the session's time is up gets an `error` `session_expired` first."""
    end = view.end
    if (
        end is None
        or end.kind is not EndKind.CLOSED
        or end.by is not Direction.SERVER
        or not EXPIRED.search(end.reason)
    ):
        return
    if any(frame.part("error").get("code") == "session_expired" for frame in view.server("error")):
        yield HELD
    else:
        yield Finding(
            len(view.frames),
            "The session expired without an `error` that says so.",
            "session_expired",
            "none",
        )
