"""What a conversation gives rules occasion for: the events that occurred, and words for what they hold and the rest.

A word is worth its price where it is told of a few conversations, and spares the others many rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.rules.engine.rule import (
    ANYTHING,
    CLIENT_SECRET,
    END,
    END_BY_SERVER,
    HANDSHAKE,
    OVERRIDES,
    PLACED_ITEM,
    SECOND_RESPONSE,
    STATUS_DETAILS,
    STRANGE_EVENT,
    SUBPROTOCOL,
    TRANSCRIPTION_SESSION,
    TRANSLATION_SESSION,
    UNUSUAL_HANDSHAKE,
    ended_as,
    items_of,
)
from conformance.trace.frames import mapping
from conformance.trace.lens import lens
from conformance.trace.trace import Credential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.trace.views import View

CREATE_ITEM, CREATE_RESPONSE, DONE = "conversation.item.create", "response.create", "response.done"
OUTPUT_ITEMS = frozenset({"response.output_item.added", "response.output_item.done"})


def _of_the_handshake(view: View) -> Iterator[str]:
    if (hand := view.handshake) is None:
        return
    yield from HANDSHAKE
    valid = hand.credential is Credential.VALID and hand.model is Credential.VALID
    if hand.status != 101 or not valid or hand.url.startswith("http"):
        yield from UNUSUAL_HANDSHAKE
    if hand.subprotocol is not None or hand.offered_subprotocols:
        yield from SUBPROTOCOL


def _of_the_session(view: View) -> Iterator[str]:
    url = view.handshake.url if view.handshake is not None else ""
    if "intent=transcription" in url or view.transcription_session:
        yield from TRANSCRIPTION_SESSION
    if view.asked_to_translate or view.translation_session:
        yield from TRANSLATION_SESSION


def _of_the_rest(view: View) -> Iterator[str]:
    if view.end is not None:
        yield from END
    if view.ended_by_server:
        yield from END_BY_SERVER
    if view.trace.intent and not view.trace.intent.keys().isdisjoint(("minting", "secret")):
        yield from CLIENT_SECRET
    if not view.dialect.client_events.issuperset([frame.type for frame in view.said]):
        yield from STRANGE_EVENT


def _of_items(view: View) -> Iterator[str]:
    for frame in view.server_among(OUTPUT_ITEMS):
        if isinstance(kind := frame.part("item").get("type"), str):
            yield from items_of(kind)


def _of_created_items(view: View) -> Iterator[str]:
    for frame in view.client(CREATE_ITEM):
        item = frame.part("item")
        if isinstance(kind := item.get("type"), str):
            yield from items_of(kind)
        if "id" in item or "previous_item_id" in frame.event:
            yield from PLACED_ITEM


def _of_requests(view: View) -> Iterator[str]:
    if any(frame.part("response") for frame in view.client(CREATE_RESPONSE)):
        yield from OVERRIDES


def _of_ends(view: View) -> Iterator[str]:
    over = view.server(DONE)
    if len(over) > 1:
        yield from SECOND_RESPONSE
    for frame in over:
        response = frame.part("response")
        if isinstance(status := response.get("status"), str):
            yield from ended_as(status)
        if mapping(response.get("status_details")):
            yield from STATUS_DETAILS


#: Without one of these events -> none of these words.
WORDS: tuple[tuple[frozenset[str], Callable[[View], Iterator[str]]], ...] = (
    (OUTPUT_ITEMS, _of_items),
    (frozenset({CREATE_ITEM}), _of_created_items),
    (frozenset({CREATE_RESPONSE}), _of_requests),
    (frozenset({DONE}), _of_ends),
)


@lens
def occasions(view: View) -> frozenset[str]:
    """Return the canonical types that occurred, and the words that hold of the conversation."""
    types = view.types
    told = [words(view) for events, words in WORDS if not types.isdisjoint(events)]
    return types.union(ANYTHING, _of_the_handshake(view), _of_the_session(view), _of_the_rest(view), *told)


def events_of(about: frozenset[str]) -> frozenset[str]:
    """Return the events without which a rule has no occasion, those included in which its words show."""
    shown = OUTPUT_ITEMS if any(word.startswith("item ") for word in about) else frozenset()
    return about | shown | ({DONE} if any(word.startswith("status ") for word in about) else set())
