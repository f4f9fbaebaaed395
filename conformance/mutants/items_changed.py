"""Endpoints that delete, hand out and cut items of the conversation wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from conformance.contract.dialect import Dialect, Event
from conformance.mutants.changes import changing, dropping, setting, stamp
from conformance.mutants.edits import put, without
from conformance.mutants.mutant import Fault, FaultTable

faults = FaultTable()

ADDED, RETRIEVED = "conversation.item.added", "conversation.item.retrieved"


def instead_of_the_error(kind: str, make: Callable[[Event, list[Event]], Iterable[Event]]) -> Fault:
    """Answer a refused event of this type by what *make* makes of it and of what was announced."""
    stamped = stamp()
    asked: list[Event] = []
    announced: list[Event] = []

    def hears(event: Event) -> Iterable[Event]:
        asked[:] = [event]
        yield event

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == ADDED:
            announced.append(event)
        if event["type"] == "error" and asked and asked[0].get("type") == kind:
            yield from map(stamped, make(asked[0], announced))
        else:
            yield event

    return Fault(sends=sends, hears=hears)


@faults.mutant(killed_by="items.deleting-is-acknowledged", during="items/delete")
def deletions_are_never_told(_dialect: Dialect) -> Fault:
    """An item is deleted, and nothing says so."""
    return dropping("conversation.item.deleted")


@faults.mutant(
    killed_by="items.deleting-an-unknown-item-is-refused",
    during="items/delete_unknown",
    like="delete-retrieve-wrong",
)
def anything_can_be_deleted(_dialect: Dialect) -> Fault:
    """The deletion of an item that never was is acknowledged."""
    return instead_of_the_error(
        "conversation.item.delete",
        lambda asked, _told: [{"type": "conversation.item.deleted", "item_id": asked["item_id"]}],
    )


@faults.mutant(killed_by="items.deleted-items-are-gone", during="items/after_delete")
def deleted_items_can_be_retrieved(_dialect: Dialect) -> Fault:
    """A deleted item is still handed out."""
    return instead_of_the_error(
        "conversation.item.retrieve",
        lambda _asked, told: [{"type": RETRIEVED, "item": told[0]["item"]}] if told else [],
    )


@faults.mutant(killed_by="items.retrieving-is-answered", during="items/retrieve")
def retrieving_gets_no_answer(_dialect: Dialect) -> Fault:
    """An item is asked for, and nothing comes."""
    return dropping(RETRIEVED)


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


@faults.mutant(killed_by="items.retrieved-is-what-was-said", during="items/retrieve")
def retrieved_items_say_something_else(_dialect: Dialect) -> Fault:
    """A retrieved item has another text."""
    return changing((RETRIEVED,), lambda event: put(event, ("item", "content", 0, "text"), "Something else."))


@faults.mutant(killed_by="items.retrieved-audio-is-there", during="items/retrieve_audio")
def retrieved_items_are_silent(_dialect: Dialect) -> Fault:
    """A retrieved item comes without its audio."""
    return changing((RETRIEVED,), lambda event: without(event, ("item", "content", 0, "audio")))


@faults.mutant(
    killed_by="items.truncating-is-acknowledged",
    during="items/truncate",
    like="truncate-ack-missing-or-fake",
)
def truncations_are_never_told(_dialect: Dialect) -> Fault:
    """An item is cut, and nothing says so."""
    return dropping("conversation.item.truncated")


@faults.mutant(killed_by="items.a-truncation-is-echoed", during="items/truncate")
def truncations_are_told_wrongly(_dialect: Dialect) -> Fault:
    """An item was cut somewhere else than the acknowledgement should say."""
    return setting("conversation.item.truncated", audio_end_ms=0)


@faults.mutant(
    killed_by="items.truncating-beyond-the-end-is-refused",
    during="items/truncate_beyond_the_end",
    like="truncate-ack-missing-or-fake",
)
def a_cut_beyond_the_end_is_accepted(_dialect: Dialect) -> Fault:
    """An item can be cut an hour after its end."""
    return instead_of_the_error(
        "conversation.item.truncate",
        lambda asked, _told: [{**asked, "type": "conversation.item.truncated"}],
    )


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
