"""Endpoints that lose, misplace and confuse the items of the conversation."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.contract.dialect import Dialect, Event
from conformance.mutants.changes import changing, dropping, item_id_of, repeating, setting, stamp
from conformance.mutants.edits import editing, is_output, put, without
from conformance.mutants.items_changed import instead_of_the_error
from conformance.mutants.mutant import Fault, FaultTable

faults = FaultTable()

ADDED, DONE, CREATE = "conversation.item.added", "conversation.item.done", "conversation.item.create"
RETRIEVED = "conversation.item.retrieved"


def _announcements(dialect: Dialect) -> Iterable[str]:
    """Name the events that announce a client's item."""
    return [kind for kind in (ADDED, DONE) if kind in dialect.canonical_server_events]


def _forgetting(name: str) -> Fault:
    """Hear every `conversation.item.create` without one field."""
    return Fault(hears=lambda event: (without(event, (name,)) if event.get("type") == CREATE else event,))


@faults.mutant(killed_by="items.creation-is-answered", during="items/keeps_ids")
def items_are_taken_in_silence(_dialect: Dialect) -> Fault:
    """An item is created, and nothing says so."""
    return dropping(ADDED, DONE)


@faults.mutant(killed_by="items.the-clients-id-is-kept", during="items/keeps_ids")
def items_are_renamed(_dialect: Dialect) -> Fault:
    """The server gives every item an id of its own."""

    def change(event: Event) -> Event:
        if event["type"] in (ADDED, DONE):
            event["item"]["id"] = f"own_{event['item']['id']}"
            before = event["previous_item_id"]
            event["previous_item_id"] = f"own_{before}" if before else before
        return event

    return editing(change)


@faults.mutant(killed_by="items.ids-are-unique", during="response/text_turn")
def items_are_announced_twice(_dialect: Dialect) -> Fault:
    """Every announcement is repeated."""
    return repeating(ADDED)


@faults.mutant(killed_by="items.a-duplicate-id-is-refused", during="items/duplicate_id")
def an_id_may_be_taken_twice(_dialect: Dialect) -> Fault:
    """A second item is accepted under the id of the first."""
    seen: set[str | None] = set()

    def hears(event: Event) -> Iterable[Event]:
        name = item_id_of(event)
        if event.get("type") == CREATE and name in seen:
            event = put(event, ("item", "id"), f"{name}~")
        seen.add(name)
        yield event

    def change(event: Event) -> Event:
        if event["type"] in (ADDED, DONE):
            event["item"]["id"] = event["item"]["id"].removesuffix("~")
        return event

    return Fault(sends=editing(change).sends, hears=hears)


@faults.mutant(killed_by="items.the-predecessor-is-known", during="items/roles", like="ids-inconsistent-over-events")
def items_follow_nothing_known(_dialect: Dialect) -> Fault:
    """The predecessor of an item is none of the conversation."""
    return changing(
        (ADDED,),
        lambda event: {**event, "previous_item_id": "item_nowhere"} if event["previous_item_id"] else event,
    )


@faults.mutant(killed_by="items.new-items-come-last", during="items/roles")
def items_never_have_a_predecessor(_dialect: Dialect) -> Fault:
    """`previous_item_id` is always null."""
    return setting(ADDED, DONE, previous_item_id=None)


@faults.mutant(
    killed_by="items.root-is-the-beginning",
    during="items/insert_at_the_root",
    like="previous-item-id-ignored",
)
def the_root_is_not_known(_dialect: Dialect) -> Fault:
    """An item for the beginning is appended."""
    return _forgetting("previous_item_id")


@faults.mutant(
    killed_by="items.are-placed-as-asked",
    during="items/insert_in_the_middle",
    like="previous-item-id-ignored",
)
def the_place_is_not_looked_at(_dialect: Dialect) -> Fault:
    """Every item is appended, wherever it was to go."""
    return _forgetting("previous_item_id")


