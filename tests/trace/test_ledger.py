import base64

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.trace.ledger import COUNTS, HEADER
from conformance.trace.trace import Direction, Entry, Trace
from conformance.trace.views import View

USAGE = {
    "total_tokens": 205,
    "input_tokens": 41,
    "output_tokens": 164,
    "input_token_details": {
        "text_tokens": 14,
        "audio_tokens": 27,
        "image_tokens": 0,
        "cached_tokens": 5,
        "cached_tokens_details": {"text_tokens": 4, "audio_tokens": 1, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 28, "audio_tokens": 136},
}
GA = DIALECTS["ga"]
HALF_A_SECOND = base64.b64encode(bytes(24_000)).decode()
COMPLETED = "conversation.item.input_audio_transcription.completed"


def ledger(*lines):
    entries = []
    for kind, fields in lines:
        side = Direction.CLIENT if kind.startswith(">") else Direction.SERVER
        flags = {"elided": True} if fields.pop("_elided", False) else {}
        entries.append(Entry(len(entries), side, event={"type": kind.lstrip(">"), **fields}, **flags))
    return View(Trace(tuple(entries), "ga"), GA).ledger


def done(name="r", usage=USAGE, status="completed"):
    return "response.done", {"response": {"id": name, "status": status, "usage": usage}}


def session():
    return "session.created", {"session": GA.session({"input_format": "pcm16", "output_format": "pcm16"})}


def test_a_line_holds_every_count_of_a_response():
    (line,) = ledger(done()).lines

    assert dict(line.counts) == {
        "total": 205,
        "input": 41,
        "input_text": 14,
        "input_audio": 27,
        "input_image": 0,
        "cached": 5,
        "cached_text": 4,
        "cached_audio": 1,
        "cached_image": 0,
        "output": 164,
        "output_text": 28,
        "output_audio": 136,
        "reasoning": None,
    }


@pytest.mark.parametrize("count", [None, "7", 1.5, True, [], {}, -1, float("nan")])
def test_what_is_no_natural_number_is_unknown(count):
    (line,) = ledger(done(usage={"total_tokens": count})).lines

    assert line.counts["total"] is None
    assert line.negative == (("total",) if count == -1 else ())


def test_a_response_without_usage_has_a_line_without_counts():
    (line,) = ledger(done(usage=None, status="cancelled")).lines

    assert (line.usage, set(line.counts.values()), line.status) == ({}, {None}, "cancelled")


def test_totals_are_the_sums_of_the_responses_and_of_nothing_else():
    books = ledger(done("a"), (COMPLETED, {"item_id": "i", "usage": {"type": "tokens", "total_tokens": 22}}), done("b"))

    assert (books.totals["total"], books.totals["output_audio"]) == (410, 272)
    assert [line.kind for line in books.lines] == ["response", "transcription", "response"]


def test_a_transcription_in_seconds_keeps_what_it_bills():
    (line,) = ledger((COMPLETED, {"item_id": "i", "usage": {"type": "duration", "seconds": 3}})).transcriptions

    assert (line.id, line.seconds, line.counts["total"]) == ("i", 3.0, None)


def test_seconds_of_audio_are_counted_from_the_bytes_of_both_sides():
    at = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    books = ledger(
        session(),
        *[(">input_audio_buffer.append", {"audio": HALF_A_SECOND})] * 3,
        ("response.created", {"response": {"id": "r"}}),
        ("response.output_audio.delta", {**at, "delta": HALF_A_SECOND}),
        done(),
    )

    assert (books.seconds_sent, books.seconds_received, books.lines[0].seconds) == (1.5, 0.5, 0.5)


def test_shortened_audio_makes_the_seconds_unknown():
    books = ledger(session(), (">input_audio_buffer.append", {"audio": "AAAA", "_elided": True}))

    assert books.seconds_sent is None


def test_a_shortened_response_has_no_line():
    kind, fields = done()

    assert ledger((kind, {**fields, "_elided": True})).lines == ()


def test_the_rows_begin_with_the_header_and_end_with_the_sums():
    rows = ledger(done()).rows()

    assert rows[0] == HEADER
    assert rows[1][:4] == ("0", "response", "r", "completed")
    assert rows[-1][4] == "205"
    assert {len(row) for row in rows} == {len(COUNTS) + 5}


def test_an_empty_session_has_an_empty_ledger():
    books = ledger()

    assert (books.lines, books.seconds_sent, books.seconds_received) == ((), 0.0, 0.0)
