"""Where the items of the conversation stand."""

from __future__ import annotations

from math import inf

from conformance.rules.engine.rule import HELD, PLACED_ITEM, Chapter, Finding, Judged
from conformance.rules.items.create import (
    ADDED,
    ADDED_SPEC,
    CREATE,
    CREATE_SPEC,
    PresentItems,
    created,
    id_of,
    output_ids,
)
from conformance.trace.conversation import Addition
from conformance.trace.views import View

rules = Chapter("items")

#: Events that name an item which `conversation.item.added` may announce later.
NAMING = ("input_audio_buffer.speech_started", "input_audio_buffer.committed", "response.output_item.added")


@rules.must("items.the-predecessor-is-known", about={ADDED}, covers=("ITM-04",), spec=ADDED_SPEC)
def the_predecessor_is_known(view: View) -> Judged:
    """`previous_item_id` names an item that was announced before and is not deleted."""
    if view.partial:
        return
    present = PresentItems(view)
    unannounced = output_ids(view) - view.announced.keys()  # what the rules on output items tell
    for addition in view.additions:
        names = present.before(addition.frame.index)
        if addition.previous is None or addition.previous in unannounced:
            continue
        if addition.previous in names:
            yield HELD
        else:
            message = f"The item {addition.item_id} follows {addition.previous}, which is no item."
            yield Finding(addition.frame.index, message, "a known item", addition.previous, "/previous_item_id")


def _placed_by_client(view: View) -> dict[int, str]:
    """Return index of an announcement -> the `previous_item_id` that the client asked for."""
    placed = {}
    for exchange in view.exchanges_with(CREATE):
        asked = exchange.sent.text("previous_item_id")
        if exchange.answer is not None and asked is not None:
            placed[exchange.answer.index] = asked
    return placed


@rules.must("items.new-items-come-last", about={ADDED}, covers=("ITM-04", "ITM-05"), spec=ADDED_SPEC)
def new_items_come_last(view: View) -> Judged:
    """An item that nobody placed elsewhere follows the last item; only the first has no predecessor."""
    if view.one_sided:
        return
    placed = _placed_by_client(view)
    together = _produced_together(view)
    gone = {frame.text("item_id") for frame in view.server("conversation.item.deleted")}
    known = view.announced
    for addition in view.additions:
        if not addition.certain or addition.repeated or addition.frame.index in placed or not addition.frame.whole:
            continue
        if "previous_item_id" not in addition.frame.event:
            continue
        if addition.previous == addition.last:
            yield HELD
        elif addition.previous in together.get(addition.item_id, ()):
            continue  # it follows the items of its own response, whatever was said meanwhile
        elif addition.previous is None or (addition.previous in known and addition.previous not in gone):
            yield _misplaced(addition, addition.last or "null")


def _produced_together(view: View) -> dict[str, frozenset[str]]:
    """Return item id -> all items of the response that produced it."""
    return {name: frozenset(response.items) for response in view.responses for name in response.items}


def _misplaced(addition: Addition, expected: str) -> Finding:
    actual = addition.previous or "null"
    message = f"The item {addition.item_id} is announced after {actual}."
    return Finding(addition.frame.index, message, expected, actual, "/previous_item_id")


@rules.must("items.root-is-the-beginning", about=PLACED_ITEM, covers=("ITM-06",), spec=CREATE_SPEC)
def root_is_the_beginning(view: View) -> Judged:
    """An item created with `previous_item_id: root` becomes the first: it has no predecessor."""
    for exchange, answer in created(view):
        if exchange.sent.text("previous_item_id") != "root":
            continue
        if answer.event.get("previous_item_id") is None:
            yield HELD
        else:
            actual = str(answer.event["previous_item_id"])
            message = f"The item {id_of(answer)} was to be the first, and follows {actual}."
            yield Finding(answer.index, message, "null", actual, "/previous_item_id")


@rules.must("items.are-placed-as-asked", about=PLACED_ITEM, covers=("ITM-04",), spec=CREATE_SPEC)
def are_placed_as_asked(view: View) -> Judged:
    """An item created after another one is announced with that one as its predecessor."""
    present = PresentItems(view)
    for exchange, answer in created(view):
        asked = exchange.sent.text("previous_item_id")
        if asked is None or asked == "root" or asked not in present.before(answer.index):
            continue
        if "previous_item_id" not in answer.event:
            continue
        actual = answer.event.get("previous_item_id")
        if actual == asked:
            yield HELD
        elif actual is None or isinstance(actual, str):
            message = f"The item {id_of(answer)} was to follow {asked}."
            yield Finding(answer.index, message, asked, str(actual), "/previous_item_id")


def _named_beforehand(view: View) -> dict[str, tuple[int, float]]:
    """Return item -> from where to where it was named, but not announced: by a turn, a commit or a response."""
    spans: dict[str, tuple[int, float]] = {}
    for frame in view.server(*NAMING):
        name = frame.text("item_id") or id_of(frame)
        if name is not None and name not in spans:
            added = view.announced.get(name)
            spans[name] = (frame.index, added.frame.index if added is not None else inf)
    return spans


@rules.must("items.an-unknown-predecessor-is-refused", about=PLACED_ITEM, covers=("ITM-07",), spec=CREATE_SPEC)
def an_unknown_predecessor_is_refused(view: View) -> Judged:
    """Creating an item after one that does not exist is refused."""
    if view.partial:
        return
    present = PresentItems(view)
    named = _named_beforehand(view)
    sent_before: set[str] = set()
    for exchange in view.exchanges_with(CREATE):
        asked = exchange.sent.text("previous_item_id")
        known = asked in (None, "root") or asked in sent_before or asked in present.before(exchange.sent.index)
        start, end = named.get(asked or "", (inf, inf))
        known = known or start < exchange.sent.index < end
        sent_before.add(id_of(exchange.sent) or "")
        if known:
            continue
        if exchange.refused:
            yield HELD
        elif exchange.answer is not None:
            message = f"An item was accepted after {asked}, which does not exist."
            yield Finding(exchange.answer.index, message, "error", exchange.answer.entry.type)
