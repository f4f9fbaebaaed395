import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.rules import RULES
from conformance.rules.deviations import KNOWN, behind, told_once
from conformance.rules.engine.dispatch import Dispatch
from conformance.rules.engine.judge import judge
from conformance.rules.respelling import RENAMED, respelled
from conformance.trace.jsonl import load
from conformance.trace.trace import Direction, Entry, FrameKind, Handshake, Trace
from conformance.trace.views import View
from tests.rules.plain_folding import fold

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "traces"


def view_of(*lines, dialect="ga"):
    entries = []
    for number, (who, event) in enumerate(lines):
        event = {"event_id": f"event_{number}", **event} if who == "server" else event
        entries.append(Entry(number, Direction(who), event=event))
    return View(
        Trace(tuple(entries), dialect, Handshake("wss://example.test/v1/realtime", status=101)), DIALECTS[dialect]
    )


def server(kind, **fields):
    return "server", {"type": kind, **fields}


def client(kind, **fields):
    return "client", {"type": kind, **fields}


def explained(view):
    found = [(each.rule.id, finding) for each in judge(view, RULES.values()) for finding in each.findings]
    return {each.id for each in behind(view, found)}


def done(**fields):
    return server("response.done", response={"id": "resp_1", "status": "completed", "output": [], **fields})


SHOWN = {
    "plural-usage-keys": [done(usage={"input_tokens": 1, "input_tokens_details": {}})],
    "chat-usage": [done(usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2})],
    "usage-beside-the-response": [
        server("response.done", response={"id": "resp_1", "status": "completed"}, usage={"total_tokens": 1})
    ],
    "no-event-ids": [server("session.created", event_id=""), server("response.created", event_id="")],
    "constant-event-ids": [server("session.created", event_id="event_TODO")] * 3,
    "echoed-event-ids": [
        client("session.update", event_id="mine"),
        server("session.updated", event_id="mine"),
    ],
    "error-as-text": [server("error", error="it broke", code="broken")],
    "error-code-in-type": [
        client("response.cancel", event_id="mine"),
        server("error", error={"type": "nothing_active", "code": None, "message": "No.", "event_id": "mine"}),
    ],
    "response-cancelled": [server("response.cancelled", response_id="resp_1")],
    "heartbeat": [server("heartbeat")],
    "status-details-as-text": [done(status_details="unimplemented")],
    "born-incomplete": [server("response.created", response={"id": "resp_1", "status": "incomplete"})],
    "session-without-object": [server("session.created", id="sess_1", created=1)],
    "foreign-session": [server("session.created", session={"modalities": ["text"], "voice": "alloy"})],
    "done-for-each-item": [
        server("response.created", response={"id": "resp_1", "status": "in_progress"}),
        server("response.output_item.added", response_id="resp_1", output_index=0, item={"id": "item_1"}),
        done(),
        server("response.output_item.added", response_id="resp_1", output_index=1, item={"id": "item_2"}),
        done(),
    ],
    "no-item-done": [
        server("conversation.item.added", item={"id": "item_1", "type": "message", "role": "user", "content": []}),
        client("session.update", session={"type": "realtime"}, event_id="mine"),
        server("session.updated", session={"type": "realtime"}),
    ],
}


@pytest.mark.parametrize("name", SHOWN)
def test_each_known_deviation_is_recognised(name):
    assert name in explained(view_of(*SHOWN[name]))


def test_every_known_deviation_is_shown_here():
    assert {each.id for each in KNOWN} == SHOWN.keys()


def test_every_known_deviation_explains_rules_that_exist():
    named = {name for each in KNOWN for name in each.rules}

    assert [name for name in named if not any(rule.startswith(name) for rule in RULES)] == []


def test_only_findings_that_a_deviation_explains_get_its_hint():
    view = view_of(done(usage={"prompt_tokens": 1}), server("error", error={"type": "x"}))

    told = {
        (each.rule.id, finding.index): finding.hint
        for each in fold(view, judge(view, RULES.values()))
        for finding in each.findings
    }

    assert "Chat Completions" in told[("usage.has-no-names-of-chat", 0)]
    assert not any("Chat Completions" in hint for (_, index), hint in told.items() if index == 1)


def test_a_session_of_another_shape_explains_what_it_misses_and_nothing_else():
    shown = {
        "object": "realtime.session",
        "type": "realtime",
        "modalities": ["text"],
        "tool_choice": "auto",
        "tools": [],
    }
    update = {"type": "realtime", "tool_choice": "none", "output_modalities": ["text"]}
    view = view_of(
        server("session.created", session=shown),
        client("session.update", session=update, event_id="mine"),
        server("session.updated", session=shown),
    )

    hints = {
        (each.rule.id, finding.path): finding.hint
        for each in fold(view, judge(view, RULES.values()))
        for finding in each.findings
    }

    assert hints["session.an-update-takes-effect", "/session/tool_choice"] == ""
    assert any(
        "other revision" in hint for (rule, _), hint in hints.items() if rule == "session.created-shows-the-defaults"
    )


def test_what_cannot_be_found_needs_no_explanation():
    assert behind(view_of(server("session.created")), []) == ()


def text_turn(text):
    one = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
    item = {"id": "item_1", "type": "message", "role": "assistant"}
    done_item = {**item, "status": "completed", "content": [{"type": "output_text", "text": text}]}
    return [
        server("response.created", response={"id": "resp_1", "status": "in_progress", "output": []}),
        server("response.output_item.added", response_id="resp_1", output_index=0, item={**item, "content": []}),
        server("conversation.item.added", item={**item, "status": "in_progress", "content": []}),
        server("response.content_part.added", part={"type": "text", "text": ""}, **one),
        server("response.text.delta", delta="Hello.", **one),
        server("response.text.done", text=text, **one),
        server("response.content_part.done", part={"type": "text", "text": text}, **one),
        server("response.output_item.done", response_id="resp_1", output_index=0, item=done_item),
        done(output=[done_item]),
    ]


