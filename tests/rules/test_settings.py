"""What counts as shown as asked."""

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.rules.engine.settings import acknowledgements_tell, out_of_range, reflects, updates
from conformance.trace.trace import Direction, Entry, Handshake, Trace
from conformance.trace.views import View


def view_of(*events, dialect="beta"):
    entries = tuple(
        Entry(index, Direction.CLIENT if event["type"] == "session.update" else Direction.SERVER, event=event)
        for index, event in enumerate(events)
    )
    return View(Trace(entries, dialect, Handshake("wss://example.test/v1/realtime", status=101)), DIALECTS[dialect])


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (1, 1.0),
        (0.8, 0.8000000001),
        (["text", "audio"], ["audio", "text"]),
        ({"type": "server_vad"}, {"type": "server_vad", "threshold": 0.5}),
        ({"model": "whisper-1", "prompt": None}, {"model": "whisper-1"}),
        ([{"name": "a"}], [{"name": "a", "description": None}]),
        ("alloy", {"name": "alloy", "type": "openai"}),
        ({"id": "voice_1"}, "voice_1"),
    ],
)
def test_what_the_server_completes_or_reorders_is_what_was_asked(asked, shown):
    assert reflects(asked, shown)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (1, 2),
        (True, 1.5),
        (["text"], ["text", "audio"]),
        (["a", "a"], ["a"]),
        ({"type": "server_vad", "threshold": 0.9}, {"type": "server_vad", "threshold": 0.5}),
        ({"type": "server_vad"}, None),
        ("alloy", {"name": "ash"}),
        ([{"name": "a"}], "a"),
    ],
)
def test_another_value_is_not(asked, shown):
    assert not reflects(asked, shown)


@pytest.mark.parametrize(
    ("session", "names"),
    [
        ({"temperature": 0.6}, []),
        ({"temperature": 0.59}, ["temperature"]),
        ({"temperature": True}, ["temperature"]),
        ({"max_response_output_tokens": "inf"}, []),
        ({"max_response_output_tokens": "many"}, ["max_output_tokens"]),
        ({"turn_detection": {"type": "none"}}, []),
        ({"turn_detection": None}, []),
        ({"turn_detection": {"type": ["server_vad"]}}, ["turn_detection"]),
        ({"output_audio_format": 7}, ["output_format"]),
        ({"tool_choice": {"type": "function", "name": "f"}}, []),
    ],
)
def test_values_are_held_against_their_documented_ranges(session, names):
    view = view_of({"type": "session.update", "session": session})

    assert out_of_range(view, updates(view)[0]) == names


def test_one_acknowledgement_too_many_tells_nothing_of_any():
    update, updated = {"type": "session.update"}, {"type": "session.updated"}

    assert acknowledgements_tell(view_of(update, updated))
    assert not acknowledgements_tell(view_of(update, updated, updated))
