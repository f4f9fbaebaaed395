import pytest

from conformance.play.recorder import Recorder
from conformance.secrets import Scrubber
from conformance.trace.jsonl import dumps
from conformance.trace.trace import TOKEN_MARK, Direction

KEY = "sk-canary-0123456789"


def note(frame):
    recorder = Recorder("test", "ga", Scrubber((KEY,)))
    recorder.note(Direction.SERVER, frame, 0.0)
    return recorder.entries[0], dumps(recorder.scrub.trace(recorder.result()))


def test_a_key_spelled_in_escapes_is_scrubbed_too():
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    entry, written = note(f'{{"type": "error", "{escaped}": ["{escaped}"]}}')

    assert entry.event == {"type": "error", KEY: [KEY]}
    assert entry.leaked
    assert b"canary" not in written


def test_a_key_behind_an_escaped_line_break_is_scrubbed_too():
    _, written = note('{"type": "error", "message": "upstream said\\nsk-proj-0123456789abcdefghij"}')

    assert "upstream said\\n‹key›".encode() in written


def test_a_deep_object_with_escapes_is_no_trouble():
    entry, _ = note('{"type": "\\n", "a": ' + "[" * 200 + "]" * 200 + "}")

    assert entry.event["type"] == "\n"


def test_a_key_of_somebody_else_is_scrubbed_and_is_a_leak():
    entry, written = note('{"type": "error", "error": {"message": "upstream: sk-proj-0123456789abcdefghij"}}')

    assert entry.leaked
    assert b"0123456789abcdefghij" not in written


def test_an_ephemeral_key_where_it_belongs_is_scrubbed_and_is_no_leak():
    session = '{"type": "session.created", "session": {"client_secret": {"value": "ek_0123456789abcdefghij"}}%s}'
    entry, written = note(session % "")

    assert not entry.leaked
    assert b"0123456789abcdefghij" not in written
    assert note(session % ', "echo": "ek_0123456789abcdefghij"')[0].leaked


def test_a_mark_that_somebody_wrote_himself_is_no_leak():
    assert not note(f'{{"type": "x", "text": "{TOKEN_MARK} and ‹key›"}}')[0].leaked
    assert not note('{"type": "x", "text": "\\u2039token\\u203a"}')[0].leaked
    assert note(f'{{"type": "x", "text": "{TOKEN_MARK} {KEY}"}}')[0].leaked


def test_a_conversation_stays_as_it_was_said_until_it_leaves_the_process():
    recorder = Recorder("test", "ga", Scrubber(("123456",)))
    recorder.note(Direction.SERVER, '{"type": "response.done", "total_tokens": 123456, "text": "in 123456"}', 0.0)

    assert recorder.entries[0].event == {"type": "response.done", "total_tokens": 123456, "text": "in 123456"}
    assert recorder.scrub.trace(recorder.result()).entries[0].event == {
        "type": "response.done", "total_tokens": TOKEN_MARK, "text": f"in {TOKEN_MARK}"
    }  # fmt: skip


@pytest.mark.parametrize("word", ["session", "completed", "realtime"])
def test_a_key_that_is_a_word_of_the_protocol_is_no_leak_of_it(word):
    recorder = Recorder("test", "ga", Scrubber((word,)))
    recorder.note(Direction.SERVER, '{"type": "session.created", "object": "realtime.response.completed"}', 0.0)

    assert not recorder.entries[0].leaked
    assert recorder.scrub.trace(recorder.result()).entries[0] == recorder.entries[0]
