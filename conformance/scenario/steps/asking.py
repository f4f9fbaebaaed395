"""What steps have in common: to send an event and wait for what answers it, or to wait for an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.scenario.commands import ModelDidNot, Reply, Script, Send, Unmet, Wait
from conformance.scenario.match import mismatch
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step


def ask(context: ScriptContext, written: Step, event: Event, ack: str, fits: Mapping[str, Any] | None = None) -> Script:
    """Send *event* and wait for what has to answer it; return the answer."""
    event = {"event_id": context.event_id(written.name), **event}
    yield Send(event, deliberate=written.answer in ("error", "either"))
    return (yield from answered(context, written, event["event_id"], ack, fits or {}))


def answered(context: ScriptContext, written: Step, sent: str, ack: str, fits: Mapping[str, Any]) -> Script:
    """Wait for the acknowledgement or the error that answers the client event *sent*."""
    if written.answer == "none":
        return None
    wanted = {"error": ("error",), "either": (ack, "error")}.get(written.answer, (ack,))

    def matches(kind: str, event: Event) -> bool:
        if kind == "error" and "error" in wanted:
            return _error_about(context, event, sent)
        return kind == ack and ack in wanted and not mismatch(dict(fits), event)

    # A refusal that is expected may also be answered by the acknowledgement: waiting on would only time out.
    def ends(kind: str, event: Event) -> bool:
        return matches(kind, event) or (wanted == ("error",) and kind == ack and not mismatch(dict(fits), event))

    def misfit(kind: str, event: Event) -> str:
        return mismatch(dict(fits), event) if kind == ack else ""

    reply: Reply = yield Wait(ends, " or ".join(wanted), written.within, sent, misfit)
    if wanted == ("error",) and reply.event.get("type") == ack:
        if ack == "response.created" and reply.alone:
            raise ModelDidNot("needs two responses at once; the first was over before the second was asked for")
        if ack == "response.done" and reply.unasked:
            raise ModelDidNot("needs an idle session; a response that nobody asked for was running")
        raise Unmet(f"{written.name} was accepted", expected="an error", actual=context.dialect.wire_name(ack))
    return reply.event


def _error_about(context: ScriptContext, event: Event, sent: str) -> bool:
    """Return whether an error may be about the event *sent*: it names that, or none of the others."""
    error = event.get("error")
    named = error.get("event_id") if isinstance(error, dict) else None
    return named == sent or not isinstance(named, str) or named not in context.event_ids


def come(written: Step, kinds: str | list[str], pattern: Mapping[str, Any]) -> Script:
    """Wait for an event of one of these types that fits *pattern*."""
    wanted = [kinds] if isinstance(kinds, str) else kinds

    def matches(name: str, event: Event) -> bool:
        return name in wanted and not mismatch(pattern, event)

    def misfit(name: str, event: Event) -> str:
        return mismatch(pattern, event) if name in wanted else ""

    reply: Reply = yield Wait(matches, " or ".join(wanted), written.within, misfit=misfit)
    return reply.event


def named(event: Event) -> str:
    """Return what an event is called in a message: its type, and what an error says."""
    if event.get("type") == "error" and isinstance(event.get("error"), dict):
        error = event["error"]
        return f"error {error.get('code') or error.get('type')}: {error.get('message')}"
    return str(event.get("type", event))[:200]