@faults.mutant(
    killed_by="items.an-unknown-predecessor-is-refused",
    during="items/insert_after_unknown",
    like="previous-item-id-ignored",
)
def an_unknown_place_is_the_end(_dialect: Dialect) -> Fault:
    """An item that was to follow an unknown one is appended."""
    return _forgetting("previous_item_id")


@faults.mutant(killed_by="items.client-items-are-kept", during="items/keeps_ids")
def texts_are_lost(_dialect: Dialect) -> Fault:
    """A client's item is announced without its text."""

    def change(event: Event) -> Event:
        if event["type"] in (ADDED, DONE):
            for part in event["item"].get("content", ()):
                part["text"] = ""
        return event

    return editing(change)


@faults.mutant(killed_by="items.client-items-are-complete", during="items/keeps_ids", dialects=("ga",))
def client_items_are_unfinished(_dialect: Dialect) -> Fault:
    """A client's item is announced as in progress."""
    return changing((ADDED,), lambda event: put(event, ("item", "status"), "in_progress"))


@faults.mutant(killed_by="items.model-items-start-empty", during="response/text_turn", dialects=("ga",))
def model_items_begin_finished(_dialect: Dialect) -> Fault:
    """An item of the model is announced as completed."""
    return changing((ADDED,), lambda event: put(event, ("item", "status"), "completed") if is_output(event) else event)


@faults.mutant(
    killed_by="items.are-done-after-they-are-added",
    during="items/keeps_ids",
    dialects=("ga",),
    like="item-added-done-pair-broken",
)
def items_are_done_twice(_dialect: Dialect) -> Fault:
    """`conversation.item.done` comes twice."""
    return repeating(DONE)


@faults.mutant(
    killed_by="items.every-item-gets-done",
    during="items/keeps_ids",
    dialects=("ga",),
    like="item-added-done-pair-broken",
)
def items_are_never_done(_dialect: Dialect) -> Fault:
    """Only the announcement comes, never `conversation.item.done`."""
    return dropping(DONE)


@faults.mutant(killed_by="items.done-items-are-final", during="items/keeps_ids", dialects=("ga",))
def items_are_done_in_progress(_dialect: Dialect) -> Fault:
    """An item that is done is still in progress."""
    return changing((DONE,), lambda event: put(event, ("item", "status"), "in_progress"))


@faults.mutant(
    killed_by="items.out-of-band-items-stay-out", during="response/out_of_band", like="oob-response-pollutes"
)
def out_of_band_items_join_the_conversation(dialect: Dialect) -> Fault:
    """The output of a response beside the conversation is announced as an item of it."""
    stamped, last, joined = stamp(), ["item_before"], [""]

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] in (ADDED, DONE) and joined[0]:
            event = {**event, "previous_item_id": joined[0]}
        elif event["type"] == ADDED:
            last[0] = event["item"]["id"]
        yield event
        if event["type"] == "response.output_item.added":
            yield stamped({"type": ADDED, "previous_item_id": last[0], "item": event["item"]})
        elif event["type"] == "response.output_item.done":
            joined[0] = event["item"]["id"]
            if DONE not in dialect.server_events:
                return
            yield stamped({"type": DONE, "previous_item_id": last[0], "item": event["item"]})

    return Fault(sends=sends)


@faults.mutant(killed_by="items.an-unknown-call-is-refused", during="tools/unknown_call_id")
def outputs_of_unknown_calls_are_accepted(dialect: Dialect) -> Fault:
    """An output for a call that nobody made becomes an item."""

    def make(asked: Event, told: list[Event]) -> Iterable[Event]:
        before = told[-1]["item"]["id"] if told else None
        asked_for = asked.get("item")
        item = {"id": "item_output", **(asked_for if isinstance(asked_for, dict) else {})}
        for kind in _announcements(dialect):
            yield {"type": kind, "previous_item_id": before, "item": item}

    return instead_of_the_error(CREATE, make)
