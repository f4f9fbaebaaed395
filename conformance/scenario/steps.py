"""The steps: each one generator, from its argument in the script to commands for the player.

A step that sends an event waits for the acknowledgement that the protocol owes, unless `answer:` says otherwise:
`error` (it must be refused), `either`, or `none` (do not wait).  No step concludes anything from silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.scenario.commands import (
    Close,
    Event,
    Hangup,
    Idle,
    ModelDidNot,
    Open,
    Recall,
    Reply,
    Script,
    Send,
    Unmet,
    Wait,
)
from conformance.scenario.context import ScriptContext
from conformance.scenario.match import mismatch
from conformance.scenario.model import Step

STEPS: dict[str, Callable[[ScriptContext, Step], Script]] = {}


def step(make: Callable[[ScriptContext, Step], Script]) -> Callable[[ScriptContext, Step], Script]:
    """Register a step under the function's name."""
    STEPS[make.__name__.strip("_")] = make
    return make


def ask(talk: ScriptContext, line: Step, event: Event, ack: str, fits: Mapping[str, Any] | None = None) -> Script:
    """Send *event* and wait for what has to answer it; give the answer."""
    event = {"event_id": talk.event_id(line.name), **event}
    yield Send(event, deliberate=line.answer in ("error", "either"))
    return (yield from answered(talk, line, event["event_id"], ack, fits or {}))


def answered(talk: ScriptContext, line: Step, sent: str, ack: str, fits: Mapping[str, Any]) -> Script:
    """Wait for the acknowledgement or the error that answers the client event *sent*."""
    if line.answer == "none":
        return None
    wanted = {"error": ("error",), "either": (ack, "error")}.get(line.answer, (ack,))

    def matches(kind: str, event: Event) -> bool:
        if kind == "error" and "error" in wanted:
            return _error_about(talk, event, sent)
        return kind == ack and ack in wanted and not mismatch(dict(fits), event)

    # A refusal that is expected may also be answered by the acknowledgement: waiting on would only time out.
    def ends(kind: str, event: Event) -> bool:
        return matches(kind, event) or (wanted == ("error",) and kind == ack and not mismatch(dict(fits), event))

    reply: Reply = yield Wait(ends, " or ".join(wanted), line.within, sent)
    if wanted == ("error",) and reply.event.get("type") == ack:
        if ack == "response.created" and reply.alone:
            raise ModelDidNot("needs two responses at once; the first was over before the second was asked for")
        raise Unmet(f"{line.name} was accepted", expected="an error", actual=ack)
    return reply.event


def _error_about(talk: ScriptContext, event: Event, sent: str) -> bool:
    """Return whether an error may be about the event *sent*: it names that, or none of the others."""
    error = event.get("error")
    named = error.get("event_id") if isinstance(error, dict) else None
    return named == sent or not isinstance(named, str) or named not in talk.event_ids


@step
def connect(talk: ScriptContext, line: Step) -> Script:
    """Open a session: upgrade and wait for `session.created`."""
    reply = yield Open({**(line.argument or {}), "intent": talk.intent})
    if reply.refused:
        raise Unmet("no session was opened", expected="session.created", actual=reply.refused)
    if reply.event.get("type") not in ("session.created", "transcription_session.created"):
        raise Unmet("the first event opens no session", expected="session.created", actual=_named(reply.event))
    return reply.event


@step
def expect_refusal(talk: ScriptContext, line: Step) -> Script:
    """Ask for a session that must not be opened; `answer: either` where a session is allowed too."""
    reply = yield Open({**(line.argument or {}), "intent": talk.intent})
    if reply.event.get("type") == "error":
        yield Hangup(line.within)
        return reply.event
    if reply.refused or line.answer == "either":
        return reply.event
    raise Unmet("a session was opened", expected="a refusal", actual=_named(reply.event))


@step
def configure(talk: ScriptContext, line: Step) -> Script:
    """Set session settings by their canonical names; settings that the dialect lacks are left out."""
    settings = dict(line.argument or {})
    event = yield from ask(talk, line, update_of(talk, settings), updated_of(talk))
    if event is not None and event.get("type") != "error":
        for name in ("input_format", "output_format"):
            if isinstance(settings.get(name), str):
                setattr(talk, name, settings[name])
    return event


