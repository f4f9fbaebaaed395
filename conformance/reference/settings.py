"""The session object: what it starts with, what an update may say, and how the two become one.

An update is merged: nested objects field by field, arrays and scalars replaced, null clears.  It is applied
whole or not at all (SES-06 to SES-14, SES-19, SES-20).
"""

from __future__ import annotations

from typing import Any

import orjson

from conformance.contract.dialect import Dialect
from conformance.reference.manners import Manner
from conformance.reference.refusals import Event, Refusal, invalid_value
from conformance.reference.sound import FORMATS, Format

#: Completed with these where the client says only a part (observation 23).
TURN_DETECTION: dict[str, Event] = {
    "server_vad": {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    },
    "semantic_vad": {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    },
}
#: A session that only transcribes never responds (observation 24).
RESPONDING = ("create_response", "interrupt_response")
TRANSCRIPTION = {"model": None, "language": None, "prompt": None}


def copied(value: Any) -> Any:
    """Copy a JSON value deeply."""
    return orjson.loads(orjson.dumps(value))


class Settings:
    """The effective session object of one session."""

    def __init__(self, dialect: Dialect, manner: Manner, session: Event, features: frozenset[str]) -> None:
        self._dialect, self._manner, self._features = dialect, manner, features
        self._session = session
        self.audio_was_heard = False
        """Whether the assistant has spoken: its voice is fixed from then on."""
        if not {"server_vad", "semantic_vad"} & features or "server_vad" not in features:
            self._put("turn_detection", None)
        if "audio_output" not in features:
            self._put("modalities", list(dialect.modality_sets["text"]))

    def shown(self) -> Event:
        """Copy the full session object for the wire."""
        session: Event = copied(self._session)
        return session

    def get(self, name: str, default: Any = None) -> Any:
        """Read a canonical setting."""
        return self._dialect.setting(self._session, name, default)

    @property
    def transcribes_only(self) -> bool:
        """Whether this is a transcription session, which never responds."""
        return self._session["object"] == "realtime.transcription_session"

    @property
    def input_format(self) -> Format:
        """The format of the user's audio."""
        return FORMATS[self._dialect.audio_format(self.get("input_format")) or "pcm16"]

    def update(self, patch: Any) -> None:
        """Apply a client's *patch*, or raise the Refusal and change nothing."""
        shape = self._manner.transcription_shape if self.transcribes_only else self._manner.session_shape
        shape(patch, "session")
        self._refuse_other_type(patch)
        merged = self._merged(patch)
        self._refuse_change(merged)
        self._refuse_unsupported(merged)
        self._session = merged

    def _refuse_other_type(self, patch: Event) -> None:
        if "type" in patch and patch["type"] != self._session.get("type"):
            raise invalid_value("session.type", patch["type"], (self._session["type"],))

    def _merged(self, patch: Event) -> Event:
        merged = self.shown()
        for path in self._manner.completed_paths(self._dialect):
            _complete(merged, patch, path, path[-1], self.transcribes_only)
        _merge(merged, copied(patch), self._manner.replaced)
        for name in ("id", "object", "expires_at", "client_secret"):
            if name in self._session:
                merged[name] = self._session[name]
        if self._manner.ignores_model and "model" in self._session:
            merged["model"] = self._session["model"]
        return merged

    def _refuse_change(self, merged: Event) -> None:
        setting = self._dialect.setting
        if setting(merged, "model") != self.get("model"):
            raise Refusal("invalid_value", "The model of a session cannot be changed.", "session.model")
        if self.audio_was_heard and setting(merged, "voice") != self.get("voice"):
            raise Refusal("cannot_update_voice")
        if self.get("tracing") is not None and setting(merged, "tracing") != self.get("tracing"):
            raise Refusal("invalid_value", "Tracing cannot be changed once it is on.", "session.tracing")

    def _refuse_unsupported(self, merged: Event) -> None:
        setting = self._dialect.setting
        asks = {
            "audio_output": ("modalities", "audio" in (setting(merged, "modalities") or ())),
            "transcription": ("transcription", setting(merged, "transcription") is not None),
            "tools": ("tools", bool(setting(merged, "tools"))),
        }
        detection = setting(merged, "turn_detection")
        if detection is not None:
            asks[detection["type"]] = ("turn_detection", True)
        for feature, (name, asked) in asks.items():
            if asked and feature not in self._features:
                where = ".".join(("session", *self._dialect.session_paths[name]))
                raise Refusal("invalid_value", f"This endpoint does not support {feature}.", where)

    def _put(self, name: str, value: Any) -> None:
        path = self._dialect.session_paths[name]
        where = self._session
        for step in path[:-1]:
            where = where.get(step, {})
        if path[-1] in where:
            where[path[-1]] = value


def _complete(session: Event, patch: Event, path: tuple[str, ...], name: str, transcribes_only: bool) -> None:
    """Put the defaults under what the patch is about to say at *path*, if it turns on or changes kind."""
    said: Any = patch
    where: Any = session
    for step in path[:-1]:
        said = said.get(step) if isinstance(said, dict) else None
        where = where[step]
    said = said.get(path[-1]) if isinstance(said, dict) else None
    if not isinstance(said, dict):
        return
    now = where.get(path[-1]) or {}
    if name == "turn_detection" or name.endswith("turn_detection"):
        if said["type"] != now.get("type"):
            where[path[-1]] = copied(TURN_DETECTION[said["type"]])
            for key in RESPONDING if transcribes_only else ():
                del where[path[-1]][key]
    else:
        where[path[-1]] = {**TRANSCRIPTION, **now}


def _merge(old: Event, new: Event, replaced: frozenset[str]) -> None:
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(name), dict) and name not in replaced:
            _merge(old[name], value, replaced)
        else:
            old[name] = value
