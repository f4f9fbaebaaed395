"""As many messages as a connection may receive are judged in seconds: no rule grows with the square of them."""

import time

import pytest

from conformance.play.bounds import Bounds
from conformance.rules import RULES
from conformance.rules.engine.judge import judge_one
from conformance.run.ruling import view_of
from conformance.trace.trace import Direction, End, EndKind, Entry, Trace

CREATED = {"type": "session.created", "event_id": "e0", "session": {"id": "s", "object": "realtime.session"}}
USAGE = {
    "total_tokens": 20,
    "input_tokens": 10,
    "output_tokens": 10,
    "input_token_details": {"text_tokens": 5, "audio_tokens": 5, "cached_tokens": 0},
    "output_token_details": {"text_tokens": 10, "audio_tokens": 0},
}


def response(number, status, **more):
    return {"id": f"r{number}", "object": "realtime.response", "status": status, "output": [], **more}


def item(number):
    return {"id": f"it{number}", "object": "realtime.item", "type": "message", "role": "user", "content": []}


#: Name -> what the endpoint says again and again, by its number.
FLOODS = {
    "responses without end": lambda n: [{"type": "response.created", "response": response(n, "in_progress")}],
    "responses": lambda n: [
        {"type": "response.created", "response": response(n, "in_progress")},
        {"type": "response.done", "response": response(n, "completed", usage=USAGE)},
    ],
    "deltas": lambda _n: [{"type": "response.output_text.delta", "response_id": "r", "item_id": "i", "delta": "x"}],
    "deltas of other items": lambda n: [
        {"type": "response.output_text.delta", "response_id": f"r{n}", "item_id": f"i{n}", "delta": "x"}
    ],
    "output items": lambda n: [
        {"type": "response.output_item.added", "response_id": "r", "output_index": n, "item": item(n)}
    ],
    "items": lambda n: [
        {"type": "conversation.item.added", "previous_item_id": f"it{n - 1}" if n else None, "item": item(n)}
    ],
    "items at one place": lambda n: [
        {"type": "conversation.item.added", "previous_item_id": "it0" if n else None, "item": item(n)}
    ],
    "sessions": lambda _n: [{"type": "session.updated", "session": CREATED["session"]}],
    "errors": lambda n: [{"type": "error", "error": {"type": "x", "code": "x", "message": "m", "event_id": f"c{n}"}}],
    "errors of nobody": lambda _n: [{"type": "error", "error": {"type": "x", "message": "m", "event_id": None}}],
    "turns": lambda n: [
        {"type": "input_audio_buffer.speech_started", "item_id": f"it{n}", "audio_start_ms": n},
        {"type": "input_audio_buffer.speech_stopped", "item_id": f"it{n}", "audio_end_ms": n},
        {"type": "input_audio_buffer.committed", "item_id": f"it{n}", "previous_item_id": None},
    ],
    "transcripts": lambda n: [
        {"type": "conversation.item.input_audio_transcription.completed", "item_id": f"it{n}", "transcript": "x"}
    ],
    "rate limits": lambda _n: [{"type": "rate_limits.updated", "rate_limits": [{"name": "tokens", "limit": 1}]}],
    "unknown types": lambda n: [{"type": f"x{n}"}],
    "one id": lambda _n: [{"type": "response.output_text.delta", "event_id": "same", "delta": "x"}],
}


def flooded(name, messages):
    """Return the trace of a connection that a flood ended."""
    told = [CREATED]
    number = 0
    while len(told) < messages:
        told += [{"event_id": f"{number}_{at}", **event} for at, event in enumerate(FLOODS[name](number))]
        number += 1
    entries = tuple(Entry(at, Direction.SERVER, at / 1000, event, size=100) for at, event in enumerate(told))
    return Trace(entries, "ga", None, End(EndKind.DROPPED, Direction.CLIENT), "flood")


@pytest.mark.parametrize("name", FLOODS)
def test_no_rule_crashes_over_a_flood(name):
    judged = [judge_one(rule, view_of(flooded(name, 300))) for rule in RULES.values()]

    assert [(each.rule.id, each.error) for each in judged if each.error] == []


@pytest.mark.hostile
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_to_the_bound_is_judged_in_seconds(name):
    view = view_of(flooded(name, Bounds.events))
    slowest = {}
    for rule in RULES.values():
        began = time.process_time()
        judge_one(rule, view)
        slowest[rule.id] = time.process_time() - began
    name, seconds = max(slowest.items(), key=lambda pair: pair[1])

    assert seconds < 4, name
    assert sum(slowest.values()) < 8
