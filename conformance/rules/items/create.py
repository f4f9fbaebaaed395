"""The items of the conversation: how they are created, announced and placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from conformance.rules.engine.left_out import statuses_of_items
from conformance.rules.engine.overdue import overdue
from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, PLACED_ITEM, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.conversation import Addition
from conformance.trace.exchanges import Exchange
from conformance.trace.frames import Frame, listing, mapping, string
from conformance.trace.lens import gathered, lens
from conformance.trace.views import View

rules = Chapter("items")

ADDED = "conversation.item.added"
DONE = "conversation.item.done"
CREATE = "conversation.item.create"
CREATE_SPEC = CLIENT_EVENTS + "conversation/item/create"
ADDED_SPEC = SERVER_EVENTS + "conversation/item/added"
DONE_SPEC = SERVER_EVENTS + "conversation/item/done"
#: What an item is announced with as the client gave it, beside its texts.
KEPT = ("type", "role", "call_id", "output", "name", "arguments")


@gathered
def created(view: View) -> Iterator[tuple[Exchange, Frame]]:
    """Yield each accepted `conversation.item.create` with its announcement."""
    if view.partial or any(addition.repeated for addition in view.additions):
        return  # one announcement too many shifts all that follow
    for exchange in view.exchanges_with(CREATE):
        if exchange.answer is not None and not exchange.refused and exchange.answer.whole and exchange.sent.whole:
            yield exchange, exchange.answer


def id_of(frame: Frame) -> str | None:
    """Return the id of the item in an event."""
    return string(frame.part("item").get("id"))


@rules.must("items.creation-is-answered", about={CREATE}, covers=("ITM-01",), spec=CREATE_SPEC)
def creation_is_answered(view: View) -> Judged:
    """Every `conversation.item.create` is answered: by the announcement of its item, or by an `error`."""
    for exchange in view.exchanges_with(CREATE):
        if exchange.answer is not None or exchange.refused:
            yield HELD
    nameless = any(id_of(frame) is None for frame in view.server(ADDED))
    if nameless or any(response.open for response in view.responses):
        return
    for exchange in overdue(view, CREATE):
        name = id_of(exchange.sent) or exchange.sent.text("event_id") or "without an id"
        message = f"Nothing answered the creation of the item {name}."
        yield Finding(exchange.sent.index, message, view.dialect.wire_name(ADDED), "nothing")


@rules.must("items.the-clients-id-is-kept", about=PLACED_ITEM, covers=("ITM-02",), spec=CREATE_SPEC)
def the_clients_id_is_kept(view: View) -> Judged:
    """An item that the client gave an id is announced under it."""
    for exchange, answer in created(view):
        asked, actual = id_of(exchange.sent), id_of(answer)
        if asked is None or actual is None:
            continue
        if asked == actual:
            yield HELD
        else:
            yield Finding(answer.index, f"The item {asked} is announced as {actual}.", asked, actual, "/item/id")


@rules.should("items.ids-are-unique", about={ADDED}, covers=("ITM-03",), spec=ADDED_SPEC)
def ids_are_unique(view: View) -> Judged:
    """No item is announced twice, and no two items have the same id."""
    if view.partial:
        return
    asked = {name for each in view.exchanges_with(CREATE) if (name := id_of(each.sent)) is not None}
    for addition in view.additions:
        if not addition.repeated:
            yield HELD
        elif addition.item_id not in asked:  # a client's own repetition is the next rule's affair
            message = f"The item {addition.item_id} is announced again."
            yield Finding(addition.frame.index, message, "a new id", addition.item_id, "/item/id")


@rules.should("items.a-duplicate-id-is-refused", about=PLACED_ITEM, covers=("ITM-03",), spec=CREATE_SPEC)
def a_duplicate_id_is_refused(view: View) -> Judged:
    """Creating an item under an id that is taken is refused."""
    if view.partial:
        return
    present = PresentItems(view)
    for exchange in view.exchanges_with(CREATE):
        name = id_of(exchange.sent)
        if name is None or name not in present.before(exchange.sent.index):
            continue
        if exchange.refused:
            yield HELD
        elif exchange.answer is not None:
            message = f"A second item {name} was accepted."
            yield Finding(exchange.answer.index, message, "error", exchange.answer.entry.type)


class PresentItems:
    """Which items were announced and not deleted before an entry; asked in ascending order only."""

    def __init__(self, view: View) -> None:
        self._events = iter(view.server(ADDED, "conversation.item.deleted"))
        self._next = next(self._events, None)
        self._names: set[str] = set()

    def before(self, index: int) -> set[str]:
        """Return the ids; valid until the next call."""
        while self._next is not None and self._next.index < index:
            if self._next.type == ADDED:
                name = id_of(self._next)
                if name is not None:
                    self._names.add(name)
            else:
                self._names.discard(self._next.text("item_id") or "")
            self._next = next(self._events, None)
        return self._names


@rules.must("items.client-items-are-kept", about={CREATE}, covers=("ITM-09", "ITM-18"), spec=CREATE_SPEC)
def client_items_are_kept(view: View) -> Judged:
    """A client's item is announced as it was given: type, role, kinds of parts, texts, call and output."""
    for exchange, answer in created(view):
        asked, shown = exchange.sent.part("item"), answer.part("item")
        if not shown or id_of(answer) is None:
            continue
        wrong = [name for name in KEPT if name in asked and _differs(asked[name], shown.get(name))]
        if wrong:
            name = wrong[0]
            message = f"The item {id_of(answer)} has another {name} than the client gave it."
            yield Finding(answer.index, message, str(asked[name])[:80], str(shown[name])[:80], f"/item/{name}")
        elif (kinds := _other_kinds(asked, shown)) is not None:
            message = f"The item {id_of(answer)} has other parts than the client gave it."
            yield Finding(answer.index, message, *kinds, "/item/content")
        elif _other_texts(asked, shown):
            message = f"The item {id_of(answer)} has other texts than the client gave it."
            yield Finding(answer.index, message, str(_texts(asked))[:80], str(_texts(shown))[:80], "/item/content")
        else:
            yield HELD


