"""An endpoint may send any JSON whatsoever: no rule may fall over it."""

import base64
import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.contract.dialects import DIALECTS
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict, judge
from conformance.trace.trace import TOKEN_MARK, Direction, End, EndKind, Entry, Trace
from conformance.trace.views import View

NAMES = [
    "event_id",
    "type",
    "session",
    "response",
    "item",
    "part",
    "error",
    "usage",
    "id",
    "status",
    "status_details",
    "reason",
    "output",
    "content",
    "delta",
    "text",
    "transcript",
    "arguments",
    "name",
    "call_id",
    "item_id",
    "response_id",
    "previous_item_id",
    "output_index",
    "content_index",
    "conversation_id",
    "conversation",
    "metadata",
    "modalities",
    "output_modalities",
    "max_output_tokens",
    "audio",
    "audio_start_ms",
    "audio_end_ms",
    "usage",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "input_token_details",
    "output_token_details",
    "text_tokens",
    "audio_tokens",
    "cached_tokens",
    "cached_tokens_details",
    "rate_limits",
    "limit",
    "remaining",
    "turn_detection",
    "tools",
    "instructions",
    "input",
    "model",
    "expires_at",
    "object",
    "role",
    "code",
    "message",
    "param",
    "seconds",
    "format",
    "output_audio_format",
    "input_audio_format",
    "rate",
]
WORDS = [
    "a", "b", "", "in_progress", "completed", "cancelled", "incomplete", "failed", "message", "function_call", "user",
    "text", "audio", "output_audio", "none", "pcm16", "client_cancelled", "tokens", "duration", "server_vad", "AAA=",
    "invalid_request_error", "\ud800", "\x00", TOKEN_MARK, base64.b64encode(bytes(99)).decode(),
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from(WORDS)
    | st.sampled_from([0, 1, -1, 2**70, -(2**70), 1e308, 1.5, float("nan"), float("inf"), -0.0])
    | st.integers(-3, 40)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)


def deep(levels):
    value = "x"
    for _ in range(levels):
        value = [value] if levels % 2 else {"content": value}
    return value


def types(dialect):
    spoken = sorted(dialect.server_events | dialect.client_events)
    return st.sampled_from(spoken) | st.sampled_from(["", "response.cancelled", "no.such.event"])


def events(dialect):
    fields = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=9)
    typed = st.builds(lambda kind, rest: {**rest, "type": kind}, types(dialect), fields)
    return typed | fields | st.builds(lambda kind: {"type": kind}, JSON)


def entries(dialect):
    return st.lists(
        st.tuples(
            events(dialect),
            st.booleans(),
            st.sampled_from(["", "", "", "", "elided", "ids_elided", "gap", "deliberate"]),
        ),
        max_size=12,
    )


ENDS = st.none() | st.builds(
    End,
    st.sampled_from(list(EndKind)),
    st.sampled_from(list(Direction)),
    st.sampled_from([None, 1000, 1006, 4000]),
    awaiting=st.sampled_from(["", "response.done", "error or session.updated"]),
)


def trace_of(lines, end, name):
    made = []
    for index, (event, sent, flag) in enumerate(lines):
        direction = Direction.CLIENT if sent else Direction.SERVER
        made.append(Entry(index, direction, at=float(index), event=event, **({flag: True} if flag else {})))
    return Trace(tuple(made), name, None, end, "hostile")


def judged(trace, dialect):
    return judge(View(trace, dialect), RULES.values())


@pytest.mark.parametrize("dialect", list(DIALECTS.values()), ids=lambda each: each.name)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_rule_falls_over_arbitrary_events(dialect, data):
    trace = trace_of(data.draw(entries(dialect)), data.draw(ENDS), dialect.name)

    assert len(judged(trace, dialect)) == len(RULES)


