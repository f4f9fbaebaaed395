"""The session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.contract.dialects import DIALECTS
from conformance.scenario.audio import FORMATS
from conformance.scenario.commands import Script
from conformance.scenario.cost import ClipReader, Cost, Spending, asking, limit_of, size
from conformance.scenario.steps.asking import ask
from conformance.scenario.steps.declaration import ACKNOWLEDGED, step
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step

#: Settings that a session shows, and no update can set.
SHOWN_ONLY = frozenset({"id", "object", "type", "expires_at"})
SETTINGS = sorted({name for dialect in DIALECTS.values() for name in dialect.session_paths} - SHOWN_ONLY)


def _configuring(here: Spending, written: Step, clip: ClipReader) -> Cost:
    asked = written.argument if isinstance(written.argument, dict) else {}
    here.limit = limit_of(asked.get("max_output_tokens"), here.limit)
    if "modalities" in asked:
        here.speaks = asked["modalities"] != "text"
    if "turn_detection" in asked:
        here.detects = _answers_turns(asked["turn_detection"])
    if "transcription" in asked:
        here.writes = asked["transcription"] is not None
    if isinstance(named := asked.get("input_format"), str) and named in FORMATS:
        here.audio_format = named
    here.base += size({key: each for key, each in asked.items() if key in ("instructions", "tools", "prompt")})
    return asking(here, written, clip)


def _answers_turns(detection: Any) -> bool:
    return detection is not None and not (isinstance(detection, dict) and detection.get("create_response") is False)


@step(
    {"type": "object", "propertyNames": {"enum": SETTINGS}},
    answers=ACKNOWLEDGED,
    settings="session",
    costs=_configuring,
    example="""
- configure: {instructions: Answer in one word., modalities: text, turn_detection: null}
- configure: {temperature: 0.7}
  only: beta
- configure: {max_output_tokens: -7}
  answer: error
""",
)
def configure(context: ScriptContext, written: Step) -> Script:
    """Send `session.update` and wait for `session.updated` (of a transcription session: its counterparts).

    Settings have their canonical names; those that the revision does not have are left out.
    """
    settings = dict(written.argument or {})
    event = yield from ask(context, written, update_of(context, settings), updated_of(context))
    if event is not None and event.get("type") != "error":
        for name in ("input_format", "output_format"):
            if isinstance(settings.get(name), str):
                setattr(context, name, settings[name])
    return event


def update_of(context: ScriptContext, settings: Mapping[str, Any]) -> Event:
    """Return the update event of this kind of session."""
    if context.intent == "transcription":
        typed = _typed(context)
        session = {**context.dialect.session(settings), **({"type": "transcription"} if typed else {})}
        return {"type": "session.update" if typed else "transcription_session.update", "session": session}
    session = context.dialect.session(settings)
    if context.intent == "translation":
        session = {name: value for name, value in session.items() if name != "type"}
    return {"type": "session.update", "session": session}


def updated_of(context: ScriptContext) -> str:
    """Return the acknowledgement of `update_of`."""
    beta_transcription = context.intent == "transcription" and not _typed(context)
    return "transcription_session.updated" if beta_transcription else "session.updated"


def _typed(context: ScriptContext) -> bool:
    return "type" in context.dialect.session_paths


@step(
    answers=ACKNOWLEDGED,
    example="""
- configure: {turn_detection: null}
- speak: hello
- barrier
""",
)
def barrier(context: ScriptContext, written: Step) -> Script:
    """Send an update that changes nothing, and wait for its answer.

    When the answer comes, everything that the endpoint sent before it has arrived, because the channel is ordered.
    """
    return (yield from ask(context, written, update_of(context, {}), updated_of(context)))