def _differs(asked: Any, shown: Any) -> bool:
    return isinstance(asked, str) and isinstance(shown, str) and asked != shown


def _other_kinds(asked: Any, shown: Any) -> tuple[str, str] | None:
    """Return the kinds of parts that an item was given and shows, if as many of them are of other kinds."""
    given, parts = ([_kind(part) for part in listing(item.get("content"))] for item in (asked, shown))
    if len(given) != len(parts) or all(
        one == other or not (one and other) for one, other in zip(given, parts, strict=True)
    ):
        return None
    return ", ".join(map(str, given))[:80], ", ".join(map(str, parts))[:80]


def _kind(part: Any) -> str | None:
    """Return whether a part holds text, audio or an image: `text` for `input_text`; None for anything else."""
    kind = (string(mapping(part).get("type")) or "").rpartition("_")[2]
    return kind if kind in ("text", "audio", "image") else None


def _other_texts(asked: Any, shown: Any) -> bool:
    """Return whether an item shows other texts than it was given; a part, or all, may be announced without."""
    given, parts = listing(asked.get("content")), shown.get("content")
    if not isinstance(parts, list):
        return False
    if len(given) != len(parts):
        return _texts(asked) != _texts(shown)
    texts = [[string(mapping(part).get("text")) for part in each] for each in (given, parts)]
    return any(None not in pair and pair[0] != pair[1] for pair in zip(*texts, strict=True))


def _texts(item: Any) -> list[Any]:
    return [text for part in listing(item.get("content")) if (text := string(mapping(part).get("text"))) is not None]


@rules.must(
    "items.client-items-are-complete",
    about={CREATE},
    covers=("ITM-09",),
    spec=ADDED_SPEC,
    speaks={DONE},
    left_out=statuses_of_items,
)
def client_items_are_complete(view: View) -> Judged:
    """A client's message is complete as soon as it is announced: its status is not `in_progress`."""
    for exchange, answer in created(view):
        if "status" in exchange.sent.part("item"):
            continue
        status = answer.part("item").get("status")
        if status == "in_progress":
            message = f"The client's item {id_of(answer)} is announced as unfinished."
            yield Finding(answer.index, message, "completed", "in_progress", "/item/status")
        elif status == "completed":
            yield HELD


@lens
def output_ids(view: View) -> frozenset[str]:
    """Return the ids of the items that responses produced."""
    return frozenset(name for response in view.responses for name in response.items)


@rules.must("items.model-items-start-empty", about={ADDED}, covers=("ITM-09",), spec=ADDED_SPEC)
def model_items_start_empty(view: View) -> Judged:
    """An item of the model is announced before it has content: `in_progress` and empty."""
    produced = output_ids(view)
    for addition in view.additions:
        item = addition.frame.part("item")
        if addition.item_id not in produced or addition.repeated or not addition.frame.whole:
            continue
        content = listing(item.get("content"))
        if content or item.get("status") in ("completed", "incomplete"):
            actual = f"{item.get('status')}, {len(content)} parts"
            message = f"The model's item {addition.item_id} is announced with content or as finished."
            yield Finding(addition.frame.index, message, "in_progress, empty", actual, "/item")
        else:
            yield HELD


