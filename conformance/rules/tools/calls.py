"""What a function call says of itself: its arguments, its call id and its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.left_out import argument_deltas
from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged, items_of
from conformance.rules.streaming.deltas import agrees, by_item, joins, listed
from conformance.trace.frames import string
from conformance.trace.lens import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.trace.frames import Frame
    from conformance.trace.responses import OutputItem, Response
    from conformance.trace.views import View

rules = Chapter("tools")

ARGUMENTS_DONE = SERVER_EVENTS + "response/function_call_arguments/done"
CONVERSATION_DONE = SERVER_EVENTS + "conversation/item/done"
ITEM_DONE = SERVER_EVENTS + "response/output_item/done"
CALL_EVENTS = frozenset({"response.function_call_arguments.delta", "response.function_call_arguments.done"})
CALLS = items_of("function_call")


@gathered
def _calls(view: View) -> Iterator[tuple[Response, OutputItem]]:
    for response in view.responses:
        for item in response.items.values():
            if item.kind == "function_call" and not response.gapped:
                yield response, item


def _shown(item: OutputItem) -> Iterator[Frame]:
    """Return the unshortened events that show the call as an item."""
    return (frame for frame in (item.added, item.done) if frame is not None and frame.whole)


@rules.must(
    "tools.argument-deltas-make-the-whole",
    about=CALL_EVENTS,
    covers=("STR-09",),
    spec=ARGUMENTS_DONE,
    left_out=argument_deltas,
)
def argument_deltas_make_the_whole(view: View) -> Judged:
    """The deltas of a call's arguments, joined, are the arguments of its done event."""
    for _, item in _calls(view):
        if item.arguments is not None and item.arguments.deltas:
            yield from joins(item.arguments, item.id)


@rules.must("tools.arguments-are-the-same-in-the-item", about=CALL_EVENTS, covers=("STR-09", "STR-20"), spec=ITEM_DONE)
def arguments_are_the_same_in_the_item(view: View) -> Judged:
    """`response.output_item.done` shows the arguments that were streamed."""
    for _, item in _calls(view):
        if item.arguments is not None and item.done is not None:
            shown = item.done.part("item").get("arguments")
            yield from agrees(item.arguments, shown, item.done, item.id, "/item/arguments")


@rules.must(
    "tools.arguments-are-the-same-in-the-response",
    about=CALL_EVENTS,
    covers=("STR-09",),
    spec=SERVER_EVENTS + "response/done",
)
def arguments_are_the_same_in_the_response(view: View) -> Judged:
    """`response.done` shows the arguments that were streamed."""
    for response, item in _calls(view):
        if item.arguments is not None and response.done is not None:
            number, shown = listed(response, item.id)
            path = f"/response/output/{number}/arguments"
            yield from agrees(item.arguments, shown.get("arguments"), response.done, item.id, path)


@rules.must("tools.call-has-no-content-parts", about=CALLS, covers=("STR-17",), spec=ITEM_DONE)
def call_has_no_content_parts(view: View) -> Judged:
    """A function call has no content parts."""
    for _, item in _calls(view):
        frames = [frame for part in item.parts.values() for frame in part.frames]
        for frame in frames[:1]:
            yield Finding(frame.index, f"The call {item.id} has a content part.", "no content part", frame.type)
        if not frames:
            yield HELD


@rules.must(
    "tools.arguments-are-the-same-in-the-conversation",
    about=CALL_EVENTS,
    covers=("STR-09",),
    spec=CONVERSATION_DONE,
    speaks={"conversation.item.done"},
)
def arguments_are_the_same_in_the_conversation(view: View) -> Judged:
    """`conversation.item.done` shows the arguments that were streamed."""
    done = by_item(view, "conversation.item.done")
    for _, item in _calls(view):
        if item.arguments is not None and (frame := done.get(item.id)) is not None:
            yield from agrees(item.arguments, frame.part("item").get("arguments"), frame, item.id, "/item/arguments")


@rules.must("tools.call-id-is-the-same-everywhere", about=CALLS, covers=("STR-17", "RSP-10"), spec=ARGUMENTS_DONE)
def call_id_is_the_same_everywhere(view: View) -> Judged:
    """Wherever a function call is shown, it has the same `call_id`."""
    for response, item, frames in _everywhere(view):
        said = [(frame, string(shown.get("call_id"))) for frame, shown in frames]
        said += [(frame, frame.text("call_id")) for frame in item.frames if frame.type in CALL_EVENTS and frame.whole]
        yield from _same(response, item, said, "call_id")


