"""What a conversation gives rules occasion for."""

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.rules.engine.occasions import events_of, occasions
from conformance.rules.engine.rule import (
    END_BY_SERVER,
    OVERRIDES,
    PLACED_ITEM,
    SECOND_RESPONSE,
    STATUS_DETAILS,
    STRANGE_EVENT,
    SUBPROTOCOL,
    TRANSCRIPTION_SESSION,
    TRANSLATION_SESSION,
    ended_as,
    items_of,
)
from conformance.trace.views import View
from tests.samples import trace_of

ADDED = {"server": "response.output_item.added", "response_id": "r", "item": {"id": "i", "type": "mcp_call"}}
DONE = {"server": "response.done", "response": {"id": "r", "status": "completed"}}
CANCELLED = {"id": "r", "status": "cancelled", "status_details": {"type": "cancelled"}}
URL = "wss://example.test/v1/realtime"
OFFER = {"handshake": {"offered_subprotocols": ["realtime"]}}


def created(kind):
    return {"server": "session.created", "session": {"type": kind}}


def words(*lines):
    return occasions(View(trace_of(lines, DIALECTS["ga"]), DIALECTS["ga"]))


@pytest.mark.parametrize(
    ("about", "occurs", "near_miss"),
    [
        (items_of("mcp_call"), ADDED, {"server": "conversation.item.added", "item": {"id": "i", "type": "mcp_call"}}),
        (ended_as("cancelled"), {"server": "response.done", "response": CANCELLED}, DONE),
        (STATUS_DETAILS, {"server": "response.done", "response": CANCELLED}, DONE),
        (OVERRIDES, {"client": "response.create", "response": {"instructions": "Hi"}}, {"client": "response.create"}),
        (
            PLACED_ITEM,
            {"client": "conversation.item.create", "previous_item_id": "root", "item": {"type": "message"}},
            {"client": "conversation.item.create", "item": {"type": "message"}},
        ),
        (STRANGE_EVENT, {"client": "response.please"}, {"client": "response.cancel"}),
        (END_BY_SERVER, {"end": "closed", "code": 1000}, {"end": "closed", "code": 1000, "by": "client"}),
        (SUBPROTOCOL, OFFER, {"handshake": {}}),
        (TRANSCRIPTION_SESSION, created("transcription"), created("realtime")),
        (TRANSCRIPTION_SESSION, {"handshake": {"url": f"{URL}?intent=transcription"}}, {"handshake": {"url": URL}}),
        (TRANSLATION_SESSION, created("translation"), created("realtime")),
        (TRANSLATION_SESSION, {"handshake": {"url": f"{URL}/translations"}}, {"handshake": {"url": URL}}),
    ],
)
def test_a_word_is_told_where_it_shows_and_only_there(about, occurs, near_miss):
    assert about <= words(occurs)
    assert about.isdisjoint(words(near_miss))


def test_one_response_is_no_second():
    assert SECOND_RESPONSE.isdisjoint(words(DONE))
    assert words(DONE, DONE) >= SECOND_RESPONSE


@pytest.mark.parametrize("item", ["no object", {"type": ["no string"]}, {}])
def test_what_is_malformed_gives_no_word(item):
    assert not any(word.startswith("item ") for word in words({**ADDED, "item": item}))


def test_the_events_of_a_word_are_those_in_which_it_shows():
    assert events_of(items_of("function_call")) >= {"response.output_item.added", "response.output_item.done"}
    assert "response.done" in events_of(ended_as("failed"))
    assert events_of(frozenset({"error"})) == {"error"}
