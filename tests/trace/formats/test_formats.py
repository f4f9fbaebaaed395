"""Every format: recognised by content, read as the native trace, written and read again, and never a traceback."""

import io
import json
from dataclasses import replace

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.errors import TraceError
from conformance.trace.formats import FORMATS, format_of, recordings
from conformance.trace.jsonl import dumps
from conformance.trace.trace import Credential, Direction, End, EndKind, Entry, FrameKind, Handshake, Trace
from conformance.trace.trace_reader import direction_by_type

CREATED = {"type": "session.created", "event_id": "event_1", "session": {"id": "sess_1", "object": "realtime.session"}}
UPDATE = {"type": "session.update", "session": {"type": "realtime"}}
UPDATED = {"type": "session.updated", "event_id": "event_2", "session": {"id": "sess_1"}}
KEY = "sk-proj-0123456789abcdefghij"


def opened(data, where="file"):
    return list(recordings(io.BufferedReader(io.BytesIO(data)), where))


def name_of(data):
    return format_of(io.BufferedReader(io.BytesIO(data)), "file").name


def trace(*events, at=0.0):
    entries = tuple(
        Entry(index, direction_by_type(event), at + index, event=event) for index, event in enumerate(events)
    )
    hand = Handshake("wss://example.test/v1/realtime?model=m", "bearer", status=101, request_headers=("Authorization",))
    return Trace(entries, handshake=hand, end=End(EndKind.CLOSED, Direction.CLIENT, 1000, "bye", at=at + len(events)))


def said(found):
    return [(each.direction, each.at, each.event, each.text, each.kind) for each in found]


ODD = Entry(2, Direction.SERVER, 2.0, text="not JSON", size=8)
BINARY = Entry(3, Direction.SERVER, 3.0, text="AAEC", kind=FrameKind.BINARY, size=3)
PING = Entry(4, Direction.CLIENT, 4.0, text="cGluZw==", kind=FrameKind.PING, size=4)
PONG = Entry(5, Direction.SERVER, 5.0, text="cGluZw==", kind=FrameKind.PONG, size=4)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_what_was_written_is_recognised_and_read_again(form):
    native = replace(trace(CREATED, UPDATE), entries=(*trace(CREATED, UPDATE).entries, ODD, BINARY, PING, PONG))
    data = form.write([native])

    (found,) = opened(data)

    assert name_of(data) == form.name
    assert said(found.trace) == said(native)
    assert (found.trace.end.kind, found.trace.end.by, found.trace.end.code) == (EndKind.CLOSED, Direction.CLIENT, 1000)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_several_conversations_of_a_file_stay_apart(form):
    first, second = trace(CREATED, UPDATE), trace({**CREATED, "session": {"id": "sess_2"}})

    found = opened(form.write([first, second]))

    assert [said(each.trace) for each in found] == [said(first), said(second)]
    assert [each.name for each in found] == ["file", "file#2"]


def test_our_own_form_keeps_everything():
    native = replace(trace(CREATED, UPDATE), dialect="ga", name="x", intent={"transcription": True})

    assert opened(dumps(native))[0].trace == native


def test_an_entry_knows_its_line():
    data = b"".join((dumps(trace(CREATED, UPDATE)), dumps(trace(CREATED))))

    first, second = opened(data)

    assert [first.place(index) for index in (-1, 0, 1, 2)] == ["file, handshake", "file:2", "file:3", "file, end"]
    assert second.place(0) == "file:6"


def test_who_sent_what_follows_from_the_types_of_every_revision():
    for dialect in DIALECTS.values():
        assert {
            each for each in dialect.client_events if direction_by_type({"type": each}) is not Direction.CLIENT
        } == set()
        assert {
            each for each in dialect.server_events if direction_by_type({"type": each}) is not Direction.SERVER
        } == set()


