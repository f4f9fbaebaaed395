"""Which dialect is recognised, whatever else an endpoint says."""

import pytest

from conformance.contract.dialects import DIALECTS, recognise

NESTED = {"type": "session.created", "session": {"output_modalities": ["audio"], "audio": {}}}
FLAT = {"type": "session.created", "session": {"modalities": ["text"], "input_audio_format": "pcm16"}}
CREATED, ADDED = {"type": "conversation.item.created"}, {"type": "conversation.item.added"}
GA_TEXT, BETA_TEXT = {"type": "response.output_text.delta"}, {"type": "response.text.delta"}


@pytest.mark.parametrize(
    ("events", "name"),
    [
        ([NESTED], "ga"),
        ([FLAT], "beta"),
        ([FLAT, GA_TEXT], "ga"),
        ([NESTED, BETA_TEXT], "beta"),
        ([NESTED, CREATED], "ga"),
        ([FLAT, CREATED], "beta"),
        ([CREATED, ADDED], "ga"),
        ([NESTED, CREATED, ADDED, GA_TEXT], "ga"),
        ([CREATED, BETA_TEXT, BETA_TEXT], "beta"),
        ([{"type": "session.created", "session": {"instructions": ""}}, CREATED], "beta"),
    ],
)
def test_every_name_and_the_shape_of_the_session_are_weighed(events, name):
    assert recognise(events) is DIALECTS[name]
    assert recognise(reversed(events)) is DIALECTS[name]


@pytest.mark.parametrize("events", [[], [{"type": "error"}], [{"type": ["a"]}, {"session": 1}]])
def test_what_tells_nothing_is_of_no_dialect(events):
    assert recognise(events) is None
