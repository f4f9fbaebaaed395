import os

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.frames import Opcode as Op

from conformance.tap.frames import MessageReader, Opcode


def frames(text, pieces, mask):
    data = text.encode()
    size = max(1, len(data) // pieces)
    parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    made = [Frame(Op.TEXT if at == 0 else Op.CONT, part, fin=at == len(parts) - 1) for at, part in enumerate(parts)]
    return b"".join(each.serialize(mask=mask) for each in made)


@given(st.lists(st.text(max_size=300), max_size=5), st.integers(1, 4), st.booleans(), st.integers(1, 400))
def test_messages_are_put_together_however_they_come(texts, pieces, mask, chunk):
    data = b"".join(frames(text, pieces, mask) for text in texts)
    reader = MessageReader()

    found = [each for at in range(0, len(data), chunk) for each in reader.feed(data[at : at + chunk])]

    assert [each.content for each in found] == texts


def test_large_and_binary_messages_are_read():
    payload = os.urandom(70_000)

    (message,) = MessageReader().feed(Frame(Op.BINARY, payload).serialize(mask=True))

    assert (message.opcode, message.content) == (Opcode.BINARY, payload)


def test_a_ping_between_the_frames_of_a_message_comes_before_it():
    data = Frame(Op.TEXT, b"a", fin=False).serialize(mask=False) + Frame(Op.PING, b"x").serialize(mask=False)

    ping, message = MessageReader().feed(data + Frame(Op.CONT, b"b").serialize(mask=False))

    assert (ping.opcode, ping.payload, message.content) == (Opcode.PING, b"x", "ab")


def test_a_close_tells_its_code_and_reason():
    (message,) = MessageReader().feed(Frame(Op.CLOSE, (1000).to_bytes(2) + b"bye").serialize(mask=True))

    assert message.close == (1000, "bye")
    assert next(MessageReader().feed(Frame(Op.CLOSE, b"").serialize(mask=False))).close == (None, "")