@rules.must("tools.name-is-the-same-everywhere", about=CALLS, covers=("STR-17", "STR-20", "RSP-10"), spec=ITEM_DONE)
def name_is_the_same_everywhere(view: View) -> Judged:
    """Wherever a function call is shown as an item, it has the same name."""
    for response, item, frames in _everywhere(view):
        yield from _same(response, item, [(frame, string(shown.get("name"))) for frame, shown in frames], "name")


@gathered
def _everywhere(view: View) -> Iterator[tuple[Response, OutputItem, list[tuple[Frame, Mapping[str, Any]]]]]:
    """Yield each call with every event that shows it as an item, and the item there."""
    conversation = [by_item(view, kind) for kind in ("conversation.item.added", "conversation.item.done")]
    for response, item in _calls(view):
        frames = [*_shown(item), *(found[item.id] for found in conversation if item.id in found)]
        shown = [(frame, frame.part("item")) for frame in frames]
        if response.done is not None:
            shown.append((response.done, listed(response, item.id)[1]))
        yield response, item, shown


def _same(response: Response, item: OutputItem, said: list[tuple[Frame, str | None]], what: str) -> Judged:
    named = [(frame, name) for frame, name in said if name]
    unlike = [(frame, name) for frame, name in named if name != named[0][1]]
    for frame, name in unlike[:1]:
        message = f"{frame.type} gives the call {item.id} another {what}."
        path = f"/item/{what}" if "item" in frame.event else f"/{what}"
        if frame is response.done:
            path = f"/response/output/{listed(response, item.id)[0]}/{what}"
        yield Finding(frame.index, message, str(named[0][1]), name, path)
    if len(named) > 1 and not unlike:
        yield HELD


@rules.should(
    "tools.call-ids-are-unique",
    about=CALLS,
    covers=("STR-17", "STR-06"),
    spec=ITEM_DONE,
    relaxed="No document says so; a client that answers by `call_id` depends on it.",
)
def call_ids_are_unique(view: View) -> Judged:
    """No two function calls of a session have the same `call_id`."""
    seen: dict[str, str] = {}
    for _, item in _calls(view):
        shown = next(_shown(item), None)
        name = string(shown.part("item").get("call_id")) if shown is not None else None
        if name is None or shown is None or view.partial:
            continue
        if seen.setdefault(name, item.id) == item.id:
            yield HELD
        else:
            yield Finding(shown.index, f"{name} names {seen[name]} and {item.id}.", path="/item/call_id")


@rules.must("tools.done-names-its-function", about=CALL_EVENTS, covers=("STR-17",), spec=ARGUMENTS_DONE)
def done_names_its_function(view: View) -> Judged:
    """`response.function_call_arguments.done`, where it names a function, names that of its item."""
    for _, item in _calls(view):
        shown = next(_shown(item), None)
        name = string(shown.part("item").get("name")) if shown is not None else None
        for frame in item.arguments.dones if item.arguments is not None else ():
            said = frame.text("name")
            if name is None or said is None:
                continue
            if said == name:
                yield HELD
            else:
                yield Finding(frame.index, f"{item.id} calls {name}.", name, said, "/name")


@rules.should(
    "tools.call-begins-without-arguments",
    about=CALLS,
    covers=("STR-18",),
    spec=SERVER_EVENTS + "response/output_item/added",
)
def call_begins_without_arguments(view: View) -> Judged:
    """A function call is added with empty arguments; they come in deltas."""
    for _, item in _calls(view):
        if item.added is None or not item.added.whole:
            continue
        arguments = item.added.part("item").get("arguments")
        if isinstance(arguments, str) and arguments:
            yield Finding(item.added.index, f"{item.id} began with arguments.", "''", path="/item/arguments")
        else:
            yield HELD


@rules.should(
    "tools.arguments-are-json",
    about=CALL_EVENTS,
    covers=("STR-19",),
    spec=ARGUMENTS_DONE,
    relaxed="It is the model that writes them, and it can be wrong.",
)
def arguments_are_json(view: View) -> Judged:
    """The arguments of a completed call are a JSON document, not one that was encoded twice."""
    for _, item in _calls(view):
        if item.arguments is None or item.done is None or item.done.part("item").get("status") != "completed":
            continue
        text = item.arguments.final
        if text is None:
            continue
        if (wrong := _what_is_wrong(text)) is None:
            yield HELD
        else:
            message = f"The arguments of {item.id} are {wrong}."
            yield Finding(item.arguments.dones[0].index, message, "JSON", text[:60], "/arguments")


def _what_is_wrong(text: str) -> str | None:
    """Return what arguments are instead of a JSON document; None if they are one."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return "no JSON"
    return "an object that was encoded twice" if isinstance(told, str) and _is_object(told) else None


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
