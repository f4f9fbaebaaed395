"""The trace under its canonical names: what was said by type, what is missing of it, and which settings were shown.

Names are those of `ga`; indices stay, so that a finding points at the real frame.
The lenses are laid over it; `View` has them all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Protocol

from conformance.trace.computed import computed
from conformance.trace.frames import NOTHING, Frame, mapping, string
from conformance.trace.switched_off import SwitchedOff
from conformance.trace.trace import CONTROL, Direction, End, FrameKind, Handshake, Trace

#: What opens a session.
OPENERS = frozenset({"session.created", "transcription_session.created"})
#: What shows it.
SHOWS = (*sorted(OPENERS), "session.updated", "transcription_session.updated")


class Revision(Protocol):
    """What a view needs of a dialect (`conformance.contract.dialect.Dialect`)."""

    @property
    def name(self) -> str: ...
    @property
    def client_events(self) -> frozenset[str]: ...
    @property
    def server_events(self) -> frozenset[str]: ...
    @property
    def canonical_server_events(self) -> frozenset[str]: ...
    @property
    def session_paths(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def audio_formats(self) -> Mapping[str, Any]: ...
    @property
    def modality_sets(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def canonical_names(self) -> Mapping[str, str]: ...
    def wire_name(self, canonical: str) -> str: ...
    def content_type(self, canonical: str) -> str: ...
    def setting(self, session: Mapping[str, Any], name: str, default: Any = None) -> Any: ...
    def settings(self, session: Mapping[str, Any]) -> dict[str, Any]: ...
    def response_settings(self, response: Mapping[str, Any]) -> dict[str, Any]: ...
    def response_setting(self, response: Mapping[str, Any], name: str, default: Any = None) -> Any: ...
    def audio_format(self, spelled: Any) -> str | None: ...


class CanonicalTrace:
    """One trace as one dialect spells it."""

    def __init__(self, trace: Trace, dialect: Revision) -> None:
        self.trace = trace
        self.dialect = dialect
        self.handshake: Handshake | None = trace.handshake
        self.end: End | None = trace.end
        frames: list[Frame] = []
        heard: list[Frame] = []
        said: list[Frame] = []
        controls: list[Frame] = []
        odd: list[Frame] = []
        strange: list[Frame] = []
        first: dict[str, int] = {}
        names, client, text = dialect.canonical_names, Direction.CLIENT, FrameKind.TEXT
        for entry in trace.entries:
            event = entry.event or {}
            spoken = event.get("type")
            if type(spoken) is not str:
                spoken = ""
            frame = Frame(entry.index, names.get(spoken, spoken), event, entry, not entry.elided)
            frames.append(frame)
            if entry.elided or entry.ids_elided or entry.gap:
                odd.append(frame)
            if entry.kind is not text and entry.kind in CONTROL:
                controls.append(frame)
            elif entry.direction is client:
                said.append(frame)
            else:
                heard.append(frame)
                if entry.event is None or entry.kind is not text:
                    strange.append(frame)
                if spoken not in first:
                    first[spoken] = entry.index
        self.frames: tuple[Frame, ...] = tuple(frames)
        self.heard: tuple[Frame, ...] = tuple(heard)
        """What the server said."""
        self.strange: tuple[Frame, ...] = tuple(strange)
        """What the server said in anything but a text frame with a JSON object."""
        self.said: tuple[Frame, ...] = tuple(said)
        """What the client said."""
        self.controls: tuple[Frame, ...] = tuple(controls)
        """Pings and pongs of either side: no part of the conversation."""
        self.first_spoken: Mapping[str, int] = first
        """Types as the server spoke them, each with the index of its first frame, in order."""
        self._odd = odd
        """Where the recorder left something out."""
        self.kept: dict[Any, Any] = {}
        """What `lens` has computed."""
        self._settings: dict[int, Mapping[str, Any]] = {}
        self._settings_before: tuple[Mapping[str, Any], Mapping[str, Any]] = NOTHING, NOTHING
        self._merged: dict[tuple[str, ...], tuple[Frame, ...]] = {}

    def settings_in(self, session: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the settings that a session object of this trace holds, by canonical name; read once.

        Sessions that follow each other and are alike share theirs: most updates of a conversation change nothing.
        """
        known = self._settings.get(id(session))
        if known is None:
            before, known = self._settings_before
            if session != before:
                known = self.dialect.settings(session)
                self._settings_before = session, known
            self._settings[id(session)] = known
        return known

    @computed
    def types(self) -> frozenset[str]:
        """Canonical types that occurred, of either side; pings and pongs as `frame:ping` and `frame:pong`."""
        controls = {f"frame:{frame.entry.kind}" for frame in self.controls} if self.controls else ()
        return frozenset().union(self._heard_by_type, self._said_by_type, controls)

    @computed
    def _heard_by_type(self) -> Mapping[str, tuple[Frame, ...]]:
        return _by_type(self.heard)

    @computed
    def _said_by_type(self) -> Mapping[str, tuple[Frame, ...]]:
        return _by_type(self.said)

    @computed
    def groups(self) -> Mapping[str, tuple[Frame, ...]]:
        """What the server said, by canonical type, without the frames that a recorder shortened."""
        if not self._odd:
            return self._heard_by_type
        return {
            kind: tuple([frame for frame in frames if frame.whole and not frame.entry.ids_elided])
            for kind, frames in self._heard_by_type.items()
        }

    @computed
    def named(self) -> tuple[tuple[Frame, str | None], ...]:
        """The server's events that have a type, each with its `event_id`, where the recording tells."""
        return tuple(
            [
                (frame, name if type(name := frame.event.get("event_id")) is str else None)
                for kind, frames in self.groups.items()
                if kind
                for frame in frames
            ]
        )

    def server(self, *types: str) -> tuple[Frame, ...]:
        """Return the server's events of these canonical types, in order."""
        if len(types) == 1:
            return self._heard_by_type.get(types[0], ())
        known = self._merged.get(types)
        if known is None:
            known = self._merged[types] = _merged(self._heard_by_type, types)
        return known

    def server_among(self, types: frozenset[str]) -> Iterator[Frame]:
        """Return the server's events of many canonical types, those of each in order."""
        groups = self._heard_by_type
        return chain.from_iterable([groups[kind] for kind in groups.keys() & types])

    def client(self, *types: str) -> tuple[Frame, ...]:
        """Return the client's events of these canonical types, in order."""
        return _merged(self._said_by_type, types)

    @computed
    def gaps(self) -> tuple[int, ...]:
        """Indices after which events are missing from the recording; -1 where it begins in mid-session."""
        before = (-1,) if self.begins_in_mid_session else ()
        return (*before, *(frame.index for frame in self._odd if frame.entry.gap))

    def gap_between(self, first: int, last: int) -> bool:
        """Return whether events are missing between two entries."""
        return any(first <= gap < last for gap in self.gaps)

    @computed
    def partial(self) -> bool:
        """Whether the recorder dropped ids or events: joins over the whole trace prove nothing then."""
        return bool(self.gaps) or any(frame.entry.ids_elided for frame in self._odd)

    @computed
    def begins_in_mid_session(self) -> bool:
        """Whether the capture shows neither the upgrade nor the opening of the session: what came before is unknown."""
        return self.handshake is None and not self.admitted

    @computed
    def one_sided(self) -> bool:
        """Whether the capture holds the server's side only: what the client asked for is unknown."""
        return self.handshake is None and not self.said

    @computed
    def sessions(self) -> tuple[tuple[int, Mapping[str, Any]], ...]:
        """The effective session objects as the server showed them: (index, session).

        A setting that the client last set to null, and that is left out since, stands there as null.
        """
        shown, off, found = self.server(*SHOWS, "error"), SwitchedOff(), []
        updates = deque(self.client("session.update", "transcription_session.update"))
        for frame in shown:
            while updates and updates[0].index < frame.index:
                update = updates.popleft()
                off.asks(update.text("event_id"), self.settings_in(update.part("session")))
            if frame.type == "error":
                off.refused(string(frame.part("error").get("event_id")))
                continue
            if frame.type not in OPENERS:
                off.answered()
            if frame.whole:
                paths = [self.dialect.session_paths[name] for name in off.names]
                found.append((frame.index, _with_nulls(frame.part("session"), paths)))
        return tuple(found)

    def session_in(self, index: int) -> Mapping[str, Any]:
        """Return the session object that entry *index* shows; empty if it shows none."""
        return self._session_by_index.get(index, NOTHING)

    @computed
    def shown_at(self) -> list[int]:
        """Indices of the entries that show a session object."""
        return [index for index, _ in self.sessions]

    @computed
    def _session_by_index(self) -> Mapping[int, Mapping[str, Any]]:
        return dict(self.sessions)

    def session_at(self, index: int) -> Mapping[str, Any]:
        """Return the last session object shown before entry *index*; empty if none was."""
        position = bisect_left(self.shown_at, index)
        return self.sessions[position - 1][1] if position else NOTHING

    def setting_at(self, index: int, name: str, default: Any = None) -> Any:
        """Return a canonical setting as it was in effect before entry *index*."""
        session = self.session_at(index)
        return self.settings_in(session).get(name, default) if session else default

    @computed
    def admitted(self) -> bool:
        """Whether a session was opened."""
        return not self.types.isdisjoint(OPENERS)

    @computed
    def transcription_session(self) -> bool:
        """Whether this is a session of type transcription."""
        if "transcription_session.created" in self.types:
            return True
        return any(
            mapping(session).get("type") == "transcription"
            or mapping(session).get("object") == "realtime.transcription_session"
            for _, session in self.sessions
        )

    @computed
    def translation_session(self) -> bool:
        """Whether this is a session that translates."""
        return any(mapping(session).get("type") == "translation" for _, session in self.sessions)

    @computed
    def asked_to_translate(self) -> bool:
        """Whether the connection was for a session that translates, whatever came."""
        return self.handshake is not None and "/translations" in self.handshake.url


def _reached(session: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the object that holds the setting at *path*, empty if there is none."""
    for step in path[:-1]:
        session = mapping(session.get(step))
    return session


def _with_nulls(session: Mapping[str, Any], paths: Sequence[tuple[str, ...]]) -> Mapping[str, Any]:
    """Return *session* with null at those of *paths* that it leaves out."""
    for path in paths:
        if path[-1] not in _reached(session, path):
            session = _put(session, path)
    return session


def _put(session: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    step, *rest = path
    return {**session, step: _put(mapping(session.get(step)), tuple(rest)) if rest else None}


def _by_type(frames: tuple[Frame, ...]) -> Mapping[str, tuple[Frame, ...]]:
    found: defaultdict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        found[frame.type].append(frame)
    return {kind: tuple(each) for kind, each in found.items()}


def _merged(by_type: Mapping[str, tuple[Frame, ...]], types: tuple[str, ...]) -> tuple[Frame, ...]:
    groups = [by_type[kind] for kind in types if kind in by_type]
    if len(groups) > 1:
        return tuple(sorted(chain.from_iterable(groups), key=attrgetter("index")))
    return groups[0] if groups else ()
