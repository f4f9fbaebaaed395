"""What becomes of items: deleted, retrieved, truncated, and the calls they answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from conformance.rules.engine.overdue import overdue
from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, SERVER_EVENTS, Chapter, Finding, Judged, items_of
from conformance.trace.exchanges import ACKNOWLEDGED_BY, Exchange, item_id_of
from conformance.trace.frames import Frame, listing, mapping, string, whole_number
from conformance.trace.views import View

rules = Chapter("items")

CREATE = "conversation.item.create"
DELETE = "conversation.item.delete"
RETRIEVE = "conversation.item.retrieve"
TRUNCATE = "conversation.item.truncate"
#: Events of the server that make an item known.
TELLING = (
    "conversation.item.added",
    "conversation.item.done",
    "response.output_item.added",
    "response.output_item.done",
    "input_audio_buffer.committed",
    "input_audio_buffer.speech_started",
)


def _named(frame: Frame) -> str | None:
    return string(frame.part("item").get("id")) or frame.text("item_id")


class _History:
    """What was known of the items before an entry; asked in ascending order only."""

    def __init__(self, view: View) -> None:
        told = [*view.server(*TELLING, "conversation.item.deleted"), *view.client(CREATE, DELETE)]
        self._events = iter(sorted(told, key=lambda frame: frame.index))
        self._next = next(self._events, None)
        self.known: set[str] = set()
        """Every id that anybody spoke of as an item's."""
        self.present: set[str] = set()
        """Announced, and not deleted or about to be."""
        self.deleted: set[str] = set()

    def until(self, index: int) -> _History:
        """Read on up to entry *index*."""
        while self._next is not None and self._next.index < index:
            name = _named(self._next)
            if name is not None:
                self._take(self._next.type, name)
            self._next = next(self._events, None)
        return self

    def _take(self, kind: str, name: str) -> None:
        if kind == DELETE:
            self.present.discard(name)
        elif kind == "conversation.item.deleted":
            self.present.discard(name)
            self.deleted.add(name)
        else:
            self.known.add(name)
            if kind == "conversation.item.added":
                self.present.add(name)
                self.deleted.discard(name)


def requests(view: View, *kinds: str) -> Iterator[tuple[Exchange, str, _History]]:
    """Yield the exchanges about one item, with its id and what was known of it then."""
    if view.partial:
        return
    history = _History(view)
    for exchange in view.exchanges_with(*kinds):
        name = exchange.sent.text("item_id")
        if name is not None and exchange.sent.whole:
            yield exchange, name, history.until(exchange.sent.index)


def _judge_present(view: View, kind: str, doing: str) -> Judged:
    """Judge that what is asked of an item which exists is done, and answered."""
    late = {id(exchange) for exchange in overdue(view, kind)}
    for exchange, name, history in requests(view, kind):
        if name not in history.present:
            continue
        if exchange.refused:
            error = exchange.refusals[0]
            code = string(error.part("error").get("code")) or "error"
            yield Finding(error.index, f"{doing} the item {name}, which exists, was refused.", "done", code)
        elif exchange.answer is not None:
            yield HELD
        elif id(exchange) in late:
            yield Finding(exchange.sent.index, f"{doing} the item {name} was not answered.", "its answer", "nothing")


def answered_again(view: View, kind: str, subject: Callable[[Frame], Hashable]) -> Iterator[Finding]:
    """Yield each answer that came more often than its like was asked for, if it was asked for at all.

    *subject* tells of a request, and of an answer, what it is about; None if nobody can tell.
    """
    if view.partial:
        return
    left = Counter([subject(each.sent) for each in view.exchanges_with(kind)])
    for frame in view.server(ACKNOWLEDGED_BY[kind]):
        about = subject(frame)
        if about is None or about not in left:
            continue
        left[about] -= 1
        if left[about] < 0:
            message = f"`{frame.type}` came more often than it was asked for."
            yield Finding(frame.index, message, "one answer", "another one")


def _judge_unknown(view: View, kind: str, doing: str) -> Judged:
    """Judge that what is asked of an item which nobody spoke of is refused."""
    late = {id(exchange) for exchange in overdue(view, kind)}
    for exchange, name, history in requests(view, kind):
        if name in history.known:
            continue
        if exchange.refused:
            yield HELD
        elif exchange.answer is not None:
            actual = exchange.answer.entry.type
            yield Finding(exchange.answer.index, f"{doing} the unknown item {name} was accepted.", "error", actual)
        elif id(exchange) in late:
            yield Finding(exchange.sent.index, f"{doing} the unknown item {name} was not answered.", "error", "nothing")


@rules.must(
    "items.deleting-is-acknowledged",
    about={DELETE},
    covers=("ITM-11",),
    spec=CLIENT_EVENTS + "conversation/item/delete",
)
def deleting_is_acknowledged(view: View) -> Judged:
    """Deleting an item that exists is answered by `conversation.item.deleted` with its id."""
    yield from _judge_present(view, DELETE, "Deleting")


@rules.must(
    "items.deleting-an-unknown-item-is-refused",
    about={DELETE},
    covers=("ITM-11",),
    spec=CLIENT_EVENTS + "conversation/item/delete",
)
def deleting_an_unknown_item_is_refused(view: View) -> Judged:
    """Deleting an item that never existed is refused."""
    yield from _judge_unknown(view, DELETE, "Deleting")


