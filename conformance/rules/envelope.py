"""What holds for every frame, whatever it says: a JSON object with a type and an id, fit for its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import repeat

from conformance.contract.dialects import DIALECTS, aliases
from conformance.contract.schemas import Problem, schemas_for
from conformance.rules.engine.rule import ANYTHING, GUIDE, HELD, SERVER_EVENTS, Chapter, Evidence, Finding, Judged
from conformance.rules.nulls import flawed, judge_misfits
from conformance.trace.frames import Frame, quoted, string
from conformance.trace.lens import lens
from conformance.trace.trace import FrameKind
from conformance.trace.views import View

rules = Chapter("envelope")

#: Undocumented types that a rule of their own forbids: `input_audio.append-is-not-acknowledged`.
CONVICTED_ELSEWHERE = frozenset({"input_audio_buffer.append", "input_audio_buffer.appended"})

#: The one documented event without an id.
WITHOUT_ID = frozenset({"input_audio_buffer.dtmf_event_received"})
#: The event whose wanted fields the chapter on the session judges.
OPENER = "session.created"
#: Where an id lies, and how OpenAI begins it.
PREFIXES = (
    ("session.created", "session", "sess_"),
    ("conversation.created", "conversation", "conv_"),
    ("response.created", "response", "resp_"),
)


@rules.must("envelope.frames-are-text", about=ANYTHING, covers=("FRM-01",), spec=GUIDE + "realtime-websocket")
def frames_are_text(view: View) -> Judged:
    """Every message of the server is a text frame."""
    binary = [frame for frame in view.strange if frame.entry.kind is not FrameKind.TEXT]
    for frame in binary:
        yield Finding(frame.index, "The server sent a binary frame.", "a text frame", "a binary frame")
    if len(binary) < len(view.heard):
        yield HELD


@rules.must("envelope.frames-hold-one-object", about=ANYTHING, covers=("FRM-01",), spec=GUIDE + "realtime-websocket")
def frames_hold_one_object(view: View) -> Judged:
    """Every text frame of the server holds exactly one JSON object."""
    others = [frame for frame in view.strange if frame.entry.event is None]
    for frame in others:
        if frame.entry.kind is FrameKind.TEXT and frame.whole:
            actual = (frame.entry.text or "")[:60]
            yield Finding(frame.index, "A text frame of the server holds no JSON object.", "a JSON object", actual)
    if len(others) < len(view.heard):
        yield HELD


@rules.must("envelope.events-have-a-type", about=ANYTHING, covers=("FRM-01",), spec=SERVER_EVENTS.rstrip("/"))
def events_have_a_type(view: View) -> Judged:
    """Every event of the server has a `type`, a string that is not empty."""
    for frame in view.groups.get("", ()):
        if frame.entry.event is not None:
            actual = quoted(frame.event.get("type"))
            yield Finding(frame.index, "An event has no type.", "a string", actual, path="/type")
    if any(view.groups.keys() - {""}):
        yield HELD


@lens
def _identified(view: View) -> Sequence[tuple[Frame, str | None]]:
    """Return the server's events that owe an id, with that id."""
    if WITHOUT_ID.isdisjoint(view.groups):
        return view.named
    return [pair for pair in view.named if pair[0].type not in WITHOUT_ID]


@lens
def _ids(view: View) -> Sequence[str]:
    """Return the ids of the server's events."""
    return [name for _, name in view.named if name]


@lens
def _distinct_ids(view: View) -> frozenset[str]:
    return frozenset(_ids(view))


@rules.must("envelope.events-have-an-id", about=ANYTHING, covers=("FRM-02",), spec=SERVER_EVENTS.rstrip("/"))
def events_have_an_id(view: View) -> Judged:
    """Every event of the server but `error` carries an `event_id`, a string that is not empty."""
    if len(_ids(view)) < len(view.named):
        without = [frame for frame, name in _identified(view) if not name and frame.type != "error"]
        yield from map(_without_id, without)
    if _ids(view):
        yield HELD


@rules.should(
    "envelope.errors-have-an-id",
    about={"error"},
    covers=("FRM-02",),
    spec=SERVER_EVENTS + "error",
    relaxed="Azure was seen sending `event_id: null` on `error`, which costs a client nothing.",
)
def errors_have_an_id(view: View) -> Judged:
    """An `error` carries an `event_id` of its own as well."""
    for frame in view.groups.get("error", ()):
        if frame.text("event_id"):
            yield HELD
        else:
            yield _without_id(frame)


