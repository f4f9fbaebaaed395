"""The session object: how an update and what was there become one.

Nested objects are merged field by field, arrays and scalars replaced, null clears.  An update is applied
whole or not at all (SES-06 to SES-14, SES-19, SES-20).
"""

from __future__ import annotations

from typing import Any

import orjson

from conformance.contract.dialect import Dialect, reach
from conformance.reference.audio.sound import FORMATS, AudioFormat
from conformance.reference.session import fields
from conformance.reference.session.refusals import Event, EventRefused, invalid_value
from conformance.reference.session.revisions import RESPONSE_SWITCHES, VAD_DEFAULTS, RevisionHabits

#: Objects that an update completes from defaults instead of merging them blindly.
COMPLETED = ("turn_detection", "transcription", "input_format", "output_format")
#: Objects that an update replaces as a whole.
REPLACED = frozenset({"tool_choice", "tracing", "truncation", "prompt", "voice", "reasoning"})
#: What a client may repeat but not choose.
FIXED = ("id", "object", "expires_at", "client_secret")


def copied(value: Any) -> Any:
    """Copy a JSON value deeply."""
    return orjson.loads(orjson.dumps(value))


class SessionSettings:
    """The effective session object of one session."""

    def __init__(self, dialect: Dialect, revision: RevisionHabits, session: Event, features: frozenset[str]) -> None:
        self.dialect = dialect
        self._revision, self._features = revision, features
        self._session = copied(session)
        self.voice_was_sent = False
        """Whether the assistant has spoken: its voice is fixed from then on."""
        if self.translates:
            return
        if "server_vad" not in features:
            _place(self._session, dialect.session_paths["turn_detection"], None)
        if "audio_output" not in features and not self.transcribes_only:
            _place(self._session, dialect.session_paths["modalities"], list(dialect.modality_sets["text"]))

    def shown(self) -> Event:
        """Copy the full session object for the wire."""
        session: Event = copied(self._session)
        return session

    def get(self, name: str, default: Any = None) -> Any:
        """Read a canonical setting."""
        return self.dialect.setting(self._session, name, default)

    @property
    def transcribes_only(self) -> bool:
        """Whether this is a transcription session, which never responds."""
        return bool(self._session.get("object") == "realtime.transcription_session")

    @property
    def translates(self) -> bool:
        """Whether this is a session that translates, and has no conversation."""
        return bool(self._session.get("type") == "translation")

    @property
    def input_format(self) -> AudioFormat:
        """The format of the user's audio."""
        return FORMATS[self.dialect.audio_format(self.get("input_format")) or "pcm16"]

    def update(self, patch: Any) -> None:
        """Apply a client's *patch*, or raise EventRefused and change nothing."""
        if self.translates:
            fields.TRANSLATION(patch, "session")
            self._session = self._merged(patch)
            return
        patch = self._with_known_kind(patch)
        shape = self._revision.transcription_shape if self.transcribes_only else self._revision.session_shape
        shape(patch, "session")
        if patch.get("type", self._session.get("type")) != self._session.get("type"):
            raise invalid_value("session.type", patch["type"], (self._session["type"],))
        merged = self._merged(patch)
        self._refuse_change(merged)
        self.refuse_unsupported(merged, "session", self.dialect.session_paths)
        self._session = merged

    def _with_known_kind(self, patch: Any) -> Any:
        """Let a client that changes one number of its turn detection leave out the type it already has."""
        path = self.dialect.session_paths["turn_detection"]
        given, now = reach(patch, path), self.get("turn_detection")
        if isinstance(given, dict) and "type" not in given and now:
            patch = copied(patch)
            _place(patch, path, {"type": now["type"], **given})
        return patch

    def _merged(self, patch: Event) -> Event:
        merged = self.shown()
        _merge(merged, copied(patch))
        for name in () if self.translates else COMPLETED:
            path = self.dialect.session_paths[name]
            given = reach(patch, path)
            if isinstance(given, dict):
                _place(merged, path, self._completed(name, given))
        for name in (*FIXED, "model") if self._revision.ignores_model else FIXED:
            if name in self._session:
                merged[name] = self._session[name]
            else:
                merged.pop(name, None)
        return merged

    def _completed(self, name: str, given: Event) -> Event:
        now = self.get(name) or {}
        if name == "turn_detection":
            base = now if now.get("type") == given["type"] else VAD_DEFAULTS[given["type"]]
            whole = {**base, **given}
            return {k: v for k, v in whole.items() if k not in RESPONSE_SWITCHES} if self.transcribes_only else whole
        if name == "transcription":
            return {"model": "whisper-1", "language": None, "prompt": None, **now, **given}
        return {"type": given["type"], "rate": 24_000} if given["type"] == "audio/pcm" else given

    def _refuse_change(self, merged: Event) -> None:
        setting = self.dialect.setting
        if setting(merged, "model") != self.get("model"):
            raise EventRefused("invalid_value", "The model of a session cannot be changed.", "session.model")
        if self.voice_was_sent and setting(merged, "voice") != self.get("voice"):
            raise EventRefused("cannot_update_voice")
        if self.get("tracing") is not None and setting(merged, "tracing") != self.get("tracing"):
            raise EventRefused("invalid_value", "Tracing cannot be changed once it is on.", "session.tracing")

    def refuse_unsupported(self, asked: Event, where: str, paths: Any) -> None:
        """Refuse what *asked* (a session or a response) wants of a feature that is switched off."""
        wants = {name: reach(asked, paths.get(name)) for name in ("modalities", "transcription", "tools")}
        detection = reach(asked, paths.get("turn_detection"))
        features = {
            "audio_output": ("modalities", "audio" in (wants["modalities"] or ())),
            "transcription": ("transcription", wants["transcription"] is not None),
            "tools": ("tools", bool(wants["tools"])),
            (detection or {}).get("type"): ("turn_detection", detection is not None),
        }
        for feature, (name, asks) in features.items():
            if asks and feature not in self._features:
                param = ".".join((where, *paths[name]))
                raise EventRefused("invalid_value", f"This endpoint does not support {feature}.", param)


def _place(session: Event, path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        session = session.setdefault(step, {})
    session[path[-1]] = value


def _merge(old: Event, new: Event) -> None:
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(name), dict) and name not in REPLACED:
            _merge(old[name], value)
        else:
            old[name] = value
