import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract.dialects import DIALECTS
from conformance.trace.output_audio import _sizes, measured, seconds
from conformance.trace.views import View
from tests.samples import trace_of


@pytest.mark.parametrize(
    ("text", "size"),
    [("", 0), ("AAAA", 3), ("AAA=", 2), ("AA==", 1), ("AB==", 1), ("+/+/", 3)],
)
def test_base64_is_measured_without_decoding(text, size):
    assert measured(text) == size


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "A===", "====", "=", "AAAA====", "AA=A", "AA AA", "AA\nAA", "AAA-", "AAAé"]
)
def test_what_is_no_base64_has_no_size(text):
    assert measured(text) is None


@given(st.binary(max_size=50))
def test_what_was_encoded_is_measured_exactly(data):
    assert measured(base64.b64encode(data).decode()) == len(data)


@given(st.text("AB+/= \u00e9", max_size=12))
def test_nothing_is_measured_that_a_strict_decoder_refuses(text):
    size = measured(text)
    if size is not None:
        assert len(binascii.a2b_base64(text, strict_mode=True)) == size


@given(
    st.lists(st.one_of(st.none(), st.text("AB=", max_size=6), st.sampled_from(["AAAA", "AA==", "AAA="])), max_size=5)
)
def test_many_deltas_are_measured_like_each_alone(deltas):
    assert _sizes(deltas) == tuple(None if text is None else measured(text) for text in deltas)


def test_lengths_follow_the_format():
    assert seconds(48_000, "pcm16") == seconds(8_000, "g711_ulaw") == 1.0
    assert seconds(1, "opus") is None


def test_sound_is_of_the_format_that_its_response_was_asked_for():
    sound = base64.b64encode(bytes(8_000)).decode()
    ga = DIALECTS["ga"]
    session = {"type": "realtime", **ga.session({"output_format": "pcm16"})}
    of = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
    lines = [
        {"server": "session.created", "session": session},
        {"client": "response.create", "response": ga.response({"output_format": "g711_ulaw"})},
        {"server": "response.created", "response": {"id": "resp_1", "status": "in_progress"}},
        {"server": "response.output_item.added", "response_id": "resp_1", "output_index": 0, "item": {"id": "item_1"}},
        {"server": "response.output_audio.delta", **of, "delta": sound},
        {"server": "response.done", "response": {"id": "resp_1", "status": "completed"}},
    ]

    (heard,) = View(trace_of(lines, ga), ga).sounds

    assert heard.seconds == 1.0
