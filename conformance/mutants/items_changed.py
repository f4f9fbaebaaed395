"""Endpoints that delete, hand out and cut items of the conversation wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.mutants.edits import put, stamp, without
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import changing, dropping, repeating, setting
from conformance.trace.trace import Event

faults = FaultTable()

ADDED, RETRIEVED = "conversation.item.added", "conversation.item.retrieved"


def instead_of_the_error(kind: str, make: Callable[[Event, list[Event]], Iterable[Event]]) -> Fault:
    """Answer a refused event of this type by what *make* makes of it and of what was announced."""
    stamped = stamp()
    asked: list[Event] = []
    announced: list[Event] = []

    def receives(event: Event) -> Iterable[Event]:
        asked[:] = [event]
        yield event

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == ADDED:
            announced.append(event)
        if event["type"] == "error" and asked and asked[0].get("type") == kind:
            yield from map(stamped, make(asked[0], announced))
        else:
            yield event

    return Fault(sends=sends, receives=receives)


@faults.mutant(
    killed_by="items.retrieving-an-unknown-item-is-refused",
    during="items/retrieve_unknown",
    like="delete-retrieve-wrong",
)
def unknown_items_are_empty(_dialect: Dialect) -> Fault:
    """For an unknown id an empty item is handed out."""

    def make(asked: Event, _told: Any) -> Iterable[Event]:
        empty = {"type": "message", "role": "user", "status": "completed", "content": []}
        yield {"type": RETRIEVED, "item": {"id": asked.get("item_id"), **empty}}

    return instead_of_the_error("conversation.item.retrieve", make)


@faults.mutant(
    killed_by="items.truncating-loses-the-transcript",
    during="items/truncate_then_retrieve",
    like="truncate-ack-missing-or-fake",
)
def a_cut_leaves_the_transcript(_dialect: Dialect) -> Fault:
    """After a cut the item still says what nobody heard."""
    whole = [""]

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == "response.output_audio_transcript.done":
            whole[0] = event["transcript"]
        if event["type"] == RETRIEVED:
            event = put(event, ("item", "content", 0, "transcript"), whole[0])
        yield event

    return Fault(sends=sends)


# fmt: off
faults.rows(
    ("deletions-are-never-told", "items.deleting-is-acknowledged", "items/delete", "",
     "An item is deleted, and nothing says so.", lambda _: dropping("conversation.item.deleted")),
    ("anything-can-be-deleted", "items.deleting-an-unknown-item-is-refused", "items/delete_unknown",
     "delete-retrieve-wrong",
     "The deletion of an item that never was is acknowledged.",
     lambda _: instead_of_the_error("conversation.item.delete",
         lambda asked, _told: [{"type": "conversation.item.deleted", "item_id": asked["item_id"]}])),
    ("deleted-items-can-be-retrieved", "items.deleted-items-are-gone", "items/after_delete", "",
     "A deleted item is still handed out.",
     lambda _: instead_of_the_error("conversation.item.retrieve",
         lambda _asked, told: [{"type": RETRIEVED, "item": told[0]["item"]}] if told else [])),
    ("retrieving-gets-no-answer", "items.retrieving-is-answered", "items/retrieve", "",
     "An item is asked for, and nothing comes.", lambda _: dropping(RETRIEVED)),
    ("retrieved-items-come-twice", "items.retrieving-is-answered", "items/retrieve", "",
     "An item is asked for once, and comes twice.", lambda _: repeating(RETRIEVED)),
    ("truncations-are-told-twice", "items.truncating-is-acknowledged", "items/truncate", "",
     "An item is cut once, and that is told twice.", lambda _: repeating("conversation.item.truncated")),
    ("retrieved-items-say-something-else", "items.retrieved-is-what-was-said", "items/retrieve", "",
     "A retrieved item has another text.",
     lambda _: changing((RETRIEVED,), lambda event: put(event, ("item", "content", 0, "text"), "Something else."))),
    ("retrieved-items-are-silent", "items.retrieved-audio-is-there", "items/retrieve_audio", "",
     "A retrieved item comes without its audio.",
     lambda _: changing((RETRIEVED,), lambda event: without(event, ("item", "content", 0, "audio")))),
    ("truncations-are-never-told", "items.truncating-is-acknowledged", "items/truncate", "truncate-ack-missing-or-fake",
     "An item is cut, and nothing says so.", lambda _: dropping("conversation.item.truncated")),
    ("truncations-are-told-wrongly", "items.a-truncation-is-echoed", "items/truncate", "",
     "An item was cut somewhere else than the acknowledgement should say.",
     lambda _: setting("conversation.item.truncated", audio_end_ms=0)),
    ("a-cut-beyond-the-end-is-accepted", "items.truncating-beyond-the-end-is-refused", "items/truncate_beyond_the_end",
     "truncate-ack-missing-or-fake",
     "An item can be cut an hour after its end.",
     lambda _: instead_of_the_error("conversation.item.truncate",
         lambda asked, _told: [{**asked, "type": "conversation.item.truncated"}])),
)
