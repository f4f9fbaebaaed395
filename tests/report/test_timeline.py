from conformance.report.timeline import excerpt
from conformance.trace.trace import Direction, End, EndKind, Entry, FrameKind, Handshake, Trace


def trace(count, **fields):
    entries = [
        Entry(
            index,
            Direction.SERVER if index % 2 else Direction.CLIENT,
            index / 10,
            {"type": "ping", "item_id": f"i{index}"},
        )
        for index in range(count)
    ]
    return Trace(tuple(entries), **fields)


def test_three_entries_stand_on_either_side_of_the_offender():
    lines = excerpt(trace(20), 10)

    assert lines[0] == "    … 7 earlier"
    assert lines[4].startswith(">   10")
    assert "→ ping i10" in lines[4]
    assert "← ping i11" in lines[5]
    assert lines[-1] == "    … 6 later"
    assert len(lines) == 9


def test_the_handshake_can_be_the_offender():
    lines = excerpt(trace(1, handshake=Handshake("wss://x", "bearer", status=401)), -1)

    assert lines[0].startswith(">")
    assert "HTTP 401" in lines[0]


def test_the_end_can_be_the_offender():
    lines = excerpt(trace(2, end=End(EndKind.CLOSED, code=1011, reason="oops", at=3.5)), 2)

    assert lines[-1].startswith(">")
    assert "the endpoint closed with 1011 (oops)" in lines[-1]


def test_a_line_never_exceeds_the_page():
    event = {"type": "response." + "x" * 100, "response_id": "r" * 60, "item_id": "i" * 60}

    assert all(len(line) <= 80 for line in excerpt(Trace((Entry(0, Direction.SERVER, 0.0, event),)), 0))


def test_frames_without_an_event_are_described():
    entries = (
        Entry(0, Direction.CLIENT, text="{oops", kind=FrameKind.TEXT),
        Entry(1, Direction.SERVER, text="AAAA", kind=FrameKind.BINARY, size=3),
        Entry(2, Direction.SERVER, event={"no": "type"}),
        Entry(3, Direction.SERVER, event={"type": ["odd"], "item": [], "error": {"code": 5}}),
    )

    told = "\n".join(excerpt(Trace(entries), 0))

    assert "not a JSON object: {oops" in told
    assert "a binary frame of 3 bytes" in told
    assert "an object without a type" in told