def _without_id(frame: Frame) -> Finding:
    actual = quoted(frame.event["event_id"]) if "event_id" in frame.event else "absent"
    return Finding(frame.index, f"`{frame.entry.type}` has no event_id.", "a string", actual, path="/event_id")


@lens
def _ids_of_client(view: View) -> frozenset[str]:
    return frozenset([name for frame in view.said if (name := frame.text("event_id"))])


@rules.must("envelope.event-ids-are-unique", about=ANYTHING, covers=("FRM-03",), spec=SERVER_EVENTS.rstrip("/"))
def event_ids_are_unique(view: View) -> Judged:
    """No two events of the server have the same `event_id`."""
    clients = _ids_of_client(view)  # a copy of one is the next rule's affair
    distinct = _distinct_ids(view)
    if not distinct <= clients:
        yield HELD
    if len(distinct) == len(_ids(view)):
        return
    named = [pair for pair in view.named if pair[1] and pair[1] not in clients]
    first: dict[str | None, int] = {}
    for frame, name in sorted(named, key=lambda pair: pair[0].index):
        if first.setdefault(name, frame.index) != frame.index:
            message = f"`{frame.entry.type}` has the event_id {name} of entry {first[name]}."
            yield Finding(frame.index, message, "an id of its own", str(name), path="/event_id")


@rules.should("envelope.event-ids-are-its-own", about=ANYTHING, covers=("FRM-04",), spec=SERVER_EVENTS.rstrip("/"))
def event_ids_are_its_own(view: View) -> Judged:
    """The server gives its events ids of its own, and does not copy the client's `event_id`."""
    clients = _ids_of_client(view)
    if not clients:
        return
    # `session.updated` is a MUST of the chapter on the session.
    ids = _distinct_ids(view)
    if not ids <= clients:
        yield HELD
    if ids.isdisjoint(clients):
        return
    for frame, name in view.named:
        if name in clients and frame.type != "session.updated":
            message = f"`{frame.entry.type}` repeats the client's event_id {name} as its own."
            yield Finding(frame.index, message, "an id of the server", str(name), path="/event_id")


@rules.must(
    "envelope.fits-its-schema",
    about=ANYTHING,
    covers=("FRM-05", "RAT-01", "ITM-02", "ITM-18"),
    spec=SERVER_EVENTS.rstrip("/"),
)
def fits_its_schema(view: View) -> Judged:
    """Every event has the required fields, the JSON types and the closed enumerations of its schema."""
    return judge_misfits(view, _misfit)


def _has_its_own_rule(frame: Frame, path: str) -> bool:
    """Return whether another rule speaks of the field: the ids above, usage and errors in their own chapters."""
    if path.startswith("/response/usage") and frame.type == "response.done":
        return True
    return path in ("/event_id", "/type") or (frame.type == "error" and path.startswith("/error"))


#: Places of one event that are named beside the first.
MOST_NAMED = 2


def _misfit(frame: Frame, found: Sequence[Problem], _nulls: Sequence[Problem]) -> Evidence:
    problems = [each for each in found if not _has_its_own_rule(frame, each.path)]
    if not problems:
        return HELD
    first, also = problems[0], tuple(each.path for each in problems[1:])
    more = len(also) - MOST_NAMED
    message = f"`{frame.entry.type}` breaks its schema at {first.path or 'the top'} ({first.keyword})"
    message += f", and at {', '.join(also[:MOST_NAMED])}" if also else ""
    message += f" and in {more} more place{'s' if more > 1 else ''}." if more > 0 else "."
    return Finding(frame.index, message, first.expected, first.found, path=first.path, also=also)


@rules.should(
    "envelope.has-the-fields-clients-need",
    about=ANYTHING,
    covers=("FRM-05",),
    spec=SERVER_EVENTS.rstrip("/"),
    relaxed="The reference calls these fields optional; clients were written against the official wire.",
)
def has_the_fields_clients_need(view: View) -> Judged:
    """Every event has the fields, null or not, that official servers send and real clients read unasked."""
    schemas, judged = schemas_for(view.dialect.name), _read_by_clients(view.dialect.name)
    for kind, suspects in flawed(view).items():
        if kind not in judged:
            continue
        yield from repeat(HELD, len(view.groups[kind]) - len(suspects))
        for frame in suspects:
            lacking = [each for each in schemas.absences(frame.event) if not _has_its_own_rule(frame, each.path)]
            if lacking:
                paths = ", ".join(each.path for each in lacking)
                message = f"`{frame.entry.type}` lacks what clients read: {lacking[0].breaks}"
                yield Finding(frame.index, message, paths[:200], "absent", path=lacking[0].path)
            else:
                yield HELD


