"""A dialect (protocol revision) is one frozen record; nothing else knows that there are two.

Scenarios and rules speak canonical names, which are those of `ga`.
A dialect says how they are spoken on its wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.resources import folder
from conformance.trace.trace import Event

#: Begins the type of an event that came under a canonical name which its revision spells otherwise.
UNKNOWN = "unknown:"


@dataclass(frozen=True)
class Minting:
    """How one protocol revision gives short-lived keys."""

    resource: str
    """What is put behind the endpoint's path for the POST."""
    session: tuple[str, ...]
    """Where the settings of the session lie, in the request and in the answer; nowhere: they are the whole."""
    expires_after: tuple[str, ...]
    """Where the request says how long the secret lives."""
    value: tuple[str, ...]
    """Where the answer has the secret."""
    expires_at: tuple[str, ...]
    """Where the answer says until when it opens sessions."""
    seconds: int
    """How long a secret lives where nobody says so."""

    def request(self, session: Event, model: str | None, expires_after: int | None) -> Event:
        """Return the body of the request: *session* in this revision's spelling, *expires_after* in seconds."""
        body: Event = {}
        place(body, self.session, {**({"model": model} if model else {}), **session})
        if expires_after is not None:
            place(body, self.expires_after, {"anchor": "created_at", "seconds": expires_after})
        return body


def place(body: Event, path: tuple[str, ...], value: Any) -> None:
    """Put *value* at *path* into nested objects; at no path its keys become those of *body*."""
    for step in path[:-1]:
        if not isinstance(body.get(step), dict):
            body[step] = {}
        body = body[step]
    if path:
        body[path[-1]] = value
    else:
        body.update(value)