def test_a_log_of_bare_events_is_parted_by_sessions_and_says_what_was_guessed():
    other = {**CREATED, "session": {"id": "sess_2"}}
    data = "\n".join(json.dumps(each) for each in (CREATED, UPDATE, UPDATED, other, UPDATE)).encode()

    found = opened(data)

    assert [[entry.type for entry in each.trace] for each in found] == [
        ["session.created", "session.update", "session.updated"],
        ["session.created", "session.update"],
    ]
    assert [entry.sent for entry in found[0].trace] == [False, True, False]
    assert all("types" in each.remark for each in found)


def test_what_follows_a_close_frame_was_said_on_another_connection():
    lines = [{"direction": "server", "event": CREATED}, {"direction": "server", "_close": {"code": 1000}}] * 2

    first, second = opened(b"\n".join(json.dumps(line).encode() for line in lines))

    assert (len(first.trace), first.trace.end.by) == (1, None)
    assert (len(second.trace), second.lines[0]) == (1, 3)


def frames_of(*events):
    return "".join(
        json.dumps({"direction": str(direction_by_type(each)), "t": at, "event": each}) + "\n"
        for at, each in enumerate(events)
    ).encode()


FIRST, SECOND = ({**CREATED, "session": {"id": f"sess_{number}"}} for number in (1, 2))


def test_another_session_in_a_log_without_connections_is_another_conversation_and_that_is_told():
    found = opened(frames_of(FIRST, UPDATE, SECOND, UPDATE, {**UPDATED, **SECOND, "type": "session.updated"}))

    assert [[entry.type for entry in each.trace] for each in found] == [
        ["session.created", "session.update"],
        ["session.created", "session.update", "session.updated"],
    ]
    assert [each.remark for each in found] == ["", "another session was taken for another conversation"]
    assert [each.place(0) for each in found] == ["file:1", "file:3"]


def test_sessions_that_are_shown_on_one_connection_for_certain_stay_together():
    (found,) = opened(dumps(trace(FIRST, SECOND)))

    assert len(found.trace) == 2


@pytest.mark.parametrize(
    "of_the_first",
    [
        {**UPDATED, "session": {"id": "sess_1"}},
        {"type": "response.output_text.delta", "response_id": "resp_1", "delta": "a"},
    ],
    ids=["session", "response"],
)
@pytest.mark.parametrize("bare", [True, False])
def test_nobody_is_blamed_for_sessions_that_are_mixed_in_one_log(of_the_first, bare):
    begun = {"type": "response.created", "response": {"id": "resp_1"}}
    lines = frames_of(FIRST, begun, SECOND, UPDATE, of_the_first, UPDATED)
    if bare:
        lines = b"".join(json.dumps(json.loads(line)["event"]).encode() + b"\n" for line in lines.splitlines())
    found = recordings(io.BufferedReader(io.BytesIO(lines)), "file")

    assert [entry.type for entry in next(found).trace] == ["session.created", "response.created"]
    with pytest.raises(TraceError, match=r"file:5: .* belongs to a session before: several sessions are mixed here"):
        list(found)


def test_ids_that_a_server_uses_in_every_session_mix_nothing():
    begun = {"type": "response.created", "response": {"id": "resp_1"}}
    delta = {"type": "response.output_text.delta", "response_id": "resp_1", "delta": "a"}

    assert [len(each.trace) for each in opened(frames_of(FIRST, begun, delta, SECOND, begun, delta))] == [3, 3]


@pytest.mark.parametrize("payload", ["data", "message", "msg", "payload", "event"])
@pytest.mark.parametrize("direction", [("client", "server"), ("out", "in")])
def test_frames_are_read_in_the_words_of_other_recorders(payload, direction):
    asked, answered = direction
    lines = [{"dir" if asked == "out" else "direction": asked, payload: json.dumps(UPDATE)}]
    lines.append({"dir" if asked == "out" else "direction": answered, payload: json.dumps(UPDATED)})

    (found,) = opened("".join(json.dumps(each) + "\n" for each in lines).encode())

    assert [(entry.sent, entry.type) for entry in found.trace] == [(True, "session.update"), (False, "session.updated")]


