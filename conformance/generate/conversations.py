"""Whole conversations: a list of moves, written as a scenario."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.contract.dialect import Dialect
from conformance.generate import moves
from conformance.generate.configs import Features, settings
from conformance.generate.draft import Draft, Move
from conformance.generate.values import hundredths
from conformance.scenario.model import Scenario

CONVERSATIONS = "generated/conversations"
MOST_MOVES = 10
#: Which one of those that exist: counted back from the latest, and round again.
WHICH = st.integers(0, 5)
CLIPS = st.sampled_from(("hello", "question"))
TEXTS = st.sampled_from(("Hello.", "One.", "Zwölf Boxkämpfer.", "こんにちは。", "😀", '"quoted"\n- and a second line'))
GARBAGE: tuple[dict[str, Any], ...] = (
    {"text": "{"},
    {"text": "no json"},
    {"text": "[]"},
    {"type": "no.such.event"},
    {"item": "an event without a type"},
    {"type": "conversation.item.create"},
    {"type": "conversation.item.delete"},
    {"type": "session.update", "session": "everything"},
    {"type": "response.create", "response": "now"},
)


def conversations(dialect: Dialect, features: Features = None) -> SearchStrategy[Scenario]:
    """Return conversations that end with nothing under way."""
    one = st.one_of([each for needs, each in _moves(dialect, features) if features is None or needs <= set(features)])
    return st.lists(one, min_size=1, max_size=MOST_MOVES).map(partial(scenario, dialect))


def scenario(dialect: Dialect, played: list[Move]) -> Scenario:
    """Write *played* down."""
    draft = Draft(dialect)
    for move in played:
        move(draft)
    draft.settle()
    title = "A generated conversation."
    return Scenario(id=CONVERSATIONS, title=title, steps=tuple(draft.steps), dialects=frozenset({dialect.name}))


def _moves(dialect: Dialect, features: Features) -> Collection[tuple[frozenset[str], SearchStrategy[Move]]]:
    speaks = features is None or "audio_output" in features
    modality = st.sampled_from(("text", "audio") if speaks else ("text",))
    roles = st.sampled_from(("user", "assistant", "system"))
    place = st.none() | st.just("root") | WHICH
    say = partial(_move, moves.say, text=TEXTS, role=roles, place=place, named=st.booleans())
    rows: list[tuple[str, SearchStrategy[Move]]] = [
        ("", _move(moves.configure, settings=_changes(dialect, features))),
        ("", say()),
        ("", _move(moves.wait)),
        ("", _move(moves.say_after_nothing)),
        ("", _move(moves.say_twice, at=WHICH)),
        ("delete", _move(moves.delete, at=WHICH)),
        ("delete", _move(moves.delete_nothing)),
        ("retrieve", _move(moves.retrieve, at=WHICH)),
        ("retrieve", _move(moves.retrieve_nothing)),
        ("truncate audio_output", _move(moves.truncate, at=WHICH, milliseconds=st.sampled_from((0, 50, 100)))),
        ("input_audio", _move(moves.append, milliseconds=st.integers(1, 4).map(lambda each: each * 100))),
        ("input_audio", _move(moves.speak)),
        ("input_audio", _move(moves.commit)),
        ("input_audio", _move(moves.clear)),
        ("input_audio server_vad", _move(moves.talk, clip=CLIPS, answered=st.booleans())),
        ("input_audio server_vad", _move(moves.interrupt, clip=CLIPS)),
        ("", _move(moves.respond, modality=modality, aside=st.just(False), awaited=st.booleans())),
        ("out_of_band", _move(moves.respond, modality=modality, aside=st.just(True), awaited=st.booleans())),
        ("", _move(moves.begin)),
        ("", _move(moves.collide)),
        ("cancel", _move(moves.cancel)),
        ("cancel", _move(moves.cancel_anything)),
        ("", _move(moves.limit)),
        ("tools", _move(moves.call)),
        ("tools", _move(moves.answer_no_call)),
        ("", _move(moves.send, frame=st.sampled_from(GARBAGE))),
    ]
    return [(frozenset(needs.split()), each) for needs, each in rows]


def _changes(dialect: Dialect, features: Features) -> SearchStrategy[dict[str, Any]]:
    """Return changes of settings after which every other move still means the same."""
    legal: Mapping[str, SearchStrategy[Any]] = {
        "instructions": st.sampled_from(("Be brief.", "Antworte kurz.", "")),
        "max_output_tokens": st.just("inf") | st.integers(100, 4096),
        "modalities": st.sampled_from(("text", "audio")),
        "temperature": hundredths(60, 120),
        "tool_choice": st.sampled_from(("auto", "none")),
    }
    known = settings(dialect, features)
    return st.fixed_dictionaries({}, optional={name: each for name, each in legal.items() if name in known})


def _move(play: Any, **drawn: SearchStrategy[Any]) -> SearchStrategy[Move]:
    return st.fixed_dictionaries(drawn).map(lambda arguments: partial(play, **arguments))