@dataclass(frozen=True)
class Dialect:
    """How one protocol revision spells what all share."""

    name: str
    """`ga` or `beta`; also the name of its folder under `schemas/`."""
    title: str
    headers: Mapping[str, str]
    """Headers of the upgrade that choose this revision."""
    subprotocols: tuple[str, ...]
    """Further subprotocols a browser offers to choose it."""
    renamed: Mapping[str, str]
    """Canonical event type -> the type as spoken here, where they differ."""
    content_renamed: Mapping[str, str]
    """Canonical type of an assistant's content part inside an item -> as spoken here."""
    session_paths: Mapping[str, tuple[str, ...]]
    """Canonical setting -> where it lies in this revision's session object; absent = has no such setting."""
    response_paths: Mapping[str, tuple[str, ...]]
    """Canonical setting -> where it lies in `response.create`'s response and in response objects."""
    minting: Minting
    session_constants: Mapping[str, Any] = field(default_factory=dict)
    """What every `session.update` must carry."""
    audio_formats: Mapping[str, Any] = field(default_factory=dict)
    """Canonical format name (`pcm16`, `g711_ulaw`, `g711_alaw`) -> its spelling."""
    modality_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`text` / `audio` -> the modalities array that asks for it."""
    tells: frozenset[str] = frozenset()
    """Event types that only this revision speaks: seeing one decides `--dialect=auto`."""
    session_tells: tuple[str, ...] = ()
    """Session keys that only this revision has."""
    prose_only: frozenset[str] = frozenset()
    """Server events that have a schema, but that prose alone names: nothing sends them."""

    @cached_property
    def client_events(self) -> frozenset[str]:
        """Types that the client may send, as spoken: those that have a schema."""
        return self._with_schema("client")

    @cached_property
    def server_events(self) -> frozenset[str]:
        """Types that the server may send, as spoken: those that have a schema."""
        return self._with_schema("server") - self.prose_only

    def _with_schema(self, side: str) -> frozenset[str]:
        return frozenset(path.stem for path in (folder("schemas") / self.name / side).glob("*.json"))

    @cached_property
    def canonical_names(self) -> Mapping[str, str]:
        """As spoken -> canonical, where they differ.

        A canonical name that this revision spells otherwise is nothing here: its clients would not know it.
        """
        unknown = {canonical: UNKNOWN + canonical for canonical in self.renamed}
        return unknown | {spoken: canonical for canonical, spoken in self.renamed.items()}

    @cached_property
    def canonical_server_events(self) -> frozenset[str]:
        """Canonical types that the server may send."""
        return frozenset(self.canonical(kind) for kind in self.server_events)

    def wire_name(self, canonical: str) -> str:
        """Spell a canonical event type."""
        return self.renamed.get(canonical, canonical)

    def canonical(self, spoken: str) -> str:
        """Return the canonical name of an event type as spoken."""
        return self.canonical_names.get(spoken, spoken)

    def content_type(self, canonical: str) -> str:
        """Spell a canonical content type (`output_text`, `output_audio`, `input_text`, …)."""
        return self.content_renamed.get(canonical, canonical)

    def session(self, settings: Mapping[str, Any]) -> Event:
        """Turn canonical settings into this revision's session object for `session.update`."""
        return self._placed(settings, self.session_paths, self.session_constants)

    def response(self, settings: Mapping[str, Any]) -> Event:
        """Turn canonical settings into this revision's `response` object for `response.create`."""
        return self._placed(settings, self.response_paths, {})

    def _placed(
        self, settings: Mapping[str, Any], paths: Mapping[str, tuple[str, ...]], base: Mapping[str, Any]
    ) -> Event:
        placed: Event = dict(base)
        for name, value in settings.items():
            path = paths.get(name)
            if path is None:
                continue
            where = placed
            for step in path[:-1]:
                where = where.setdefault(step, {})
            where[path[-1]] = self._spell(name, value)
        return placed

    def _spell(self, name: str, value: Any) -> Any:
        if name in ("input_format", "output_format") and isinstance(value, str):
            return self.audio_formats.get(value, value)
        if name == "modalities" and isinstance(value, str):
            return list(self.modality_sets.get(value, (value,)))
        return value

    def setting(self, session: Mapping[str, Any], name: str, default: Any = None) -> Any:
        """Read a canonical setting out of a session object of this revision."""
        return reach(session, self.session_paths.get(name), default)

    @cached_property
    def _session_names(self) -> Mapping[str, Any]:
        return _nested(self.session_paths)

    @cached_property
    def _response_names(self) -> Mapping[str, Any]:
        return _nested(self.response_paths)

    def settings(self, session: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that a session object holds, by canonical name, in the order of the object."""
        found: dict[str, Any] = {}
        _gather(session, self._session_names, found)
        return found

    def response_settings(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that a response object holds, as `settings` does."""
        found: dict[str, Any] = {}
        _gather(response, self._response_names, found)
        return found

    def response_setting(self, response: Mapping[str, Any], name: str, default: Any = None) -> Any:
        """Read a canonical setting out of a response object of this revision."""
        return reach(response, self.response_paths.get(name), default)

    def audio_format(self, spelled: Any) -> str | None:
        """Return the canonical name of an audio format as spelled in a session, or None if unknown."""
        kind = spelled.get("type") if isinstance(spelled, Mapping) else spelled
        for name, own in self.audio_formats.items():
            if kind == (own["type"] if isinstance(own, Mapping) else own):
                return name
        return None


def reach(value: Any, path: Iterable[str] | None, default: Any = None) -> Any:
    """Follow *path* through nested objects; *default* where it ends early."""
    if path is None:
        return default
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return default
        value = value[step]
    return value


def _nested(paths: Mapping[str, tuple[str, ...]]) -> Mapping[str, Any]:
    """Return settings as an object nests them: key -> the name of a setting, or what lies below."""
    places: dict[str, Any] = {}
    for name, path in paths.items():
        place(places, path, name)
    return places


def _gather(told: Mapping[str, Any], names: Mapping[str, Any], found: dict[str, Any]) -> None:
    """Put what *told* holds into *found*, by the *names* that lie in the same places."""
    for key, value in told.items():
        name = names.get(key)
        if type(name) is str:
            found[name] = value
        elif name is not None and isinstance(value, dict):
            _gather(value, name, found)