@cache
def _read_by_clients(dialect_name: str) -> frozenset[str]:
    """Return the events, by canonical type, of which clients need more than their schemas demand."""
    schemas, dialect = schemas_for(dialect_name), DIALECTS[dialect_name]
    wanted = (kind for kind in dialect.canonical_server_events if schemas.wants(dialect.wire_name(kind)))
    return frozenset(wanted) - {OPENER}


def renamed_in(view: View) -> Mapping[str, str]:
    """Return the events that came under another revision's name alone, as spoken -> what they are called here."""
    known = aliases(view.dialect.name) if view.dialect.name in DIALECTS else {}
    if known.keys().isdisjoint(view.first_spoken):
        return {}
    return {
        foreign: own for foreign, own in known.items() if foreign in view.first_spoken and own not in view.first_spoken
    }


@rules.must("envelope.names-are-of-the-revision", about=ANYTHING, covers=("FRM-10",), spec=SERVER_EVENTS.rstrip("/"))
def names_are_of_the_revision(view: View) -> Judged:
    """No event comes under another revision's name alone: clients of this one would miss it."""
    wrong = {} if view.gaps else renamed_in(view)
    if wrong:
        first = min(wrong, key=lambda kind: view.first_spoken[kind])
        named = ", ".join(f"{own} came as {foreign}" for foreign, own in sorted(wrong.items()))
        message = f"The connection speaks {view.dialect.name}, and {named}."
        yield Finding(view.first_spoken[first], message, wrong[first], first, "/type")
    elif view.dialect.name in DIALECTS and not view.first_spoken.keys().isdisjoint(aliases(view.dialect.name).values()):
        yield HELD


@rules.should("envelope.speaks-one-revision", about=ANYTHING, covers=("FRM-06",), spec=SERVER_EVENTS.rstrip("/"))
def speaks_one_revision(view: View) -> Judged:
    """One connection speaks the event names of one revision only, not those of another as well."""
    tells, renamed = _foreign_tells(view.dialect.name), renamed_in(view)
    foreign = [kind for kind in view.first_spoken if kind in tells and kind not in renamed]
    if foreign:
        message = f"The connection speaks {view.dialect.name}, and names of another revision came: "
        message += ", ".join(sorted(foreign)) + "."
        yield Finding(view.first_spoken[foreign[0]], message, "one revision's names", foreign[0])
    elif not view.dialect.server_events.isdisjoint(view.first_spoken):
        yield HELD


@cache
def _foreign_tells(dialect_name: str) -> frozenset[str]:
    """Return the names that only other revisions speak."""
    own = DIALECTS.get(dialect_name)
    mine = own.tells if own is not None else frozenset()
    return frozenset(name for each in DIALECTS.values() if each is not own for name in each.tells) - mine


@rules.may("envelope.types-are-documented", about=ANYTHING, covers=("FRM-07",), spec=SERVER_EVENTS.rstrip("/"))
def types_are_documented(view: View) -> Judged:
    """Every event type is one of the documented ones; more may come, and are told."""
    told = _foreign_tells(view.dialect.name)
    for kind, index in view.first_spoken.items():
        if kind in view.dialect.server_events:
            yield HELD
        elif kind and kind not in told and kind not in CONVICTED_ELSEWHERE:
            yield Finding(index, f"`{kind}` is not documented.", "a documented type", kind, path="/type")


@rules.may("envelope.ids-begin-as-usual", about=ANYTHING, covers=("FRM-09",), spec=SERVER_EVENTS.rstrip("/"))
def ids_begin_as_usual(view: View) -> Judged:
    """Ids begin with `event_`, `sess_`, `conv_` and `resp_`, as official servers' do: a mere convention."""
    first = next((frame for frame in view.heard if frame.whole and frame.text("event_id")), None)
    if first is not None and not first.entry.ids_elided:
        yield from _begins(first, first.text("event_id"), "event_", "/event_id")
    for kind, part, prefix in PREFIXES:
        for frame in view.server(kind)[:1]:
            if frame.whole and not frame.entry.ids_elided:
                yield from _begins(frame, string(frame.part(part).get("id")), prefix, f"/{part}/id")


def _begins(frame: Frame, name: str | None, prefix: str, path: str) -> Judged:
    if not name:
        return
    if name.startswith(prefix):
        yield HELD
    else:
        yield Finding(frame.index, f"The id {name} does not begin with {prefix}.", prefix + "…", name, path=path)
