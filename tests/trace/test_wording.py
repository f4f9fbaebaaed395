"""Sentences of ours name events as the wire does."""

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.trace.wording import as_spoken

BETA = DIALECTS["beta"]


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("conversation.item.added never came", "conversation.item.created never came"),
        ("response.output_text.delta or response.done", "response.text.delta or response.done"),
        ("resp_1 has no response.output_text.done.", "resp_1 has no response.text.done."),
        ("waits for `conversation.item.added`", "waits for `conversation.item.created`"),
        ("the text is 'conversation.item.added'", "the text is 'conversation.item.added'"),
    ],
)
def test_event_types_are_spelled_as_on_the_wire_and_quotes_are_left_alone(sentence, told):
    assert as_spoken(sentence, BETA) == told
    assert as_spoken(sentence, DIALECTS["ga"]) == sentence


def test_a_name_that_was_heard_just_so_is_what_was_heard():
    assert (
        as_spoken("conversation.item.added came", BETA, {"conversation.item.added"}) == "conversation.item.added came"
    )
