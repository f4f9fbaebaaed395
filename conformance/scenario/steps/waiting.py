"""Waiting and looking.

How `match` compares is told in [scenarios.md](scenarios.md#patterns).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.contract.documented_fields import Schema
from conformance.scenario.commands import Recall, Reply, Script, Unmet
from conformance.scenario.cost import ClipReader, Cost, Spending, asking
from conformance.scenario.match import mismatch
from conformance.scenario.steps.asking import ask, come, named
from conformance.scenario.steps.declaration import TEXT, one_or_several, shape, shorthand, step
from conformance.scenario.steps.session import update_of, updated_of
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step

PATTERN: Schema = {"type": "object", "description": "The pattern that the event fits."}
AWAITED = shorthand(TEXT, shape({"event": one_or_several(TEXT), "match": PATTERN}, ("event",)))
#: Seconds that an endpoint usually waits before it answers silence by itself.
IDLE_TIMEOUT = 5.0


def _awaited(written: Step) -> list[str]:
    kinds: list[str] = []
    for each in written.argument if isinstance(written.argument, list) else [written.argument]:
        kind = each["event"] if isinstance(each, dict) else each
        kinds += kind if isinstance(kind, list) else [kind]
    return kinds


def _waiting(here: Spending, written: Step, clip: ClipReader) -> Cost:
    # Silence that lasts too long is answered by itself.
    if "input_audio_buffer.timeout_triggered" in str(written.argument):
        return here.responses(1) + Cost(expected=IDLE_TIMEOUT)
    return asking(here, written, clip)


@step(
    one_or_several(AWAITED),
    listens=True,
    modifiers="as within",
    awaits=_awaited,
    costs=_waiting,
    example="""
- await: response.done
- await: {event: conversation.item.added, match: {item: {role: user}}}
- await:
    event: [conversation.item.input_audio_transcription.completed, conversation.item.input_audio_transcription.failed]
- await: [input_audio_buffer.speech_stopped, input_audio_buffer.committed]
""",
)
def _await(_context: ScriptContext, written: Step) -> Script:
    """Wait for an event, for one of several types, or for several events in any order.

    An event answers one wait: what a wait passes over is kept for later ones.
    """
    last: Event | None = None
    for each in written.argument if isinstance(written.argument, list) else [written.argument]:
        wanted = each if isinstance(each, dict) else {"event": each}
        last = yield from come(written, wanted["event"], wanted.get("match", {}))
    return last


@step(
    shape({"event": TEXT, "match": PATTERN}, ("event",)),
    listens=True,
    modifiers="as within",
    awaits=_awaited,
    example="- expect: {event: response.done, match: {response.status: completed, response.output: {$empty: false}}}",
)
def expect(_context: ScriptContext, written: Step) -> Script:
    """Take the next event of a type, which must fit.

    Prefer a rule: it judges every conversation, a script only one.
    """
    wanted = written.argument
    event = yield from come(written, wanted["event"], {})
    if event is not None and (wrong := mismatch(wanted.get("match", {}), event)):
        expected, _, actual = wrong.partition(", actual ")
        raise Unmet(f"{wanted['event']} is not as the script expects", expected=expected, actual=actual)
    return event


def _finds_nothing(written: Step) -> Iterator[tuple[str, str]]:
    given = written.under("text")
    if given.get("but") and given["but"] in given["text"]:
        yield (
            "`unheard` can never find anything: `text` holds what `but` allows",
            "It is the other way round: `but` holds `text`.",
        )


@step(
    shorthand(TEXT, shape({"text": TEXT, "but": {**TEXT, "description": "Where the text may occur."}}, ("text",))),
    modifiers="within",
    contradictions=_finds_nothing,
    example="- unheard: {text: canary-, but: canary-anna}",
)
def unheard(context: ScriptContext, written: Step) -> Script:
    """Look for a text that no event on this connection may hold, e.g. a canary of another session.

    A barrier comes first.
    """
    yield from ask(context, replace(written, answer="", name="barrier"), update_of(context, {}), updated_of(context))
    given = written.under("text")
    reply: Reply = yield Recall(given["text"], given.get("but", ""))
    if reply.event:
        raise Unmet(f"an event holds {given['text']!r}", expected="what was said here only", actual=named(reply.event))
    return None
