import io
from dataclasses import replace

import pytest

from conformance.corpus.understanding import understood
from conformance.corpus.verdict import Demands, RecordingOutcome, judge_recording
from conformance.rules.engine.rule import Keyword
from conformance.trace.formats import recordings
from conformance.trace.formats.recording import Recording
from conformance.trace.jsonl import dumps
from conformance.trace.trace import Direction, Entry, Trace
from conformance.trace.trace_reader import direction_by_type

from .conftest import SESSION, TWICE


def spoken(*events):
    return Trace(tuple(Entry(at, direction_by_type(each), event=each) for at, each in enumerate(events)))


def verdict(trace, **demands):
    return judge_recording(Recording(trace, "file"), Demands(**demands))


OTHER_PROTOCOLS = {
    "a GPT-Live session": [
        {"type": "session.start"},
        {"type": "session.started"},
        {"type": "session.output_audio.delta"},
    ],
    "a stream of the Responses API": [
        {"type": "response.created", "response": {}, "sequence_number": 0},
        {"type": "response.output_text.delta", "delta": "a", "sequence_number": 1},
        {"type": "response.completed", "response": {}, "sequence_number": 2},
    ],
    "a stream of chat completions": [{"id": "chatcmpl-1", "choices": []}],
    "a stream of Anthropic messages": [{"type": "message_start"}, {"type": "ping"}, {"type": "error", "error": {}}],
    "a Gemini Live session": [{"setup": {}}, {"setupComplete": {}}, {"serverContent": {}}],
    "a JSON-RPC session": [{"jsonrpc": "2.0", "id": 1}],
    "it speaks of ping, pong": [{"type": "ping"}, {"type": "pong"}],
    "its events have no type": [{"hello": 1}],
}


@pytest.mark.parametrize("name", OTHER_PROTOCOLS)
def test_what_is_no_realtime_conversation_is_named_and_never_vouched_for(name):
    found = verdict(spoken(*OTHER_PROTOCOLS[name]))

    assert found.kind is RecordingOutcome.OTHER_PROTOCOL
    assert "not a Realtime conversation" in found.trouble
    assert name in found.trouble
    assert found.held == {}


@pytest.mark.parametrize("heard", [{"type": "error", "error": {"message": "no"}}, {"type": "oops"}, {"choices": []}])
def test_whatever_an_endpoint_said_to_a_conversation_of_ours_is_judged_as_it_was_live(turn, heard):
    entry = Entry(0, Direction.SERVER, 0.1, event=heard)

    found = verdict(replace(turn, entries=(entry,)))

    assert found.kind is RecordingOutcome.BROKEN
    assert found.trouble == ""


def test_an_error_without_an_id_is_understood_in_a_conversation_of_ours(turn):
    error = Entry(0, Direction.SERVER, 0.1, event={"type": "error", "error": {"message": "no"}})

    assert understood(replace(turn, entries=(error,))).doubtful is False
    assert understood(Trace((error,))).other_protocol


def test_a_recording_of_the_client_alone_is_not_vouched_for():
    found = verdict(spoken({"type": "session.update", "session": {}}, {"type": "response.create"}))

    assert (found.kind, found.held) == (RecordingOutcome.UNCLEAR, {})


def test_an_upgrade_behind_which_the_recording_stops_blames_nobody(turn):
    found = verdict(replace(turn, entries=(), end=None))

    assert (found.kind, found.findings) == (RecordingOutcome.CLEAN, ())


def test_a_recording_out_of_order_says_so_where_something_is_found(turn):
    shuffled = tuple(replace(each, index=at) for at, each in enumerate(reversed(turn.entries)))

    found = verdict(replace(turn, entries=shuffled))

    assert found.kind is RecordingOutcome.BROKEN
    assert "the times run backwards" in found.remark
    assert verdict(turn).remark == ""


def test_a_conversation_of_which_less_than_half_is_understood_says_so():
    found = verdict(spoken(SESSION, *({"type": "vendor.extra", "event_id": f"event_{n}"} for n in range(2, 6))),
                    fail_on=frozenset())  # fmt: skip

    assert (found.kind, found.known, found.frames) == (RecordingOutcome.UNCLEAR, 1, 5)


def test_vendors_extras_beside_a_conversation_cost_it_nothing(turn):
    extra = Entry(0, Direction.SERVER, event={"type": "vendor.extra", "event_id": "event_x"})

    assert not understood(Trace((*turn.entries, extra))).doubtful


def test_an_error_as_the_only_event_is_a_conversation_that_was_refused():
    error = {"type": "error", "event_id": "event_1", "error": {"type": "invalid_request_error", "message": "no"}}

    assert verdict(spoken(error)).kind is not RecordingOutcome.OTHER_PROTOCOL


def test_what_was_expected_and_not_proved_is_told():
    known = verdict(
        spoken(SESSION), fail_on=frozenset(), expected=("session.created-comes-first", "usage.total-is-the-sum")
    )

    assert (known.kind, known.unproven) == (RecordingOutcome.UNPROVEN, ("usage.total-is-the-sum",))


def test_expected_rules_of_another_revision_are_not_owed(turn):
    from conformance.rules import RULES

    rule = next(each.id for each in RULES.values() if "conversation.item.done" in each.speaks)
    found = judge_recording(Recording(turn, "file"), Demands(dialect="beta", fail_on=frozenset(), expected=(rule,)))

    assert found.unproven == ()


def test_a_finding_knows_its_line():
    data = b"\n".join(map(_json, TWICE)) + b"\n"
    (recording,) = recordings(io.BufferedReader(io.BytesIO(data)), "a.jsonl")

    found = judge_recording(recording, Demands())

    assert found.kind is RecordingOutcome.BROKEN
    assert "a.jsonl:2" in {each.place for each in found.of(Keyword.MUST)}


def _json(event):
    import orjson

    return orjson.dumps(event)


def test_rules_for_which_the_wire_was_not_recorded_are_told(turn):
    assert verdict(turn).silent_wire == ()
    assert len(verdict(spoken(SESSION), fail_on=frozenset()).silent_wire) == 2


def test_the_recordings_of_real_endpoints_are_judged_as_ever(recordings):
    from conformance.corpus.sources import Source

    kinds = {
        path.name: judge_recording(each, Demands()).kind
        for path in recordings
        for each in Source(str(path)).recordings()
    }

    assert {name for name, kind in kinds.items() if kind is not RecordingOutcome.CLEAN} == {
        name for name in kinds if name.startswith("36-xai")
    }


def test_a_saved_trace_is_judged_like_the_trace_itself(turn):
    (recording,) = recordings_of(dumps(turn))

    assert judge_recording(recording, Demands()).held == verdict(turn).held


def recordings_of(data):
    return list(recordings(io.BufferedReader(io.BytesIO(data)), "file"))