def findings(judgements):
    return {each.rule.id for each in judgements if each.findings}


def test_another_revisions_names_are_told_once():
    view = view_of(*text_turn("Hello."))
    plain = view_of(*((who, {**event, "type": respelling(event["type"])}) for who, event in text_turn("Hello.")))

    folded = fold(view, judge(view, RULES.values()))

    assert findings(folded) == findings(judge(plain, RULES.values())) | {RENAMED}


def respelling(kind):
    return kind.replace("response.text.", "response.output_text.")


def test_a_recording_is_folded_as_a_play_is():
    view = view_of(*text_turn("Goodbye."))

    outcome = told_once(view, Dispatch(RULES.values(), view.dialect).judge)

    folded = fold(view, judge(view, RULES.values()))
    assert {name: tuple(each) for name, each in outcome.findings.items()} == {
        each.rule.id: each.findings for each in folded if each.findings
    }


def test_a_recording_has_the_hints_of_a_play():
    view = view_of(server("heartbeat"), *text_turn("Hello."))

    outcome = told_once(view, Dispatch(RULES.values(), view.dialect).judge)

    hints = {each.hint for found in outcome.findings.values() for each in found}
    assert any("WebSocket has pings for that" in each for each in hints)


def test_what_is_wrong_by_itself_survives_the_folding():
    view = view_of(*text_turn("Goodbye."))

    folded = findings(fold(view, judge(view, RULES.values())))

    assert {RENAMED, "deltas.text-is-made-of-its-deltas"} <= folded


def test_a_beta_session_in_the_names_of_ga_is_told_once_and_the_rest_judged():
    lines = [(who, {**event, "type": respelling(event["type"])}) for who, event in text_turn("Goodbye.")]
    view = view_of(*lines, dialect="beta")

    folded = findings(fold(view, judge(view, RULES.values())))

    assert {RENAMED, "deltas.text-is-made-of-its-deltas"} <= folded
    assert "ordering.text-done-comes" not in folded
    assert view.frames[4].type != "response.output_text.delta"


def test_events_in_binary_frames_are_told_once_and_the_rest_judged():
    lines = [(who, {**event, "type": respelling(event["type"])}) for who, event in text_turn("Goodbye.")]
    view = view_of(*lines)
    packed = [
        replace(entry, kind=FrameKind.BINARY, event=None, text=b64encode(json.dumps(entry.event).encode()).decode())
        for entry in view.trace.entries
    ]
    binary = View(replace(view.trace, entries=tuple(packed)), view.dialect)

    folded = findings(fold(binary, judge(binary, RULES.values())))

    assert folded == findings(judge(view, RULES.values())) | {"envelope.frames-are-text"}


def plain_turn(text="Hello.", response="resp_1"):
    lines = [(who, {**event, "type": respelling(event["type"])}) for who, event in text_turn(text)]
    asked = client("response.create", response={})
    return json.loads(json.dumps([asked, *lines]).replace("resp_1", response))


REUSED = "ordering.response-created-comes-once"


@pytest.mark.parametrize("turns", [2, 3])
def test_responses_that_bear_the_ids_of_the_first_are_told_once(turns):
    view = view_of(*(line for _ in range(turns) for line in plain_turn()))
    alone = findings(judge(view_of(*plain_turn()), RULES.values()))

    folded = fold(view, judge(view, RULES.values()))

    assert {each for each in findings(folded) - alone if each.startswith(("ordering.", "streaming.", "deltas."))} == {
        REUSED
    }


def test_what_is_wrong_in_a_response_with_a_used_id_is_still_found():
    view = view_of(*plain_turn(), *plain_turn("Goodbye."))

    assert {REUSED, "deltas.text-is-made-of-its-deltas"} <= findings(fold(view, judge(view, RULES.values())))


def test_two_responses_at_once_under_one_id_are_told_by_their_id_alone():
    one, two = plain_turn(), plain_turn()
    view = view_of(*(line for pair in zip(one, two, strict=True) for line in pair))

    inside = {
        each
        for each in findings(fold(view, judge(view, RULES.values())))
        if each.startswith(("ordering.", "streaming.", "deltas."))
    }

    assert inside == {REUSED}


def test_used_ids_are_folded_in_a_recording_as_in_a_play():
    view = view_of(*plain_turn(), *plain_turn("Goodbye."))

    outcome = told_once(view, Dispatch(RULES.values(), view.dialect).judge)

    folded = fold(view, judge(view, RULES.values()))
    assert {name: tuple(each) for name, each in outcome.findings.items()} == {
        each.rule.id: each.findings for each in folded if each.findings
    }


def test_a_connection_that_mixes_nothing_is_left_alone():
    view = view_of(server("input_audio_buffer.cleared"), server("response.output_text.done"))
    judgements = judge(view, RULES.values())

    assert fold(view, judgements) == judgements


def test_respelling_leaves_every_entry_at_its_place():
    view = respelled(view_of(*text_turn("Hello.")))

    assert [frame.index for frame in view.frames] == list(range(9))
    assert view.frames[4].type == "response.output_text.delta"


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of real endpoints are not part of the project")
def test_the_recorded_xai_session_is_explained():
    trace = load(next(RECORDINGS.glob("36-*.jsonl")))

    told = explained(View(trace, DIALECTS["ga"]))

    assert {"foreign-session", "usage-beside-the-response", "status-details-as-text", "heartbeat"} <= told