def good_turn(dialect):
    """A decent conversation, of which the tests below break one place at a time."""
    at = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    item = {"id": "i", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    done = {**item, "status": "completed", "content": [{"type": "text", "text": "Hi"}]}
    usage = {
        "total_tokens": 3,
        "input_tokens": 2,
        "output_tokens": 1,
        "input_token_details": {"text_tokens": 2, "audio_tokens": 0, "cached_tokens": 0},
        "output_token_details": {"text_tokens": 1, "audio_tokens": 0},
    }
    session = {"id": "s", "object": "realtime.session", "model": "m", **dialect.session({"modalities": "text"})}
    begun = {"id": "r", "status": "in_progress", "output": [], "conversation_id": "c"}
    ended = {**begun, "status": "completed", "output": [done], "usage": usage}
    lines = [
        (False, "session.created", {"session": session}),
        (True, "session.update", {"session": session, "event_id": "u"}),
        (False, "session.updated", {"session": session}),
        (True, "conversation.item.create", {"item": {"id": "h", "type": "message", "role": "user", "content": []}}),
        (False, "conversation.item.added", {"item": {"id": "h", "type": "message", "role": "user"}}),
        (True, "input_audio_buffer.append", {"audio": "AAA="}),
        (True, "input_audio_buffer.commit", {"event_id": "k"}),
        (False, "input_audio_buffer.committed", {"item_id": "j", "previous_item_id": "h"}),
        (True, "response.create", {"event_id": "n", "response": {"metadata": {"k": "v"}}}),
        (False, "response.created", {"response": begun}),
        (False, "response.output_item.added", {"response_id": "r", "output_index": 0, "item": item}),
        (False, "conversation.item.added", {"item": item, "previous_item_id": "h"}),
        (False, "response.content_part.added", {**at, "part": {"type": "text", "text": ""}}),
        (False, "response.output_text.delta", {**at, "delta": "Hi"}),
        (False, "response.output_text.done", {**at, "text": "Hi"}),
        (False, "response.output_audio.delta", {**at, "delta": "AAA="}),
        (False, "response.content_part.done", {**at, "part": {"type": "text", "text": "Hi"}}),
        (False, "response.output_item.done", {"response_id": "r", "output_index": 0, "item": done}),
        (False, "response.done", {"response": ended}),
        (False, "error", {"error": {"type": "server_error", "message": "m", "event_id": "n"}}),
        (False, "rate_limits.updated", {"rate_limits": [{"name": "tokens", "limit": 1, "remaining": 1}]}),
    ]
    return [
        ({"type": dialect.wire_name(kind), "event_id": f"e{at}", **rest}, sent, "")
        for at, (sent, kind, rest) in enumerate(lines)
    ]


def places(value, path=()):
    """Yield the path of every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from places(each, (*path, key))


def replaced(lines, at, path, value):
    lines = copy.deepcopy(lines)
    where = lines[at][0]
    for step in path[:-1]:
        where = where[step]
    where[path[-1]] = value
    return lines


@pytest.mark.parametrize("dialect", list(DIALECTS.values()), ids=lambda each: each.name)
def test_no_rule_falls_over_a_wrong_value_in_any_one_place(dialect):
    good = good_turn(dialect)
    wrong = [None, True, 7, -(2**70), 1.5, float("nan"), "\ud800", "r", [], ["r", {}], {}, {"id": ["r"]}, [[{}]]]

    for at, (event, _, _) in enumerate(good):
        for number, path in enumerate(places(event)):
            for value in (wrong[number % len(wrong)], wrong[(number + 5) % len(wrong)]):
                assert len(judged(trace_of(replaced(good, at, path, value), None, dialect.name), dialect)) == len(RULES)


@pytest.mark.parametrize("dialect", list(DIALECTS.values()), ids=lambda each: each.name)
@pytest.mark.parametrize("levels", [900, 1023])
def test_no_rule_falls_over_values_as_deep_as_the_parser_allows(dialect, levels):
    good = good_turn(dialect)

    for at, (event, _, _) in enumerate(good):
        for key in event:
            if key != "type":
                assert judged(trace_of(replaced(good, at, (key,), deep(levels)), None, dialect.name), dialect)


@pytest.mark.parametrize("dialect", list(DIALECTS.values()), ids=lambda each: each.name)
def test_no_rule_falls_over_events_that_are_missing_marked_reversed_or_said_by_the_wrong_side(dialect):
    good = good_turn(dialect)
    odd = [[(event, sent, flag) for event, sent, _ in good] for flag in ("elided", "ids_elided", "gap", "deliberate")]
    odd += [[(event, not sent, "") for event, sent, _ in good], good[::-1], []]
    for at in range(len(good)):
        event, sent, _ = good[at]
        odd += [good[at:], good[:at] + good[at + 1 :], good + good[at:]]
        odd += [
            [*good[:at], (event, not sent, ""), *good[at + 1 :]],
            [*good[:at], (event, sent, "elided"), *good[at + 1 :]],
        ]

    for lines in odd:
        assert len(judged(trace_of(lines, None, dialect.name), dialect)) == len(RULES)


@pytest.mark.parametrize("dialect", list(DIALECTS.values()), ids=lambda each: each.name)
def test_the_decent_conversation_exercises_many_rules(dialect):
    """Otherwise the tests above would break what nobody looks at."""
    verdicts = [each.verdict for each in judged(trace_of(good_turn(dialect), None, dialect.name), dialect)]

    assert sum(verdict is not Verdict.UNPROVEN for verdict in verdicts) > 80
    assert json.dumps(good_turn(dialect))