@rules.must(
    "items.deleted-items-are-gone",
    about={"conversation.item.deleted"},
    covers=("ITM-12",),
    spec=SERVER_EVENTS + "conversation/item/deleted",
)
def deleted_items_are_gone(view: View) -> Judged:
    """Once an item is deleted, nothing can be done with it any more: every request is refused."""
    for exchange, name, history in requests(view, DELETE, RETRIEVE, TRUNCATE):
        if name not in history.deleted:
            continue
        if exchange.refused:
            yield HELD
        elif exchange.answer is not None:
            message = f"`{exchange.sent.entry.type}` of the deleted item {name} was accepted."
            yield Finding(exchange.answer.index, message, "error", exchange.answer.entry.type)


@rules.must(
    "items.retrieving-is-answered",
    about={RETRIEVE},
    covers=("ITM-13",),
    spec=CLIENT_EVENTS + "conversation/item/retrieve",
)
def retrieving_is_answered(view: View) -> Judged:
    """Retrieving an item that exists is answered by `conversation.item.retrieved` with that item, once."""
    yield from _judge_present(view, RETRIEVE, "Retrieving")
    yield from answered_again(view, RETRIEVE, item_id_of)


@rules.must(
    "items.retrieving-an-unknown-item-is-refused",
    about={RETRIEVE},
    covers=("ITM-13",),
    spec=CLIENT_EVENTS + "conversation/item/retrieve",
)
def retrieving_an_unknown_item_is_refused(view: View) -> Judged:
    """Retrieving an item that never existed is refused."""
    yield from _judge_unknown(view, RETRIEVE, "Retrieving")


def retrieved(view: View) -> Iterator[tuple[Frame, str, Mapping[str, Any]]]:
    """Yield each `conversation.item.retrieved` with the item in it."""
    for exchange, name, _ in requests(view, RETRIEVE):
        answer = exchange.answer
        if answer is not None and answer.whole and answer.part("item"):
            yield answer, name, answer.part("item")


@rules.must(
    "items.retrieved-is-what-was-said",
    about={"conversation.item.retrieved"},
    covers=("ITM-13",),
    spec=SERVER_EVENTS + "conversation/item/retrieved",
)
def retrieved_is_what_was_said(view: View) -> Judged:
    """A retrieved item has the type, the role and the texts with which it was finished."""
    finished = {
        name: frame.part("item")
        for frame in view.server("conversation.item.added", "conversation.item.done", "response.output_item.done")
        if frame.whole and (name := _named(frame)) is not None
    }
    for frame, name, item in retrieved(view):
        known = finished.get(name)
        if known is None:
            continue
        wrong = [key for key in ("type", "role", "call_id") if key in known and known[key] != item.get(key)]
        texts = (_texts(known), _texts(item))
        if wrong:
            yield _changed(frame, name, wrong[0], known.get(wrong[0]), item.get(wrong[0]))
        elif texts[0] and texts[0] != texts[1]:
            yield _changed(frame, name, "content", *texts)
        else:
            yield HELD


def _changed(frame: Frame, name: str, key: str, before: Any, now: Any) -> Finding:
    message = f"The retrieved item {name} has another {key} than before."
    return Finding(frame.index, message, str(before)[:80], str(now)[:80], f"/item/{key}")


def _texts(item: Mapping[str, Any]) -> list[str]:
    parts = listing(item.get("content"))
    return [text for part in parts if (text := string(mapping(part).get("text"))) is not None]


@rules.must(
    "items.retrieved-audio-is-there",
    about={"conversation.item.retrieved"},
    covers=("ITM-13",),
    spec=CLIENT_EVENTS + "conversation/item/retrieve",
)
def retrieved_audio_is_there(view: View) -> Judged:
    """A retrieved item has its audio, which every other event leaves out."""
    spoken = {"input_audio", view.dialect.content_type("output_audio")}
    cuts = view.server("conversation.item.truncated")
    silenced = {each.text("item_id") for each in cuts if whole_number(each.event.get("audio_end_ms")) == 0}
    for frame, name, item in retrieved(view):
        for at, part in enumerate(map(mapping, listing(item.get("content")))):
            if string(part.get("type")) not in spoken:
                continue
            if part.get("audio"):
                yield HELD
            elif name not in silenced:
                message = f"The retrieved item {name} comes without its audio."
                yield Finding(frame.index, message, "base64", "none", f"/item/content/{at}/audio")


@rules.should(
    "items.an-unknown-call-is-refused",
    about=items_of("function_call_output"),
    covers=("ITM-17",),
    spec=CLIENT_EVENTS + "conversation/item/create",
)
def an_unknown_call_is_refused(view: View) -> Judged:
    """A `function_call_output` for a call that nobody made is refused."""
    outputs = any(each.sent.part("item").get("type") == "function_call_output" for each in view.exchanges_with(CREATE))
    if view.partial or not outputs:
        return
    made = {_call_of(frame) for frame in view.server("response.output_item.added", "response.output_item.done")}
    made |= {
        _call_of(frame)
        for frame in view.server("conversation.item.added")
        if frame.part("item").get("type") == "function_call"
    }
    made |= {frame.text("call_id") for frame in view.server("response.function_call_arguments.done")}
    for exchange in view.exchanges_with(CREATE):
        call, kind = _call_of(exchange.sent), exchange.sent.part("item").get("type")
        if kind == "function_call":
            made.add(call)
        if kind != "function_call_output" or call is None or call in made:
            continue
        if exchange.refused:
            yield HELD
        elif exchange.answer is not None:
            message = f"An output for the unknown call {call} was accepted."
            yield Finding(exchange.answer.index, message, "error", exchange.answer.entry.type)


def _call_of(frame: Frame) -> str | None:
    return string(frame.part("item").get("call_id"))
