"""Endpoints that call functions wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.mutants.edits import is_output, put, without
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_after, adding_before, both, changing_all, dropping_first, putting
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

ADDED, DONE = "response.output_item.added", "response.output_item.done"
DELTA, ARGUMENTS = "response.function_call_arguments.delta", "response.function_call_arguments.done"
FORCED = "tools/forced_call"


@faults.mutant(killed_by="tools.call-has-no-content-parts", during=FORCED)
def call_with_a_content_part(_dialect: Dialect) -> Fault:
    """A function call has an empty content part."""

    def part(event: Event) -> Iterable[Event]:
        place = {"response_id": event["response_id"], "item_id": event["item"]["id"], "output_index": 0}
        for kind in ("response.content_part.added", "response.content_part.done"):
            yield {"type": kind, **place, "content_index": 0, "part": {"type": "text", "text": ""}}

    held = adding_after(ADDED, part).sends
    waiting: list[Event] = []

    def sends(event: Event) -> Iterable[Event]:
        """The part comes after the conversation announced the call."""
        if held is None or event["type"] not in (ADDED, "conversation.item.added"):
            yield event
        elif event["type"] == ADDED:
            first, *parts = held(event)
            waiting.extend(parts)
            yield first
        else:
            yield event
            yield from waiting
            waiting.clear()

    return Fault(sends=sends)


@faults.mutant(killed_by="tools.call-ids-are-unique", during="tools/two_calls", like="id-prefix-wrong")
def every_call_has_the_same_id(_dialect: Dialect) -> Fault:
    """All calls have the same call id."""

    def change(event: Event) -> Event:
        items = [event.get("item"), *(event.get("response") or {}).get("output", ())]
        for each in (event, *items):
            if isinstance(each, dict) and "call_id" in each:
                each["call_id"] = "call_constant"
        return event

    return changing_all(change)


@faults.mutant(killed_by="tools.arguments-are-json", during=FORCED, like="tool-args-not-json")
def arguments_are_no_json(_dialect: Dialect) -> Fault:
    """The arguments end with a brace too many, everywhere."""

    def change(event: Event) -> Event:
        items = [event.get("item"), *(event.get("response") or {}).get("output", ())]
        for each in (event, *items):
            if isinstance(each, dict) and each.get("arguments"):
                each["arguments"] += "}"
        return event

    def brace(event: Event) -> Iterable[Event]:
        kept = {key: value for key, value in event.items() if key not in ("arguments", "name")}
        yield {**kept, "type": DELTA, "delta": "}"}

    return both(adding_before(ARGUMENTS, brace), changing_all(change))


def _in_the_conversation(name: str, value: str) -> Fault:
    """Show another value in the conversation's copy of what the model made."""

    def change(event: Event) -> Event:
        done = event["type"] == "conversation.item.done" and is_output(event)
        return put(event, ("item", name), value) if done else event

    return changing_all(change)


def _renaming(event: Event, name: str) -> Event:
    """Return the calls that an event shows another name."""
    items = [event.get("item"), *(event.get("response") or {}).get("output", ())]
    for each in items:
        if isinstance(each, dict) and each.get("type") == "function_call":
            each["name"] = name
    if event["type"] == ARGUMENTS and "name" in event:
        event["name"] = name
    return event


@faults.mutant(killed_by="tools.nothing-is-called-without-tools", during="tools/cleared")
def cleared_tools_are_called(_dialect: Dialect) -> Fault:
    """Tools that were taken away are called, though the session shows none."""
    cleared: list[bool] = []

    def receives(event: Event) -> Iterable[Event]:
        asked = event.get("session")
        if event.get("type") == "session.update" and isinstance(asked, dict) and asked.get("tools") == []:
            cleared.append(True)
            event = without(event, ("session", "tools"))
        yield event

    def sends(event: Event) -> Iterable[Event]:
        yield put(event, ("session", "tools"), []) if cleared else event

    return Fault(sends=sends, receives=receives)


@faults.mutant(killed_by="tools.called-functions-were-offered", during="tools/offered_anew")
def a_function_of_before_is_called(_dialect: Dialect) -> Fault:
    """The second response calls a function that is offered no more."""
    begun: list[Event] = []

    def change(event: Event) -> Event:
        if event["type"] == "response.created":
            begun.append(event)
        return _renaming(event, "get_weather") if len(begun) > 1 else event

    return changing_all(change)


# fmt: off
faults.rows(
    ("first-arguments-are-lost", "tools.argument-deltas-make-the-whole", FORCED, "first-argument-chunk-lost",
     "The first piece of the arguments is never sent.", lambda _: dropping_first(DELTA)),
    ("item-has-other-arguments", "tools.arguments-are-the-same-in-the-item", FORCED, "",
     "`response.output_item.done` shows other arguments than were streamed.",
     lambda _: putting(DONE, ("item", "arguments"), "{}")),
    ("response-has-other-arguments", "tools.arguments-are-the-same-in-the-response", FORCED, "",
     "`response.done` shows other arguments than were streamed.",
     lambda _: putting("response.done", ("response", "output", 0, "arguments"), "{}")),
    ("arguments-of-another-call", "tools.call-id-is-the-same-everywhere", FORCED, "",
     "The arguments name another call id than the item.", lambda _: putting(ARGUMENTS, ("call_id",), "call_other")),
    ("arguments-of-another-function", "tools.done-names-its-function", FORCED, "",
     "The end of the arguments names another function than the item.",
     lambda _: putting(ARGUMENTS, ("name",), "something_else")),
    ("another-function-is-called", "tools.the-chosen-function-is-called", "tools/named_choice", "tool-choice-ignored",
     "Another function is called than `tool_choice` names.",
     lambda _: changing_all(lambda event: _renaming(event, "get_weather"))),
    ("response-names-another-function", "tools.name-is-the-same-everywhere", FORCED, "",
     "`response.done` shows another name of the function.",
     lambda _: putting("response.done", ("response", "output", 0, "name"), "get_time")),
    ("call-begins-with-arguments", "tools.call-begins-without-arguments", FORCED, "",
     "A call is added with arguments.", lambda _: putting(ADDED, ("item", "arguments"), "{}")),
)
faults.rows(
    ("conversation-has-other-arguments", "tools.arguments-are-the-same-in-the-conversation", FORCED, "",
     "`conversation.item.done` shows other arguments than were streamed.",
     lambda _: _in_the_conversation("arguments", "{}")),
    ("conversation-has-another-call-id", "tools.call-id-is-the-same-everywhere", FORCED, "",
     "`conversation.item.done` shows another call id.", lambda _: _in_the_conversation("call_id", "call_other")),
    dialects=("ga",),
)
