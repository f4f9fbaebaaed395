import orjson
import pytest

from conformance.errors import TraceError
from conformance.trace.jsonl import dump, dumps, load, loads
from conformance.trace.trace import Credential, Direction, End, EndKind, Entry, FrameKind, Handshake, Trace

TRACE = Trace(
    (
        Entry(0, Direction.SERVER, 0.1, {"type": "session.created"}, size=26),
        Entry(1, Direction.CLIENT, 0.2, None, "not json", size=8, deliberate=True),
        Entry(2, Direction.CLIENT, 0.3, None, "AAE=", FrameKind.BINARY, 2),
        Entry(3, Direction.CLIENT, 0.35, None, "cGluZw==", FrameKind.PING, 4),
        Entry(4, Direction.SERVER, 0.4, {"type": "error"}, elided=True, ids_elided=True, gap=True, note="cut"),
    ),
    "ga",
    Handshake(
        "wss://host/v1/realtime", "bearer", Credential.WRONG, Credential.MISSING, ("Authorization",), ("a",), 101
    ),
    End(EndKind.TIMEOUT, Direction.CLIENT, awaiting="response.done", at=1.5),
    "response/text_turn",
    {"kind": "transcription"},
)


def test_what_was_dumped_is_loaded_again(tmp_path):
    path = tmp_path / "deep" / "trace.jsonl"

    dump(TRACE, path)

    assert load(path) == TRACE


def test_a_trace_of_our_own_fits_its_schema():
    import jsonschema

    from conformance.resources import folder

    schema = orjson.loads((folder("schemas") / "harness" / "trace.json").read_bytes())
    for line in dumps(TRACE).splitlines():
        jsonschema.validate(orjson.loads(line), schema)


def test_the_simple_form_of_recorders_is_read():
    text = b"""
    {"direction": "server", "t": 0.5, "event": {"type": "session.created"}, "_elided": true, "_gap": true}
    {"direction": "client", "t": null, "event": {"_raw_text": "nope"}}
    {"direction": "client", "event": {"_raw_binary_bytes": 64}, "_note": "binary"}
    {"direction": "server", "t": 0.9, "_close": {"code": 3000, "reason": "no"}}
    """

    trace = loads(text)

    assert [entry.type for entry in trace] == ["session.created", "", ""]
    assert (trace.entries[0].elided, trace.entries[0].gap) == (True, True)
    assert (trace.entries[1].text, trace.entries[2].kind) == ("nope", FrameKind.BINARY)
    assert trace.end == End(EndKind.CLOSED, None, code=3000, reason="no", at=0.9)


@pytest.mark.parametrize(
    ("by", "who"), [('"client"', Direction.CLIENT), ('"server"', Direction.SERVER), ("null", None)]
)
def test_who_closed_is_known_where_the_recorder_says_so(by, who):
    line = b'{"direction": "server", "_close": {"code": 1000}, "by": %s}' % by.encode()

    assert loads(line).end.by is who


@pytest.mark.parametrize("text", [b'[{"type": "a"}, {"type": "b"}]', b'{"type": "a"}\n{"type": "b"}\n'])
def test_a_bare_list_of_events_is_what_the_server_said(text):
    trace = loads(text)

    assert [(entry.direction, entry.type) for entry in trace] == [("server", "a"), ("server", "b")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"{", "t:1: not JSON"),
        (b'{"type": "a"}\n[1]', "t:2: a line is a JSON object, not list"),
        (b'{"direction": "sideways", "event": {}}', "t:1: `direction` is client or server"),
        (b'{"direction": "client", "event": 3}', "t:1: `event` is a JSON object"),
        (b'{"hello": 1}', "t:1: neither a frame"),
        (b'{"format": "realtime-conformance/trace", "version": 99}', "version 99 is not 1"),
        (b"", "holds no events"),
        (b"[1, 2", "not JSON"),
    ],
)
def test_a_broken_trace_is_one_clear_error_with_its_line(text, says):
    with pytest.raises(TraceError, match=says.replace("(", r"\(").replace("[", r"\[")):
        loads(text, "t")


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(TraceError, match="No such file"):
        load(tmp_path / "nowhere.jsonl")


def test_whatever_an_endpoint_says_can_be_written():
    deep = value = {}
    for _ in range(400):
        value["x"] = value = {}
    events = ({"type": "deep", "x": deep}, {"type": "half", "x": "\ud800"}, {"type": "huge", "x": 10**40})
    trace = Trace(tuple(Entry(index, Direction.SERVER, 0.0, event) for index, event in enumerate(events)))

    assert dumps(trace).count(b"\n") == 4