def _told_elsewhere(view: View) -> frozenset[str]:
    """Return the ids of items whose announcement, if it never comes, is told of the response or the commit."""
    committed = [frame.text("item_id") for frame in view.server("input_audio_buffer.committed")]
    return output_ids(view).union([name for name in committed if name is not None])


@rules.must("items.are-done-after-they-are-added", about={DONE}, covers=("ITM-08",), spec=DONE_SPEC, speaks={DONE})
def are_done_after_they_are_added(view: View) -> Judged:
    """`conversation.item.done` comes for an item that was announced before, and once for each."""
    if view.partial:
        return
    announced = Counter([addition.item_id for addition in view.additions])
    unannounced = _told_elsewhere(view) - announced.keys()
    creations = [exchange for exchange in view.exchanges_with(CREATE) if exchange.open]
    done: Counter[str] = Counter()
    for frame in view.server(DONE):
        name = id_of(frame)
        if name is None or name in unannounced:
            continue
        added = view.announced.get(name)
        if added is None and any(each.sent.index < frame.index for each in creations):
            continue  # the announcement that never came is told once, of the creation
        if added is None or added.frame.index > frame.index:
            yield Finding(frame.index, f"The item {name} is done, and was not announced.", "an announcement", "none")
        elif done[name] >= announced[name]:
            yield Finding(frame.index, f"The item {name} is done again.", "once", "again")
        else:
            yield HELD
        done[name] += 1


@rules.must("items.every-item-gets-done", about={ADDED}, covers=("ITM-01", "ITM-08"), spec=DONE_SPEC, speaks={DONE})
def every_item_gets_done(view: View) -> Judged:
    """Every item that is announced gets its `conversation.item.done`."""
    if view.partial:
        return
    done = {name for frame in view.server(DONE) if (name := id_of(frame)) is not None}
    closed = {
        name: response.last
        for response in view.responses
        for name, item in response.items.items()
        if not response.open and item.done is not None
    }
    produced = output_ids(view)
    deleted = {frame.text("item_id") for frame in view.server("conversation.item.deleted")}
    for addition in view.additions:
        name = addition.item_id
        if name in done:
            yield HELD
        elif not addition.repeated and name not in deleted and _is_over(view, addition, closed, produced):
            message = f"The item {name} is announced, and never done."
            yield Finding(addition.frame.index, message, DONE, "nothing")


def _is_over(view: View, addition: Addition, closed: dict[str, int], produced: frozenset[str]) -> bool:
    """Return whether the item's end would have come by now: a later question was answered."""
    after = closed.get(addition.item_id, -1) if addition.item_id in produced else addition.frame.index
    return 0 <= after < view.settled


@rules.should("items.done-items-are-final", about={DONE}, covers=("ITM-10",), spec=DONE_SPEC, speaks={DONE})
def done_items_are_final(view: View) -> Judged:
    """The item in `conversation.item.done` is `completed` or `incomplete`, no longer `in_progress`."""
    for frame in view.server(DONE):
        status = frame.part("item").get("status")
        if status == "in_progress":
            message = f"The item {id_of(frame)} is done, and still in progress."
            yield Finding(frame.index, message, "completed or incomplete", "in_progress", "/item/status")
        elif status in ("completed", "incomplete"):
            yield HELD


@rules.must("items.out-of-band-items-stay-out", about={"response.created"}, covers=("ITM-19",), spec=ADDED_SPEC)
def out_of_band_items_stay_out(view: View) -> Judged:
    """The items of an out-of-band response are no items of the conversation: none is announced, done or followed."""
    apart = [each for each in view.responses if each.out_of_band and each.items]
    joined: dict[str, Frame] = {}
    for frame in view.server(ADDED, DONE) if apart else ():
        for name in (id_of(frame), frame.text("previous_item_id")):
            if name is not None:
                joined.setdefault(name, frame)
    for response in apart:
        strays = [name for name in response.items if name in joined]
        for name in strays:
            message = f"The item {name} of the out-of-band {response.id} joined the conversation."
            yield Finding(joined[name].index, message, "not in the conversation", joined[name].entry.type)
        if not strays:
            yield HELD
