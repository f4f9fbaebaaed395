"""Endpoints that call functions wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_after, adding_before, both, changing_all, dropping_first, putting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect, Event

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
    ("call-begins-with-arguments", "tools.call-begins-without-arguments", FORCED, "",
     "A call is added with arguments.", lambda _: putting(ADDED, ("item", "arguments"), "{}")),
)