def test_what_stands_before_a_line_that_cannot_be_read_is_a_conversation():
    lines = dumps(trace(CREATED, UPDATE, UPDATED)).splitlines(keepends=True)
    found = recordings(io.BufferedReader(io.BytesIO(b"".join([*lines[:3], b"oops\n", *lines[3:]]))), "file")

    kept = next(found)

    assert [entry.type for entry in kept.trace] == ["session.created", "session.update"]
    assert kept.trace.end is None
    assert "what follows cannot be read" in kept.remark
    with pytest.raises(TraceError, match="file:4: not JSON"):
        next(found)


def test_a_text_in_utf_16_is_told_from_what_is_no_recording():
    with pytest.raises(TraceError, match="file: is UTF-16"):
        opened(dumps(trace(CREATED)).decode().encode("utf-16"))


def test_a_last_line_that_was_cut_off_is_left_out_and_told():
    (found,) = opened(dumps(trace(CREATED, UPDATE))[:-30])

    assert [entry.type for entry in found.trace] == ["session.created", "session.update"]
    assert "unfinished" in found.remark


def test_frames_noted_at_the_servers_side_are_turned_round():
    frames = [{"direction": "sent", "data": CREATED}, {"direction": "received", "data": UPDATE}]

    (found,) = opened("\n".join(map(json.dumps, frames)).encode())

    assert [entry.sent for entry in found.trace] == [False, True]
    assert "server's side" in found.remark


def test_a_cassette_whose_audio_was_cut_concludes_nothing_from_it():
    delta = {"type": "response.output_audio.delta", "event_id": "event_3", "delta": "A" * 44}
    data = json.dumps([{"direction": "received", "data": each} for each in (CREATED, delta, delta)]).encode()

    (found,) = opened(data)

    assert [entry.elided for entry in found.trace] == [False, True, True]


def test_a_reconnect_in_a_cassette_is_another_conversation():
    frames = [
        {"kind": "message", "direction": "received", "data": CREATED},
        {"kind": "close", "code": 1006, "ok": False},
    ]
    frames += [{"kind": "message", "direction": "sent", "data": UPDATE}]

    first, second = opened(json.dumps({"version": 1, "interactions": frames}, indent=1).encode())

    assert (first.trace.end.code, [entry.type for entry in second.trace]) == (1006, ["session.update"])


def har(*messages, headers=(), url="wss://example.test/v1/realtime", status=101):
    request = {"url": url, "headers": [{"name": name, "value": value} for name, value in headers]}
    entry = {"request": request, "response": {"status": status, "headers": []}, "_webSocketMessages": list(messages)}
    return json.dumps({"log": {"version": "1.2", "entries": [{"request": {}}, entry]}}).encode()


def test_other_sockets_of_the_page_are_passed_over_and_told():
    pages = [
        har(
            {"type": "receive", "time": 1, "opcode": 1, "data": json.dumps({"type": "connected"})},
            url="wss://a.test/hmr",
        ),
        har({"type": "receive", "time": 1, "opcode": 1, "data": json.dumps(CREATED)}),
        har(url="wss://example.test/v1/realtime", status=401),
    ]
    entries = [entry for page in pages for entry in json.loads(page)["log"]["entries"]]

    found = opened(json.dumps({"log": {"entries": entries}}).encode())

    assert [each.trace.handshake.url for each in found] == ["wss://example.test/v1/realtime"] * 2
    assert {each.remark for each in found} == {"1 other WebSocket of the page was passed over"}


def test_a_har_without_a_session_keeps_all_its_sockets():
    (found,) = opened(har({"type": "receive", "time": 1, "opcode": 1, "data": json.dumps({"type": "connected"})}))

    assert found.remark == ""


