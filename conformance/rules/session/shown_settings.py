"""What the session shows of what was asked for: the model, and settings that could be left out in silence."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from conformance.rules.engine.rule import CLIENT_EVENTS, GUIDE, HELD, Chapter, Finding, Judged
from conformance.rules.engine.settings import (
    ABSENT,
    EMPTY,
    path_of,
    short,
)
from conformance.rules.session.opening import CREATED, UPDATED
from conformance.rules.session.updates import accepted
from conformance.trace.frames import mapping, string
from conformance.trace.trace import Credential
from conformance.trace.views import View

rules = Chapter("session")

UPDATE_SPEC = CLIENT_EVENTS + "session/update"
#: Settings that an endpoint may take without showing them: what they hold is the client's own, or a reference.
MAY_BE_HIDDEN = frozenset({"tracing", "prompt", "include", "instructions", "temperature", "parallel_tool_calls"})


@rules.should("session.an-accepted-setting-is-shown", about=UPDATED, covers=("SES-08",), spec=UPDATE_SPEC)
def an_accepted_setting_is_shown(view: View) -> Judged:
    """A setting of an accepted update is shown afterwards, not left out in silence."""
    for _, asked, answer, shown in accepted(view):
        owed = [name for name, value in asked.items() if value not in EMPTY and name not in MAY_BE_HIDDEN]
        if not owed or not answer.part("session"):
            continue
        hidden = sorted(name for name in owed if name not in shown)
        if hidden:
            message = f"The update set {', '.join(hidden)}, and the session does not show it."
            yield Finding(answer.index, message, hidden[0], "absent", path_of(view, hidden[0]))
        else:
            yield HELD


@rules.should("session.a-partial-turn-detection-keeps-its-type", about=UPDATED, covers=("SES-09",), spec=UPDATE_SPEC)
def a_partial_turn_detection_keeps_its_type(view: View) -> Judged:
    """An update of some fields of the turn detection leaves its type as it was."""
    for sent, settings, answer, shown in accepted(view):
        asked = settings.get("turn_detection")
        if not isinstance(asked, dict) or not asked or "type" in asked:
            continue
        before = string(mapping(view.setting_at(sent.index, "turn_detection")).get("type"))
        now = shown.get("turn_detection", ABSENT)
        if before is None or now is ABSENT:
            continue
        if mapping(now).get("type") == before:
            yield HELD
        else:
            message = "An update that did not name the type of the turn detection changed it."
            actual = short(mapping(now).get("type"))
            yield Finding(answer.index, message, before, actual, f"{path_of(view, 'turn_detection')}/type")


@rules.should("session.the-model-is-the-one-asked-for", about=CREATED, covers=("SES-04",), spec=GUIDE + "realtime")
def the_model_is_the_one_asked_for(view: View) -> Judged:
    """The session shows the model that the URL asks for, or a dated version of it."""
    if view.handshake is None or view.handshake.model is not Credential.VALID:
        return
    asked = _model_in(view.handshake.url)
    for frame in view.server(*CREATED)[:1]:
        shown = string(frame.part("session").get("model"))
        if not asked or not shown or not frame.whole:
            continue
        if shown == asked or shown.startswith(f"{asked}-") or asked.startswith(f"{shown}-"):
            yield HELD
        else:
            yield Finding(frame.index, "The session has another model.", asked, shown, "/session/model")


@lru_cache(maxsize=64)
def _model_in(url: str) -> str:
    """Return the model that the URL of a connection names; empty if it names none."""
    return parse_qs(urlsplit(url).query).get("model", [""])[0]