def update_of(talk: ScriptContext, settings: Mapping[str, Any]) -> Event:
    """Return the update event of this kind of session."""
    if talk.intent == "transcription":
        session = {**talk.dialect.session(settings), **({"type": "transcription"} if _typed(talk) else {})}
        return {"type": "session.update" if _typed(talk) else "transcription_session.update", "session": session}
    return {"type": "session.update", "session": talk.dialect.session(settings)}


def updated_of(talk: ScriptContext) -> str:
    """Return the acknowledgement of `update_of`."""
    beta_transcription = talk.intent == "transcription" and not _typed(talk)
    return "transcription_session.updated" if beta_transcription else "session.updated"


def _typed(talk: ScriptContext) -> bool:
    return "type" in talk.dialect.session_paths


@step
def barrier(talk: ScriptContext, line: Step) -> Script:
    """Send an update that changes nothing and wait for its answer: whatever came before it has come."""
    return (yield from ask(talk, line, update_of(talk, {}), updated_of(talk)))


@step
def _await(_talk: ScriptContext, line: Step) -> Script:
    """Wait for an event: `await: TYPE`, `{event: TYPE or TYPES, match: pattern}`, or several of these in any order."""
    last: Event | None = None
    for each in line.argument if isinstance(line.argument, list) else [line.argument]:
        wanted = each if isinstance(each, dict) else {"event": each}
        last = yield from come(line, wanted["event"], wanted.get("match", {}))
    return last


def come(line: Step, kinds: str | list[str], pattern: Mapping[str, Any]) -> Script:
    """Wait for an event of one of these types that fits *pattern*."""
    wanted = [kinds] if isinstance(kinds, str) else kinds

    def matches(name: str, event: Event) -> bool:
        return name in wanted and not mismatch(pattern, event)

    reply: Reply = yield Wait(matches, " or ".join(wanted), line.within)
    return reply.event


@step
def expect(_talk: ScriptContext, line: Step) -> Script:
    """Take the next event of a type, which must fit: `{event: TYPE, match: pattern}`."""
    wanted = line.argument
    event = yield from come(line, wanted["event"], {})
    if event is not None and (wrong := mismatch(wanted.get("match", {}), event)):
        expected, _, actual = wrong.partition(", actual ")
        raise Unmet(f"{wanted['event']} is not as the script expects", expected=expected, actual=actual)
    return event


@step
def send(_talk: ScriptContext, line: Step) -> Script:
    """Send a frame as it is written, on purpose: an event, `{text: …}` or `{binary: …}`; no answer is awaited."""
    given = line.argument
    if isinstance(given, dict) and given.keys() == {"text"}:
        yield Send(str(given["text"]), deliberate=True)
    elif isinstance(given, dict) and given.keys() == {"binary"}:
        yield Send(str(given["binary"]).encode(), deliberate=True)
    else:
        yield Send(given, deliberate=True)
    return None


@step
def unheard(talk: ScriptContext, line: Step) -> Script:
    """No event on this connection may hold a text: `{text, but}`, where *but* may occur; a barrier comes first."""
    yield from ask(talk, replace(line, answer="", name="barrier"), update_of(talk, {}), updated_of(talk))
    given = line.argument if isinstance(line.argument, dict) else {"text": line.argument}
    reply: Reply = yield Recall(given["text"], given.get("but", ""))
    if reply.event:
        raise Unmet(f"an event holds {given['text']!r}", expected="what was said here only", actual=_named(reply.event))
    return None


@step
def idle(_talk: ScriptContext, line: Step) -> Script:
    """Stay connected for that many seconds and say nothing: the only step in which time passes on purpose."""
    yield Idle(float(line.argument))
    return None


@step
def expect_close(_talk: ScriptContext, line: Step) -> Script:
    """Wait until the endpoint ends the connection; that it does not is for the rules to judge."""
    yield Hangup(line.within)
    return None


@step
def close(_talk: ScriptContext, line: Step) -> Script:
    """Close the connection with a close frame."""
    given = line.argument or {}
    yield Close(given.get("code", 1000), given.get("reason", ""))
    return None


@step
def drop(_talk: ScriptContext, _line: Step) -> Script:
    """Break the connection without a close frame."""
    yield Close(drop=True)
    return None


def _named(event: Event) -> str:
    if event.get("type") == "error" and isinstance(event.get("error"), dict):
        error = event["error"]
        return f"error {error.get('code') or error.get('type')}: {error.get('message')}"
    return str(event.get("type", event))[:200]