def test_a_har_has_its_handshake_and_no_key_is_left():
    echo = json.dumps({**CREATED, "echo": KEY})
    data = har(
        {"type": "receive", "time": 1_700_000_000.25, "opcode": 1, "data": echo},
        {"type": "send", "time": 1_700_000_000.5, "opcode": 1, "data": json.dumps(UPDATE)},
        headers=[("Authorization", f"Bearer {KEY}"), ("Cookie", "id=0123456789")],
        url=f"wss://example.test/v1/realtime?api-key={KEY}",
    )

    (found,) = opened(data)

    assert KEY not in dumps(found.trace).decode()
    assert "0123456789" not in dumps(found.trace).decode()
    hand = found.trace.handshake
    assert (hand.auth, hand.status, hand.credential, hand.request_headers) == (
        "bearer", 101, Credential.VALID, ("authorization", "cookie"))  # fmt: skip
    assert [(each.at, each.leaked) for each in found.trace] == [(0.0, True), (0.25, False)]


def test_whose_key_opened_nothing_is_not_known_to_be_good():
    (found,) = opened(har(status=401))

    assert (found.trace.handshake.status, found.trace.handshake.credential) == (401, Credential.UNKNOWN)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b"{",
        b"[",
        b"[1, 2]",
        b"{oops\n",
        b"null\n",
        b"[" * 100_000,
        b'{"log": 1}',
        b'{"log": {"entries": [{"_webSocketMessages": 1}, 3]}}',
        b'{"log": {"entries": []}}',
        b'{\n"frames": [{"direction": []}]}',
        b'{"frames": [1]}\n',
        b'{"direction": {}, "event": {}}\n',
        b'{"direction": "server", "event": [1]}\n',
        b"interactions:\n- {direction: received, data: {a: 2024-01-01}}\n- [",
        b"interactions: 7\n",
        b"frames: &a [*a]\n",
        b"interactions: !!python/object:os.system []\n",
        b"PK\x03\x04",
        b"\x00" * 100,
        b"hello\n",
    ],
    ids=lambda data: repr(data[:30]),
)
def test_a_hostile_file_is_one_clear_error(data):
    with pytest.raises(TraceError) as caught:
        opened(data)

    assert str(caught.value).startswith("file")
    assert "Traceback" not in str(caught.value)


def test_anchors_cannot_blow_a_cassette_up():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)
    ]

    with pytest.raises(TraceError, match="values"):
        opened("\n".join(["frames: []", *lines]).encode())


def test_a_log_of_bare_events_that_is_parted_by_a_close_frame_holds_no_empty_conversation():
    other = {**CREATED, "session": {"id": "sess_2"}}
    lines = ({**CREATED, "session": {"id": "sess_1"}}, {"_close": {"code": 1000}}, other, UPDATE)

    found = opened("\n".join(json.dumps(each) for each in lines).encode())

    assert [[entry.type for entry in each.trace] for each in found] == [
        ["session.created"],
        ["session.created", "session.update"],
    ]


def litellm_frame(sent, event=None, binary=None):
    """Return a frame as the tests of LiteLLM record it, with the fields that have nothing to say."""
    return {
        "direction": "client_to_server" if sent else "server_to_client",
        "opcode": "text" if binary is None else "binary",
        "text": None if event is None else json.dumps(event),
        "binary_b64": binary,
        "client_frames_before": None if sent else 1,
    }


@pytest.mark.parametrize("indent", [None, 2])
def test_a_cassette_of_litellm_is_read_with_its_sessions_and_binary_frames(indent):
    first = [litellm_frame(sent=False, event=CREATED), litellm_frame(sent=True, event=UPDATE)]
    second = [litellm_frame(sent=False, event=CREATED), litellm_frame(sent=False, binary="AAEC")]
    cassette = {"schema_version": 1, "sessions": [{"frames": first}, {"frames": second}]}

    found = opened(json.dumps(cassette, indent=indent).encode())

    assert [[(entry.sent, entry.type) for entry in each.trace] for each in found] == [
        [(False, "session.created"), (True, "session.update")],
        [(False, "session.created"), (False, "")],
    ]
    assert [entry.kind for entry in found[1].trace] == [FrameKind.TEXT, FrameKind.BINARY]
    assert found[1].trace.entries[1].text == "AAEC"
    assert [each.remark for each in found] == ["", ""]
