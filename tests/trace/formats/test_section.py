"""A large file of our own traces is cut where conversations begin; its sections hold what the whole holds."""

import io
import random

import pytest

from conformance.trace.formats import recordings, section
from conformance.trace.formats.json_lines import read_section
from conformance.trace.formats.section import HEADER, sections_of
from conformance.trace.jsonl import dumps
from conformance.trace.trace import Direction, End, EndKind, Entry, Trace

SAID = HEADER.decode()  # within an event it begins no conversation


def conversation(number):
    events = [
        {"type": "session.created", "text": SAID, "pad": "x" * (number * 37 % 400)} for _ in range(number % 7 + 1)
    ]
    entries = tuple(Entry(at, Direction.SERVER, event=event) for at, event in enumerate(events))
    return Trace(entries, "ga", end=End(EndKind.CLOSED) if number % 2 else None, name=f"talk {number}")


FILE = b"".join(dumps(conversation(number)) for number in range(40))


def told(found):
    return [(each.trace, each.name, each.remark, [each.place(at) for at in range(len(each.trace))]) for each in found]


def whole(data):
    return told(recordings(io.BufferedReader(io.BytesIO(data)), "file"))


def parts(data, size):
    found = list(sections_of(io.BytesIO(data), size))
    return found, told(each for part in found for each in read_section(io.BytesIO(data), "file", part))


@pytest.mark.parametrize("size", [1, 700, 5_000, 10**9])
@pytest.mark.parametrize("block", [1, 64, 4_000])
def test_sections_hold_the_conversations_of_the_file_with_their_lines(size, block, monkeypatch):
    monkeypatch.setattr(section, "BLOCK", block)
    found, read = parts(FILE, size)

    assert read == whole(FILE)
    assert [each.start for each in found] == [0, *(each.stop for each in found[:-1])]
    assert found[-1].stop == len(FILE)
    assert (len(found) == 1) == (size == 10**9)


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(monkeypatch):
    monkeypatch.setattr(section, "BLOCK", 64)
    in_headers = [FILE.index(b"talk %d" % number) for number in (20, 30)]
    for end in (*in_headers, *random.Random(1).sample(range(2_000, len(FILE)), 20)):
        assert parts(FILE[:end], 500)[1] == whole(FILE[:end])


def test_a_file_without_headers_is_one_section():
    data = b'{"type": "session.created"}\n' * 1_000

    (found,) = sections_of(io.BytesIO(data), 10)

    assert (found.start, found.stop, found.lines, found.conversations) == (0, len(data), 0, 0)
