"""Endpoints that lose, misplace and confuse the items of the conversation."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.contract.dialect import Dialect
from conformance.mutants.edits import is_output, item_id_of, put, stamp, without
from conformance.mutants.items_changed import instead_of_the_error
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import changing, changing_all, dropping, putting, repeating, setting
from conformance.trace.trace import Event

faults = FaultTable()

ADDED, DONE, CREATE = "conversation.item.added", "conversation.item.done", "conversation.item.create"
RETRIEVED = "conversation.item.retrieved"


def _announcements(dialect: Dialect) -> Iterable[str]:
    """Name the events that announce a client's item."""
    return [kind for kind in (ADDED, DONE) if kind in dialect.canonical_server_events]


def _forgetting(name: str) -> Fault:
    """Take every `conversation.item.create` as if one field was missing."""
    return Fault(receives=lambda event: (without(event, (name,)) if event.get("type") == CREATE else event,))


@faults.mutant(killed_by="items.the-clients-id-is-kept", during="items/keeps_ids")
def items_are_renamed(_dialect: Dialect) -> Fault:
    """The server gives every item an id of its own."""

    def change(event: Event) -> Event:
        if event["type"] in (ADDED, DONE):
            event["item"]["id"] = f"own_{event['item']['id']}"
            before = event["previous_item_id"]
            event["previous_item_id"] = f"own_{before}" if before else before
        return event

    return changing_all(change)


@faults.mutant(killed_by="items.a-duplicate-id-is-refused", during="items/duplicate_id")
def an_id_may_be_taken_twice(_dialect: Dialect) -> Fault:
    """A second item is accepted under the id of the first."""
    seen: set[str | None] = set()

    def receives(event: Event) -> Iterable[Event]:
        name = item_id_of(event)
        if event.get("type") == CREATE and name in seen:
            event = put(event, ("item", "id"), f"{name}~")
        seen.add(name)
        yield event

    def change(event: Event) -> Event:
        if event["type"] in (ADDED, DONE):
            event["item"]["id"] = event["item"]["id"].removesuffix("~")
        return event

    return Fault(sends=changing_all(change).sends, receives=receives)


@faults.mutant(killed_by="items.new-items-come-last", during="items/further_after_an_insert")
def the_end_is_the_latest_item(_dialect: Dialect) -> Fault:
    """Items are listed as they came: after an insertion the next one follows what was inserted, not the last one."""
    placed = [False]
    before: dict[str, str | None] = {}

    def receives(event: Event) -> Iterable[Event]:
        if event.get("type") == CREATE:
            placed[0] = event.get("previous_item_id") is not None
        yield event

    def change(event: Event) -> Event:
        if event["type"] in (ADDED, DONE):
            latest = next(reversed(before), None)
            known = before.setdefault(event["item"]["id"], event["previous_item_id"] if placed[0] else latest)
            event["previous_item_id"] = known
        return event

    return Fault(sends=changing_all(change).sends, receives=receives)


@faults.mutant(killed_by="items.client-items-are-kept", during="items/keeps_ids")
def texts_are_lost(_dialect: Dialect) -> Fault:
    """A client's item is announced without its text."""

    def change(event: Event) -> Event:
        if event["type"] in (ADDED, DONE):
            for part in event["item"].get("content", ()):
                part["text"] = ""
        return event

    return changing_all(change)


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


@faults.mutant(killed_by="items.nothing-streams-after-the-end", during="response/text_turn", dialects=("ga",))
def a_delta_follows_the_end_of_its_item(_dialect: Dialect) -> Fault:
    """`conversation.item.done` comes before the last delta of its item."""
    kept: list[Event] = []

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == "response.output_text.delta":
            yield from kept
            kept[:] = [event]
        elif kept and event["type"] != "conversation.item.done":
            kept.append(event)
        else:
            yield event
            yield from kept
            kept.clear()

    return Fault(sends=sends)


# fmt: off
faults.rows(
    ("items-are-taken-in-silence", "items.creation-is-answered", "items/keeps_ids", "",
     "An item is created, and nothing says so.", lambda _: dropping(ADDED, DONE)),
    ("items-are-announced-twice", "items.ids-are-unique", "response/text_turn", "",
     "Every announcement is repeated.", lambda _: repeating(ADDED)),
    ("items-follow-nothing-known", "items.the-predecessor-is-known", "items/roles", "ids-inconsistent-over-events",
     "The predecessor of an item is none of the conversation.",
     lambda _: changing((ADDED,),
         lambda event: {**event, "previous_item_id": "item_nowhere"} if event["previous_item_id"] else event)),
    ("items-never-have-a-predecessor", "items.new-items-come-last", "items/roles", "",
     "`previous_item_id` is always null.", lambda _: setting(ADDED, DONE, previous_item_id=None)),
    ("the-root-is-not-known", "items.root-is-the-beginning", "items/insert_at_the_root", "previous-item-id-ignored",
     "An item for the beginning is appended.", lambda _: _forgetting("previous_item_id")),
    ("the-place-is-not-looked-at", "items.are-placed-as-asked", "items/insert_in_the_middle",
     "previous-item-id-ignored",
     "Every item is appended, wherever it was to go.", lambda _: _forgetting("previous_item_id")),
    ("an-unknown-place-is-the-end", "items.an-unknown-predecessor-is-refused", "items/insert_after_unknown",
     "previous-item-id-ignored",
     "An item that was to follow an unknown one is appended.", lambda _: _forgetting("previous_item_id")),
)
faults.rows(
    ("client-items-are-unfinished", "items.client-items-are-complete", "items/keeps_ids", "",
     "A client's item is announced as in progress.",
     lambda _: changing((ADDED,), lambda event: put(event, ("item", "status"), "in_progress"))),
    ("model-items-begin-finished", "items.model-items-start-empty", "response/text_turn", "",
     "An item of the model is announced as completed.",
     lambda _: changing((ADDED,),
         lambda event: put(event, ("item", "status"), "completed") if is_output(event) else event)),
    ("items-are-done-twice", "items.are-done-after-they-are-added", "items/keeps_ids", "item-added-done-pair-broken",
     "`conversation.item.done` comes twice.", lambda _: repeating(DONE)),
    ("items-are-never-done", "items.every-item-gets-done", "items/keeps_ids", "item-added-done-pair-broken",
     "Only the announcement comes, never `conversation.item.done`.", lambda _: dropping(DONE)),
    ("announced-audio", "items.announcements-carry-no-audio", "items/audio_message", "",
     "The announcement of the user's audio carries it.",
     lambda _: putting(ADDED, ("item", "content", 0, "audio"), "AAAA")),
    ("items-are-done-in-progress", "items.done-items-are-final", "items/keeps_ids", "",
     "An item that is done is still in progress.",
     lambda _: changing((DONE,), lambda event: put(event, ("item", "status"), "in_progress"))),
    dialects=("ga",),
)
