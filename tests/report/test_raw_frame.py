import json

from conformance.report.raw_frame import LONGEST_FRAME, end_text, frame_text, handshake_text
from conformance.trace.trace import Direction, End, EndKind, Entry, Handshake
from tests.report.hostile_text import HOSTILE, active_in


def frame(event=None, **fields):
    return Entry(0, Direction.SERVER, 0.0, event, **fields)


def test_a_frame_is_indented_json():
    assert json.loads(frame_text(frame({"type": "error", "n": 1}))) == {"type": "error", "n": 1}


def test_audio_is_told_by_its_length():
    assert "4000 characters of base64" in frame_text(frame({"delta": "AAAA" * 1000}))


def test_a_megabyte_of_text_is_cut():
    assert len(frame_text(frame({"text": "word " * 200_000}))) < 2000


def test_a_frame_of_many_fields_is_cut():
    event = {f"field {number}": "x" * 500 for number in range(1000)}

    assert len(frame_text(frame(event))) <= LONGEST_FRAME + 100


def test_nesting_without_end_is_not_followed():
    event = inner = {}
    for _ in range(500):
        inner["a"] = inner = {}

    assert "nested deeper" in frame_text(frame(event))


def test_what_was_no_json_is_shown_as_text():
    assert frame_text(frame(text="{oops")) == "{oops"


def test_nothing_hostile_acts():
    hand = Handshake("ws://x/" + HOSTILE, response_headers={"x": HOSTILE}, subprotocol=HOSTILE, body=HOSTILE)
    end = End(EndKind.CLOSED, code=1011, reason=HOSTILE)
    told = frame_text(frame({HOSTILE: [HOSTILE]})) + frame_text(frame(text=HOSTILE))
    told += handshake_text(hand) + end_text(end)

    assert [each for each in active_in(told) if not each.startswith("<")] == []
