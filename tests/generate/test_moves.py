"""Moves: whatever is left out of a conversation, the rest is still a conversation."""

from functools import partial

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.generate import moves
from conformance.generate.conversations import scenario
from conformance.play.player import Outcome

GA = DIALECTS["ga"]
SAY = partial(moves.say, text="Hello.", role="user", place=None, named=True)
ALL = (
    SAY,
    partial(moves.say, text="Hello.", role="assistant", place=1, named=False),
    partial(moves.delete, at=0),
    partial(moves.retrieve, at=1),
    partial(moves.truncate, at=0, milliseconds=50),
    partial(moves.append, milliseconds=100),
    moves.commit,
    moves.clear,
    partial(moves.talk, clip="hello", answered=True),
    partial(moves.interrupt, clip="question"),
    partial(moves.speak),
    partial(moves.talk, clip="question", answered=False),
    partial(moves.respond, modality="text", aside=False, awaited=False),
    partial(moves.respond, modality="text", aside=True, awaited=True),
    moves.begin,
    moves.collide,
    moves.cancel,
    moves.cancel_anything,
    moves.call,
)


def steps(*played):
    return [(each.name, each.answer) for each in scenario(GA, list(played)).steps]


@pytest.mark.parametrize("left_out", range(len(ALL)))
def test_any_move_can_be_left_out(left_out, in_memory, flaws_of):
    rest = [move for at, move in enumerate(ALL) if at != left_out]
    conversation = in_memory("ga")(scenario(GA, rest))

    assert (conversation.outcome, flaws_of(conversation)) == (Outcome.PLAYED, [])


def test_what_is_not_there_yet_is_made_first():
    assert steps(partial(moves.delete, at=3)) == [("say", ""), ("delete", "")]


def test_an_empty_buffer_must_not_be_committed():
    assert steps(moves.commit) == [("configure", ""), ("commit", "error")]


def test_a_message_of_the_assistant_is_not_mistaken_for_the_models_own(in_memory):
    spoken = partial(moves.say, text="Hello.", role="assistant", place=None, named=True)
    (trace,) = in_memory("ga")(scenario(GA, [moves.limit, spoken, partial(moves.say_twice, at=0)])).traces
    asked = [entry.index for entry in trace.entries if entry.sent and entry.type == "conversation.item.create"]
    added = [entry.index for entry in trace.entries if entry.type == "conversation.item.added"]

    assert asked[0] < added[1] < asked[1]


@pytest.mark.parametrize(
    "turn", [partial(moves.talk, clip="hello", answered=False), partial(moves.interrupt, clip="question")]
)
def test_what_follows_a_detected_turn_in_the_buffer_is_cleared_before_anything_is_concluded(turn, in_memory, flaws_of):
    conversation = in_memory("ga")(scenario(GA, [turn, moves.commit]))

    assert (conversation.outcome, flaws_of(conversation)) == (Outcome.PLAYED, [])


def test_what_comes_of_garbage_is_heard_before_anything_else_is_asked():
    assert steps(partial(moves.send, frame={"text": "{"}), moves.commit) == [
        ("send", ""),
        ("barrier", ""),
        ("configure", ""),
        ("commit", "error"),
    ]


def test_each_response_that_was_asked_for_is_awaited_by_its_own_id():
    apart = partial(moves.respond, modality="text", aside=False, awaited=False)
    aside = partial(moves.respond, modality="text", aside=True, awaited=True)
    written = scenario(GA, [apart, aside]).steps
    awaited = [each.argument["match"]["response.id"] for each in written if each.name == "await"]

    assert sorted(awaited) == sorted(f"${{{each.remember}.response.id}}" for each in written if each.name == "respond")
