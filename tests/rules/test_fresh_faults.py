"""Faults that no mutant has are told as well: each in a bundled conversation, by the rule that is about it."""

import json
from copy import deepcopy
from functools import partial

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import rehearse
from conformance.rules import RULES
from conformance.rules.engine.judge import judge_one
from conformance.trace.views import View

STREAM = ("response.output_text.delta", "response.output_text.done")
CALL_DELTA = "response.function_call_arguments.delta"


def changed(change):
    """Make the fault that sends *change*(copy of each event), or the event itself where that is None."""

    def make(_dialect):
        return Fault(sends=lambda event: (change(deepcopy(event)),))

    return make


def listed(event):
    return (event.get("response") or {}).get("output") or []


def decoded_wrongly(event):
    for name in ("delta", "text") if event["type"] in STREAM else ():
        if name in event:
            event[name] = event[name].encode().decode("latin-1")
    return event


def output_doubled(event):
    if event["type"] == "response.done":
        event["response"]["output"] *= 2
    return event


def pictures_in_words(event):
    for part in (event.get("item") or {}).get("content") or []:
        if part["type"] == "input_image":
            part.clear()
            part |= {"type": "input_text", "text": "[image]"}
    return event


def encoded_twice(_dialect):
    """Write the arguments of calls into a string once more, wherever they are shown."""

    def sends(event):
        if event["type"] == CALL_DELTA:
            return
        event = deepcopy(event)
        for shown in (event, event.get("item") or {}, *listed(event)):
            if shown.get("arguments"):
                shown["arguments"] = json.dumps(shown["arguments"])
        yield event

    return Fault(sends=sends)


def session_emptied(event):
    return {**event, "session": {}} if event["type"] == "session.updated" else event


FAULTS = (
    (
        "the stream is decoded wrongly",
        changed(decoded_wrongly),
        "session/beyond_ascii",
        "deltas.text-is-the-same-in-its-item",
    ),
    ("each item is listed twice", changed(output_doubled), "response/text_turn", "response.done-lists-every-item"),
    ("arguments are encoded twice", encoded_twice, "tools/forced_call", "tools.arguments-are-json"),
)
PICTURES = ("a picture becomes words", changed(pictures_in_words), "items/image", "items.client-items-are-kept")
BLAMELESS = (
    ("transcription/in_a_conversation", "transcription.only-when-configured"),
    ("tools/mcp_server", "tool_servers.called-servers-were-offered"),
    ("translation/with_the_source", "translation.the-source-is-written-when-asked-for"),
)


def findings(make, scenario, rule, dialect="ga"):
    spoken = DIALECTS[dialect]
    traces = rehearse(scenario, dialect, partial(make, spoken)).traces
    return [found for trace in traces for found in judge_one(RULES[rule], View(trace, spoken)).findings]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("make", "scenario", "rule"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_without_a_mutant_is_told(make, scenario, rule, dialect):
    assert findings(make, scenario, rule, dialect)


def test_a_picture_that_becomes_words_is_told():
    assert findings(*PICTURES[1:])


@pytest.mark.parametrize(("scenario", "rule"), BLAMELESS)
def test_a_session_that_hides_what_was_asked_for_is_not_held_against_what_follows(scenario, rule):
    assert not findings(changed(session_emptied), scenario, rule)
